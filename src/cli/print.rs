//! How we print: data to stdout, talk to stderr, a closed pipe is no failure.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::config::Style;

/// Prints for one invocation of the program.
pub struct Printer {
    pub json: bool,
    pub colour: bool,
}

impl Printer {
    pub fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { json, colour: wanted && io::stderr().is_terminal() }
    }

    pub fn style(&self) -> Style {
        if self.colour { Style::Coloured } else { Style::Plain }
    }

    /// Whether data may be coloured.
    pub fn colours_data(&self) -> bool {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        wanted && !self.json && io::stdout().is_terminal()
    }

    /// Writes data. Whoever closed the pipe has read enough.
    pub fn data(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    pub fn json_data(&self, value: &Value) {
        self.data(&format!("{value:#}\n"));
    }

    /// Writes talk.
    pub fn talk(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    pub fn error(&self, message: &str) {
        let label = if self.colour { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
        self.talk(&format!("{label}: {message}\n"));
    }
}
