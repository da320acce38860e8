//! One key of a shape: its name, what it takes, and what a person is told of it.

use super::Shape;

/// A key that a map may hold.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub stage: Stage,
    pub kind: Kind,
    /// What a person sees on hover: whole sentences.
    pub description: &'static str,
    /// What holds without it, as YAML.
    pub default: Option<&'static str>,
    /// What holds without it, where that is no value of the file.
    pub otherwise: Option<&'static str>,
    /// As YAML.
    pub examples: &'static [&'static str],
    pub required: bool,
    /// `${VAR}` is expanded before the value is read.
    pub expands: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Built,
    /// Known, and not built yet: an error that says so.
    Later,
}

/// What a key takes.
#[derive(Debug)]
pub enum Kind {
    /// Any scalar: a text keeps what was written.
    Text,
    /// A text that says something.
    Filled,
    /// The name of a command.
    ToolName,
    /// A text with `{{…}}`.
    Template,
    Path,
    Pattern,
    /// `image/png`.
    Mime,
    Boolean,
    /// A whole number from 1 up.
    Count,
    /// A whole number from 0 up.
    Whole,
    Number,
    Duration,
    Size,
    Cores,
    /// A value, or a word in its place.
    OrWord(&'static str, &'static Self),
    ExitCode,
    /// A status code of HTTP, or a range of them.
    StatusCodes,
    /// An ending after which there is another try.
    RetryReason,
    /// The code of a warning.
    WarningCode,
    /// The name of a variable, or the beginning of one and `*`.
    VariablePattern,
    /// One of these words.
    Choice(&'static [&'static str]),
    Const(&'static str),
    ListOf(&'static Self),
    MapOf(Names, &'static Self),
    Group(&'static Shape),
    /// One of these: at most one single value, one list and one map, which are told apart by what
    /// they are.
    Either(&'static [Self]),
    /// An element of `args`.
    Argument,
    /// A parameter: a type, or a map.
    Parameter,
    /// The name of a JSON type, or a list of them.
    Type,
    /// A schema of items: a type, or a map.
    Item,
    /// A schema inside of another.
    Schema,
    Schemas,
    SchemaList,
    /// A JSON Schema that is taken as it stands.
    FreeSchema,
    /// A value of the parameter's own kind.
    Own,
    OwnList,
    Any,
}

/// What the keys of a map look like where a file chooses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Letters, digits and `_`, none of the reserved words.
    Parameter,
    /// Letters, digits and `_`.
    Identifier,
    /// Of an environment variable.
    Variable,
    ExitCode,
    /// Whatever it is, something else judges it.
    Any,
}

impl Key {
    pub const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            stage: Stage::Built,
            kind,
            description,
            default: None,
            otherwise: None,
            examples: &[],
            required: false,
            expands: false,
        }
    }

    /// A key whose feature is not built yet. Editors do not offer it.
    pub const fn later(name: &'static str) -> Self {
        let mut key = Self::new(name, Kind::Any, "Not supported yet.");
        key.stage = Stage::Later;
        key
    }

    pub const fn default(mut self, yaml: &'static str) -> Self {
        self.default = Some(yaml);
        self
    }

    pub const fn otherwise(mut self, words: &'static str) -> Self {
        self.otherwise = Some(words);
        self
    }

    pub const fn examples(mut self, yaml: &'static [&'static str]) -> Self {
        self.examples = yaml;
        self
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub const fn expands(mut self) -> Self {
        self.expands = true;
        self
    }
}
