//! Adds commands, and what they need at the root, to the text of a configuration without touching what is there: no reader of YAML
//! is asked, lines are put in. Whoever calls checks the result, and so finds what lines cannot tell.

use serde_json::Value;

use super::flow::{flow, scalar};

/// Why commands cannot be added to a text as lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    #[error("its `commands` stand on one line; write each on lines of its own, beginning with `- name:`")]
    OnOneLine,
    #[error("its `commands` are no list; expected lines that begin with `- name:`")]
    NoList,
    #[error("its `{0}` stand on one line; write each on a line of its own")]
    MapOnOneLine(&'static str),
}

/// The text with these pairs under a key of the root; those whose name is there already stay.
pub fn add_to_root(text: &str, key: &'static str, pairs: &[(String, Value)]) -> Result<String, BadTarget> {
    if pairs.is_empty() {
        return Ok(text.to_owned());
    }
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let line = |indent: &str, (name, value): &(String, Value)| {
        format!("{indent}{}: {}{newline}", scalar(name), flow(value))
    };
    let Some(at) = lines.iter().position(|line| line.starts_with(&format!("{key}:"))) else {
        let added: String = pairs.iter().map(|pair| line("  ", pair)).collect();
        let block = format!("{key}:{newline}{added}");
        let before = lines.iter().position(|line| line.starts_with("commands:"));
        return Ok(match before {
            Some(at) => {
                let (before, after) = lines.split_at(at);
                format!("{}{block}{newline}{}", before.concat(), after.concat())
            }
            None => format!("{}{newline}{block}", lines.concat()),
        });
    };
    let rest = lines.get(at).map_or("", |line| line.get(key.len() + 1..).unwrap_or_default().trim());
    if !rest.is_empty() && !rest.starts_with('#') {
        return Err(BadTarget::MapOnOneLine(key));
    }
    let (before, after) = lines.split_at(at + 1);
    let first = after.iter().find(|line| is_content(line)).filter(|line| line.starts_with([' ', '\t']));
    let indent = first.map_or("  ", |line| line.get(..line.len() - line.trim_start().len()).unwrap_or("  "));
    let inside = after.iter().take_while(|line| belongs_to_the_list(line));
    let names: Vec<&str> =
        inside.filter_map(|line| line.trim_start().split_once(':')).map(|pair| pair.0).collect();
    let missing = pairs.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    let added: String = missing.map(|pair| line(indent, pair)).collect();
    Ok(format!("{}{added}{}", before.concat(), after.concat()))
}

/// The text with these commands, indented by two, behind those that it has.
pub fn append(text: &str, commands: &str) -> Result<String, BadTarget> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let Some(key) = lines.iter().position(|line| line.starts_with("commands:")) else {
        return Ok(joined(text, &format!("\ncommands:\n{commands}"), "", newline));
    };
    let rest = lines.get(key).map_or("", |line| line.trim_start_matches("commands:").trim());
    if !rest.is_empty() && !rest.starts_with('#') {
        return Err(BadTarget::OnOneLine);
    }
    let inside = lines.iter().skip(key + 1).take_while(|line| belongs_to_the_list(line)).count();
    let list = lines.get(key + 1..key + 1 + inside).unwrap_or_default();
    let indent = indent_of_list(list)?;
    let last = list.iter().rposition(|line| is_content(line)).map_or(0, |at| at + 1);
    let (before, after) = lines.split_at(key + 1 + last);
    let gap = if last == 0 { "" } else { "\n" };
    let added = format!("{gap}{}", indented(commands, indent));
    Ok(joined(&before.concat(), &added, &after.concat(), newline))
}

fn joined(before: &str, added: &str, after: &str, newline: &str) -> String {
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { newline };
    let added = if newline == "\n" { added.to_owned() } else { added.replace('\n', newline) };
    format!("{before}{end}{added}{after}")
}

/// Lines of the list are indented, or begin with its dash; so are blank lines and comments.
fn belongs_to_the_list(line: &str) -> bool {
    let bare = line.trim_end();
    bare.is_empty() || bare.starts_with([' ', '\t', '#']) || bare == "-" || bare.starts_with("- ")
}

/// A comment in the first column may be about what follows the list.
fn is_content(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

fn indent_of_list(list: &[&str]) -> Result<usize, BadTarget> {
    let content = list.iter().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    match content {
        None => Ok(2),
        Some(line) if line.trim_start().starts_with('-') => Ok(line.len() - line.trim_start().len()),
        Some(_) => Err(BadTarget::NoList),
    }
}

/// Moves text from an indent of two to another. Blank lines stay empty.
fn indented(commands: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let line = |line: &str| match line.strip_prefix("  ") {
        Some(rest) => format!("{margin}{rest}"),
        None => line.to_owned(),
    };
    commands.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "  - name: b\n    run: |\n      x\n\n      y\n";

    #[test]
    fn commands_come_behind_those_that_are_there_and_nothing_else_changes() {
        for (text, expected) in [
            (
                "version: 1\ncommands:\n  - name: a # here\n    script: x\n\n# about the server\nserver: {}\n",
                "version: 1\ncommands:\n  - name: a # here\n    script: x\n\n  - name: b\n    run: |\n      x\n\n      y\n\n# about the server\nserver: {}\n",
            ),
            (
                "commands: # mine\n- name: a\n  script: x",
                "commands: # mine\n- name: a\n  script: x\n\n- name: b\n  run: |\n    x\n\n    y\n",
            ),
            (
                "commands:\n\nserver: {}\n",
                "commands:\n  - name: b\n    run: |\n      x\n\n      y\n\nserver: {}\n",
            ),
            ("version: 1", "version: 1\n\ncommands:\n  - name: b\n    run: |\n      x\n\n      y\n"),
            (
                "commands:\r\n    - name: a\r\n",
                "commands:\r\n    - name: a\r\n\r\n    - name: b\r\n      run: |\r\n        x\r\n\r\n        y\r\n",
            ),
        ] {
            assert_eq!(append(text, NEW).as_deref(), Ok(expected), "in {text:?}");
        }
    }

    #[test]
    fn pairs_come_under_their_key_and_those_that_are_there_stay() {
        let pairs = [("a".to_owned(), Value::from("1")), ("b".to_owned(), serde_json::json!({ "env": "B" }))];
        for (text, expected) in [
            (
                "version: 1\ncommands:\n  - x\n",
                "version: 1\nvars:\n  a: '1'\n  b: { env: B }\n\ncommands:\n  - x\n",
            ),
            ("vars:\n    a: 2 # mine\ncommands:\n", "vars:\n    b: { env: B }\n    a: 2 # mine\ncommands:\n"),
            ("version: 1\n", "version: 1\n\nvars:\n  a: '1'\n  b: { env: B }\n"),
        ] {
            assert_eq!(add_to_root(text, "vars", &pairs).as_deref(), Ok(expected), "in {text:?}");
        }
        assert_eq!(add_to_root("vars: {}\n", "vars", &pairs), Err(BadTarget::MapOnOneLine("vars")));
    }

    #[test]
    fn lists_that_are_no_lines_are_refused() {
        assert_eq!(append("commands: [{ name: a }]\n", NEW), Err(BadTarget::OnOneLine));
        assert_eq!(append("commands:\n  a: b\n", NEW), Err(BadTarget::NoList));
    }
}
