//! How a run's output becomes a result: what it is, which part of it counts, what is shown of it.

mod exit_codes;
mod files;
mod pattern;
mod schema;
mod select;
mod text;

use super::units::ByteSize;

pub use exit_codes::ExitCodes;
pub use files::{BadGlob, FileGlob};
pub use pattern::{BadPattern, RowPattern};
pub use schema::OutputSchema;
pub use select::{BadSelect, Select};
pub use text::{BadText, Block, Local, Lookup, Operand, Operator, Passage, Start, TextTemplate};

/// What a command's output is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputFormat {
    /// Text for people and models: stdout and stderr interleaved.
    Text,
    /// stdout is one JSON document.
    Json,
    /// stdout is one item a line.
    Lines,
    /// stdout is a table: an object a row, or a list where no header names its columns.
    Csv(CsvForm),
    /// stdout is text, of which each match is an object.
    Regex(RowPattern),
    /// stdout is one YAML document.
    Yaml,
    /// stdout is bytes, handed over as base64.
    Binary,
    /// stdout is a result as the protocol has it, or a question to the client.
    Mcp,
}

/// What a table looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CsvForm {
    /// The first row names the columns.
    pub header: bool,
    pub delimiter: u8,
}

impl OutputFormat {
    /// The word of the file for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Lines => "lines",
            Self::Csv(_) => "csv",
            Self::Regex(_) => "regex",
            Self::Yaml => "yaml",
            Self::Binary => "binary",
            Self::Mcp => "mcp",
        }
    }

    /// Whether there is a value to select in and to describe.
    pub fn is_structured(&self) -> bool {
        !matches!(self, Self::Text | Self::Binary | Self::Mcp)
    }
}

/// What happens when a call writes more than `limits.output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnOverflow {
    /// Drain, count and mark what is beyond; the call still succeeds.
    Truncate,
    /// Kill the command; the call is an error.
    Kill,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OutputRules {
    pub format: OutputFormat,
    /// Bytes of text that the model sees.
    pub show: ByteSize,
    pub on_overflow: OnOverflow,
    /// MIME type of text or binary output.
    pub mime: Option<String>,
    /// The part of the structured value that is the result.
    pub select: Option<Select>,
    /// Turns a structured value into `structuredContent`.
    pub schema: Option<OutputSchema>,
    /// The text that a model sees, made of the result.
    pub template: Option<TextTemplate>,
    /// The files that a successful run hands over.
    pub files: Vec<FileGlob>,
}

impl OutputRules {
    /// Whether what is shown is made of the output, and is not the output itself.
    pub fn makes_text(&self) -> bool {
        self.template.is_some() || self.select.is_some() || matches!(self.format, OutputFormat::Regex(_))
    }

    /// Text as it comes, at most so much of it shown.
    pub fn plain(show: ByteSize) -> Self {
        Self {
            format: OutputFormat::Text,
            show,
            on_overflow: OnOverflow::Truncate,
            mime: None,
            select: None,
            schema: None,
            template: None,
            files: Vec::new(),
        }
    }
}
