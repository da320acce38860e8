//! Adds commands to the text of a configuration without touching what is there: no reader of YAML
//! is asked, lines are put in. Whoever calls checks the result, and so finds what lines cannot tell.

/// Why commands cannot be added to a text as lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    #[error("its `commands` stand on one line; write each on lines of its own, beginning with `- name:`")]
    OnOneLine,
    #[error("its `commands` are no list; expected lines that begin with `- name:`")]
    NoList,
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
    fn lists_that_are_no_lines_are_refused() {
        assert_eq!(append("commands: [{ name: a }]\n", NEW), Err(BadTarget::OnOneLine));
        assert_eq!(append("commands:\n  a: b\n", NEW), Err(BadTarget::NoList));
    }
}
