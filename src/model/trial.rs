//! A test that a file has for one of its commands: a call, and what is expected of it.
//!
//! Named trials here, since `test` is a word of the compiler. No server makes these values.

use std::fmt;
use std::time::Duration;

use regex::Regex;
use serde_json::{Map, Value};

use super::name::ToolName;
use super::stand_in::StandIn;

/// The tests of one command, in the order of the file.
#[derive(Debug, Clone)]
pub struct TrialSet {
    pub tool: ToolName,
    pub trials: Vec<Trial>,
}

/// One test.
#[derive(Debug, Clone)]
pub struct Trial {
    /// No two of one command are the same.
    pub name: String,
    /// The file that holds it, if that is not the root.
    pub file: Option<String>,
    /// Where it begins in the file, from 1.
    pub line: usize,
    pub arguments: Map<String, Value>,
    /// Who calls, if not the caller on stdio.
    pub caller: Option<Box<StandIn>>,
    pub expectation: Expectation,
    /// Instead of a process.
    pub mock: Option<Mock>,
}

/// What a pretended run gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mock {
    pub stdout: String,
    pub stderr: String,
    pub exit_code: u8,
    /// How long it would have taken; nobody waits for it.
    pub delay: Duration,
}

#[derive(Debug, Clone)]
pub enum Expectation {
    /// The call is refused before anything runs.
    Refusal { by: Refuser, says: Option<String> },
    /// The call would run these words; nothing runs.
    Plan(ExpectedWords),
    /// The call runs.
    Run(Box<ExpectedRun>),
}

/// Who refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuser {
    /// The parameters: the arguments do not fit.
    Parameters,
    /// The rules: this caller may not.
    Policy,
}

#[derive(Debug, Clone)]
pub struct ExpectedRun {
    pub words: Option<ExpectedWords>,
    pub ending: ExpectedEnding,
    pub stdout: Vec<TextCheck>,
    pub stderr: Vec<TextCheck>,
    /// What the model is shown.
    pub result: Vec<TextCheck>,
    /// What programs are given beside it.
    pub structured: Option<JsonCheck>,
    pub duration_under: Option<Duration>,
}

/// The words of the command line, each with its checks.
pub type ExpectedWords = Vec<Vec<TextCheck>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedEnding {
    /// The result is no error.
    Success,
    Code(u8),
    TimedOut,
    /// The result is an error, and says this.
    Failure(Option<String>),
}

/// One thing that holds of a text, without the line ends at its end.
#[derive(Debug, Clone)]
pub enum TextCheck {
    Equals(String),
    Contains(String),
    Lacks(String),
    Matches(Regex),
    Json(JsonCheck),
}

/// What holds of a JSON document.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonCheck {
    Whole(Value),
    /// The values at some JSON pointers.
    At(Vec<(String, Value)>),
}

impl fmt::Display for Refuser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parameters => "invalid",
            Self::Policy => "denied",
        })
    }
}
