//! Keeps values that nobody may read out of what is said of a test.

use super::{Problem, Status};

/// What stands for each value.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// Longer values first, so that one within another does not spoil it.
    values: Vec<(String, &'static str)>,
}

impl Mask {
    pub fn new(values: impl IntoIterator<Item = (String, &'static str)>) -> Self {
        let mut values: Vec<_> = values.into_iter().filter(|(value, _)| !value.is_empty()).collect();
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self { values }
    }

    pub fn text(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, (value, mark)| text.replace(value.as_str(), mark))
    }

    pub fn status(&self, status: Status) -> Status {
        match status {
            Status::Failed(problems) => Status::Failed(problems.iter().map(|it| self.problem(it)).collect()),
            Status::Skipped(reason) => Status::Skipped(self.text(&reason)),
            other => other,
        }
    }

    fn problem(&self, problem: &Problem) -> Problem {
        Problem {
            message: self.text(&problem.message),
            detail: problem.detail.iter().map(|line| self.text(line)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_value_is_masked_first() {
        let mask =
            Mask::new([("abc".to_owned(), "***"), ("abcdef".to_owned(), "[redacted]"), (String::new(), "-")]);
        assert_eq!(mask.text("x abcdef abc"), "x [redacted] ***");
    }
}
