//! Verdicts as JUnit XML, which code hosts and CI systems read.

use std::fmt::Write;
use std::time::Duration;

use super::{Counts, Finished, Problem, Status};

/// A document of all tests; a command is a suite. `file` is the one that holds them.
pub fn junit(file: &str, finished: &[Finished], took: Duration) -> String {
    let Counts { failed, skipped, not_run, .. } = Counts::of(finished);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a text cannot fail.
    let _ = writeln!(
        text,
        r#"<testsuites name="mcpfier" tests="{}" failures="{failed}" errors="0" skipped="{}" time="{}">"#,
        finished.len(),
        skipped + not_run,
        seconds(took)
    );
    for suite in finished.chunk_by(|left, right| left.command == right.command) {
        push_suite(&mut text, file, suite);
    }
    text.push_str("</testsuites>\n");
    text
}

fn push_suite(text: &mut String, file: &str, suite: &[Finished]) {
    let Counts { failed, skipped, not_run, .. } = Counts::of(suite);
    let name = suite.first().map_or("", |test| test.command.as_str());
    let took: Duration = suite.iter().map(|test| test.duration).sum();
    let _ = writeln!(
        text,
        r#"  <testsuite name="{}" tests="{}" failures="{failed}" errors="0" skipped="{}" time="{}">"#,
        attribute(name),
        suite.len(),
        skipped + not_run,
        seconds(took)
    );
    for test in suite {
        push_case(text, file, test);
    }
    text.push_str("  </testsuite>\n");
}

fn push_case(text: &mut String, file: &str, test: &Finished) {
    let _ = write!(
        text,
        r#"    <testcase classname="{}" name="{}" file="{}" line="{}" time="{}""#,
        attribute(&test.command),
        attribute(&test.name),
        attribute(test.file.as_deref().unwrap_or(file)),
        test.line,
        seconds(test.duration)
    );
    match &test.status {
        Status::Passed => text.push_str("/>\n"),
        Status::Skipped(reason) => push_skipped(text, reason),
        Status::NotRun => push_skipped(text, "not run: the tests were stopped before"),
        Status::Failed(problems) => {
            text.push_str(">\n");
            push_failure(text, problems);
            text.push_str("    </testcase>\n");
        }
    }
}

fn push_skipped(text: &mut String, reason: &str) {
    let _ = writeln!(text, ">\n      <skipped message=\"{}\"/>\n    </testcase>", attribute(reason));
}

/// One element for all that is wrong: many readers take no more of them.
fn push_failure(text: &mut String, problems: &[Problem]) {
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    let lines = problems.iter().flat_map(|problem| std::iter::once(&problem.message).chain(&problem.detail));
    let lines: Vec<&str> = lines.map(String::as_str).collect();
    let (message, detail) = (attribute(&messages.join("; ")), escaped(&lines.join("\n"), false));
    let _ = writeln!(text, "      <failure message=\"{message}\">{detail}</failure>");
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

fn attribute(text: &str) -> String {
    escaped(text, true)
}

/// Text as XML has it. Characters that no XML document may hold are replaced.
fn escaped(text: &str, in_attribute: bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' if in_attribute => safe.push_str("&quot;"),
            '\n' if in_attribute => safe.push_str("&#10;"),
            '\t' if in_attribute => safe.push_str("&#9;"),
            '\n' | '\t' => safe.push(c),
            '\r' => safe.push_str("&#13;"),
            c if c.is_control() && c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_where_xml_wants_it() {
        assert_eq!(attribute("a<b>&\"c\"\n"), "a&lt;b&gt;&amp;&quot;c&quot;&#10;");
        assert_eq!(escaped("a\n\"]]>\u{1b}\0", false), "a\n\"]]&gt;\u{fffd}\u{fffd}");
    }
}
