//! The names of a large file's commands, without reading it as YAML: for completion, which has no
//! time for that.
//!
//! Only the usual layout is known: keys at the left edge, and under `commands:` a list in block
//! style. Whatever else stands in a file makes this give up, and the file is loaded instead. YAML
//! guarantees that a line indented no deeper than an item of a list does not belong to that item.

use std::ops::Range;

/// A command as it looks from afar: it may be one that this host lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skimmed<'s> {
    pub name: &'s str,
    /// The beginning of its description; may be empty.
    pub description: &'s str,
    from: usize,
    to: usize,
}

/// Keys of a file that neither add commands nor take any away.
const PLAIN_ROOT: [&str; 7] = ["version", "server", "defaults", "vars", "secrets", "env_file", "commands"];
/// Keys of a command that may take it away, or that need another one.
const DECIDING: [&str; 6] = ["expose", "enabled", "extends", "<<", "steps", "depends_on"];

/// The commands of a native file; `None` if they cannot be told like this.
pub fn skim(text: &str) -> Option<Vec<Skimmed<'_>>> {
    let list = commands(text)?;
    let mut starts = item_starts(text, &list)?;
    starts.push(list.end);
    let mut commands = Vec::with_capacity(starts.len());
    for (from, to) in starts.iter().copied().zip(starts.iter().copied().skip(1)) {
        commands.push(command(text, from, to)?);
    }
    Some(commands)
}

/// The text with only one of its commands.
pub fn only(text: &str, commands: &[Skimmed<'_>], name: &str) -> Option<String> {
    let (first, last) = (commands.first()?, commands.last()?);
    let wanted = commands.iter().find(|command| command.name == name)?;
    let parts = [text.get(..first.from)?, text.get(wanted.from..wanted.to)?, text.get(last.to..)?];
    Some(parts.concat())
}

/// Lines with the places where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let begins = *at;
        *at += line.len();
        Some((begins, line.trim_end()))
    })
}

fn is_silent(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// Where the list stands, if every key at the left edge is a plain one.
fn commands(text: &str) -> Option<Range<usize>> {
    let (mut is_native, mut from, mut to) = (false, None, None);
    for (at, line) in lines(text).filter(|(_, line)| !is_silent(line)) {
        // Items may stand at the left edge, too.
        if line.starts_with([' ', '-']) && !line.starts_with("---") {
            continue;
        }
        let (key, value) = line.split_once(':').filter(|(key, _)| PLAIN_ROOT.contains(key))?;
        if from.is_some() {
            to = to.or(Some(at));
        }
        is_native |= key == "version" && value.trim() == "1";
        if key == "commands" {
            if from.is_some() || !is_silent(value) {
                return None;
            }
            from = Some(at + line.len());
        }
    }
    is_native.then_some(from?..to.unwrap_or(text.len()))
}

/// Where the items of the list begin: all as far from the left edge as the first.
fn item_starts(text: &str, list: &Range<usize>) -> Option<Vec<usize>> {
    let body = text.get(list.clone())?;
    let mut starts = Vec::new();
    let mut indent = None;
    for (at, line) in lines(body).filter(|(_, line)| !is_silent(line)) {
        let own = line.len() - line.trim_start_matches(' ').len();
        let indent = *indent.get_or_insert(own);
        if own < indent {
            return None;
        }
        if own == indent {
            line.get(own..)?.strip_prefix("- ")?;
            starts.push(list.start + at);
        }
    }
    Some(starts)
}

fn command(text: &str, from: usize, to: usize) -> Option<Skimmed<'_>> {
    let item = text.get(from..to)?;
    // How far its keys are from the left edge.
    let dash = item.find("- ")?;
    let column = dash + 2 + item.get(dash + 2..)?.len() - item.get(dash + 2..)?.trim_start_matches(' ').len();
    let (mut name, mut description) = (None, "");
    let mut previous_wants_more = false;
    for (at, line) in lines(item) {
        let Some(rest) = line.get(column..) else { continue };
        let indent = line.get(..column)?;
        let is_key =
            (at == 0 || indent.trim().is_empty()) && !rest.starts_with([' ', '#']) && !rest.is_empty();
        if std::mem::take(&mut previous_wants_more) && !is_key {
            description = rest.trim();
        }
        if !is_key {
            continue;
        }
        let (key, value) = rest.split_once(':')?;
        match key {
            "name" => name = Some(plain_name(value.trim())?),
            "description" => {
                description = unquoted(value.trim());
                previous_wants_more = value.trim().starts_with(['|', '>']);
            }
            key if DECIDING.contains(&key) => return None,
            key if key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {}
            _ => return None,
        }
    }
    Some(Skimmed { name: name?, description, from, to })
}

fn plain_name(written: &str) -> Option<&str> {
    let written = written.split(" #").next().unwrap_or(written).trim_end();
    let name = unquoted(written);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
}

fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Tools.\nversion: 1\nserver:\n  name: x\ncommands:\n\n  # The first.\n  - name: one\n    \
        description: \"One: first\"\n    run: |\n      - name: none\n      echo\n  - description: >\n      Two\n      lines\n    \
        name: 'two'\n    params:\n      name: { type: string }\n\ndefaults: { timeout: 5s }\n";

    fn names(text: &str) -> Option<Vec<(&str, &str)>> {
        Some(skim(text)?.into_iter().map(|command| (command.name, command.description)).collect())
    }

    #[test]
    fn the_usual_layout_is_understood() {
        assert_eq!(names(FILE), Some(vec![("one", "One: first"), ("two", "Two")]));
        let at_the_edge = "version: 1\ncommands:\n- name: a\n  script: x\n- name: b # here\n  script: y\n";
        assert_eq!(names(at_the_edge), Some(vec![("a", ""), ("b", "")]));
    }

    #[test]
    fn one_command_is_left_with_everything_around_the_list() {
        let commands = skim(FILE).unwrap();
        let text = only(FILE, &commands, "two").unwrap();
        assert_eq!(names(&text), Some(vec![("two", "Two")]));
        assert!(text.contains("server:") && text.contains("defaults:") && !text.contains("name: one"));
        assert_eq!(only(FILE, &commands, "three"), None);
    }

    #[test]
    fn what_may_mean_more_than_it_seems_is_left_to_the_loader() {
        for text in [
            "",
            "commands:\n  - name: a\n",
            "version: 1\ncommands: [{ name: a }]\n",
            "version: 1\ncommands:\n  - { name: a }\n",
            "version: 1\ncommands:\n  - name: a\n    expose: false\n",
            "version: 1\ncommands:\n  - <<: *base\n    name: a\n",
            "version: 1\ncommands:\n  - name: \"a\\x41\"\n",
            "version: 1\ncommands:\n  - name: a b\n",
            "version: 1\ncommands:\n  - script: x\n",
            "version: 1\ninclude: [x.yaml]\ncommands:\n  - name: a\n",
            "version: 1\n---\ncommands:\n  - name: a\n",
            "version: 1\ncommands:\n  - name: a\n - name: b\n",
            "version: 1\ncommands:\n  - name: a\ncommands:\n  - name: b\n",
            "version: 1\ncommands:\n\t- name: a\n",
            "{ version: 1 }\n",
            "version: 1\ncommands: &all\n  - name: a\n",
        ] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
