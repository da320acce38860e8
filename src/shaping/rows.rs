//! stdout of which each match of a pattern is an object.

use serde_json::{Map, Value};

use crate::model::RowPattern;

use super::{MOST_CELLS, MOST_ROWS, Sanitizer};

/// Matches in one line, and of a pattern that goes over lines. One search takes as long as what it looks
/// through, and may have looked through all of it for a short match.
const MOST_IN_LINE: usize = 100;
const MOST_IN_TEXT: usize = 1000;

pub fn value(pattern: &RowPattern, stdout: &[u8]) -> Result<Value, String> {
    // Colours and carriage returns are nothing that a pattern should have to know of.
    let text = Sanitizer::clean(stdout);
    let mut rows =
        Rows { most: MOST_ROWS.min(MOST_CELLS / pattern.names().count().max(1)), rows: Vec::new() };
    if pattern.spans_lines {
        rows.take(pattern, &text, MOST_IN_TEXT)?;
    } else {
        text.lines().try_for_each(|line| rows.take(pattern, line, MOST_IN_LINE))?;
    }
    Ok(Value::Array(rows.rows))
}

struct Rows {
    most: usize,
    rows: Vec<Value>,
}

impl Rows {
    fn take(&mut self, pattern: &RowPattern, text: &str, most_here: usize) -> Result<(), String> {
        for (before, groups) in pattern.matches(text).enumerate() {
            if before == most_here {
                let place = if pattern.spans_lines { "over lines" } else { "in one line" };
                return Err(format!("`output.pattern` matches more than {most_here} times {place}"));
            }
            if self.rows.len() == self.most {
                let most = self.most;
                return Err(format!(
                    "`output.pattern` matches more than {most} times, which is more than a result holds"
                ));
            }
            let found =
                groups.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))));
            self.rows.push(Value::Object(found.collect::<Map<_, _>>()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(pattern: &str, text: &str) -> Result<Value, String> {
        value(&RowPattern::read(pattern).unwrap(), text.as_bytes())
    }

    #[test]
    fn each_match_is_an_object_of_its_named_groups() {
        let pattern = r"^(?<file>[^:]+):(?<line>\d+):(?<text>.*)$";
        let expected = json!([
            { "file": "a.rs", "line": "7", "text": "// TODO: x" },
            { "file": "b.rs", "line": "8", "text": "" },
        ]);
        assert_eq!(rows(pattern, "a.rs:7:// TODO: x\r\nnothing\r\nb.rs:8:\n"), Ok(expected));
        assert_eq!(rows(pattern, ""), Ok(json!([])));
        let whole = r"(?s)\Auptime (?<days>\d+).*load (?<load>[\d.]+)";
        assert_eq!(rows(whole, "uptime 3\n\nload 0.5\n"), Ok(json!([{ "days": "3", "load": "0.5" }])));
    }

    #[test]
    fn more_matches_than_a_result_holds_are_an_error() {
        let problem = rows("(?<a>x)", &"x\n".repeat(MOST_ROWS + 1)).unwrap_err();
        assert!(problem.contains("more than 200000 times"), "{problem}");
        assert!(rows("(?<a>)", &"x".repeat(101)).unwrap_err().ends_with("100 times in one line"));
        assert!(rows("(?s)(?<a>x)", &"x".repeat(1001)).unwrap_err().ends_with("1000 times over lines"));
    }

    #[test]
    fn a_pattern_that_looks_through_everything_for_each_match_is_stopped_soon() {
        let began = std::time::Instant::now();
        assert!(rows("(?<a>x*y|x)", &"x".repeat(1 << 20)).is_err());
        assert!(rows("(?s)(?<a>x*y|x)", &"x".repeat(1 << 20)).is_err());
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "{:?}", began.elapsed());
    }
}
