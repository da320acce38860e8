//! What became of tests.

use std::time::Duration;

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    /// Lines that show it.
    pub detail: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Passed,
    Failed(Vec<Problem>),
    /// This host cannot run it; the reason is for people.
    Skipped(String),
    /// The tests were stopped before its turn.
    NotRun,
}

/// A test with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    pub command: String,
    pub name: String,
    /// Where the test begins in the file.
    pub line: usize,
    /// The file that holds it, if that is not the root.
    pub file: Option<String>,
    pub status: Status,
    pub duration: Duration,
}

/// How many of each there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    pub not_run: usize,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), detail: Vec::new() }
    }

    pub fn showing(self, detail: Vec<String>) -> Self {
        Self { detail, ..self }
    }
}

impl Counts {
    pub fn of(finished: &[Finished]) -> Self {
        let mut counts = Self::default();
        for test in finished {
            *match &test.status {
                Status::Passed => &mut counts.passed,
                Status::Failed(_) => &mut counts.failed,
                Status::Skipped(_) => &mut counts.skipped,
                Status::NotRun => &mut counts.not_run,
            } += 1;
        }
        counts
    }
}
