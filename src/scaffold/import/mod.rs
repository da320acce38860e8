//! Commands out of the files of other tools. A reader a format: text (or, for formats that are
//! YAML, the value that the command line read) in, proposals out.
//!
//! What an import cannot carry over is told as a remark above the command, or as a note on the
//! whole, and never dropped in silence.

mod any_script;
mod just;
mod make;
mod mcp_this;
mod mcpshell;
mod npm;
mod openapi;
mod shell_words;

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::proposal::{Param, Presence, Proposal};

pub use openapi::Choice;

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Npm,
    Just,
    Make,
    OpenApi,
    McpShell,
    McpThis,
    AnyScript,
}

/// What came of a file.
#[derive(Debug, Default, PartialEq)]
pub struct Imported {
    pub proposals: Vec<Proposal>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// What the commands need at the root of their file: variables and their values…
    pub vars: Vec<(String, String)>,
    /// …and secrets with the variables of the environment that hold them.
    pub secrets: Vec<(String, String)>,
}

/// Why nothing can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadImport {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("it has no {0}")]
    Missing(&'static str),
    #[error("there is nothing to import in it: {0}")]
    Nothing(&'static str),
    #[error("it is OpenAPI {0}; convert it to OpenAPI 3 first")]
    OldOpenApi(String),
    #[error(
        "it has {0} operations, and a model chooses well among far fewer; name at most {1} with `--only 'GET /pets*'` or `--tag NAME`"
    )]
    TooMany(usize, usize),
    #[error("no operation fits `--only` and `--tag`; it has such as {0}")]
    NothingChosen(String),
}

/// No format has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no format `{0}`; expected one of npm, just, make, openapi, mcpshell, mcp-this, any-script")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        Ok(match text {
            "npm" => Self::Npm,
            "just" => Self::Just,
            "make" => Self::Make,
            "openapi" => Self::OpenApi,
            "mcpshell" => Self::McpShell,
            "mcp-this" => Self::McpThis,
            "any-script" => Self::AnyScript,
            other => return Err(UnknownFormat(other.to_owned())),
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Npm => "npm",
            Self::Just => "just",
            Self::Make => "make",
            Self::OpenApi => "openapi",
            Self::McpShell => "mcpshell",
            Self::McpThis => "mcp-this",
            Self::AnyScript => "any-script",
        })
    }
}

impl Format {
    /// The format that a file's name tells.
    pub fn of_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "package.json" => Some(Self::Npm),
            "justfile" | ".justfile" => Some(Self::Just),
            "makefile" | "gnumakefile" => Some(Self::Make),
            "openapi.yaml" | "openapi.yml" | "openapi.json" => Some(Self::OpenApi),
            other if other.ends_with(".just") => Some(Self::Just),
            other if other.ends_with(".mk") => Some(Self::Make),
            _ => None,
        }
    }

    /// The format that a document's shape tells, for names that tell nothing.
    pub fn of_value(value: &Value) -> Option<Self> {
        if value.get("openapi").is_some() || value.get("swagger").is_some() {
            return Some(Self::OpenApi);
        }
        if value.pointer("/mcp/tools").is_some() {
            return Some(Self::McpShell);
        }
        let tools = value.get("tools");
        match tools {
            Some(Value::Array(_)) => Some(Self::AnyScript),
            Some(Value::Object(_)) => Some(Self::McpThis),
            _ if value.get("toolsets").is_some() => Some(Self::McpThis),
            _ => None,
        }
    }

    /// Whether it is YAML, which the command line reads for us.
    pub fn is_yaml(self) -> bool {
        matches!(self, Self::OpenApi | Self::McpShell | Self::McpThis | Self::AnyScript)
    }

    /// Reads a format that is no YAML; `file` is its name in its folder.
    pub fn read(self, text: &str, file: &str) -> Result<Imported, BadImport> {
        match self {
            Self::Npm => npm::read(text),
            Self::Just => just::read(text, file),
            Self::Make => make::read(text, file),
            Self::OpenApi | Self::McpShell | Self::McpThis | Self::AnyScript => {
                Err(BadImport::Missing("text in this format"))
            }
        }
    }

    /// Reads a format that is YAML.
    pub fn read_value(self, value: &Value, choice: &Choice) -> Result<Imported, BadImport> {
        match self {
            Self::McpShell => mcpshell::read(value),
            Self::McpThis => mcp_this::read(value),
            Self::AnyScript => any_script::read(value),
            Self::OpenApi => openapi::read(value, choice),
            Self::Npm | Self::Just | Self::Make => Err(BadImport::Missing("values in this format")),
        }
    }
}

impl Imported {
    /// All commands, as elements of `commands`.
    pub fn to_yaml(&self) -> String {
        self.proposals.iter().map(Proposal::to_yaml).collect::<Vec<_>>().join("\n")
    }

    /// Runs everything in a folder that is not that of the configuration.
    pub fn in_folder(&mut self, folder: &str) {
        for proposal in &mut self.proposals {
            proposal.working_dir.get_or_insert_with(|| folder.to_owned());
        }
    }

    /// Gives names that several have a number; the first keeps its own.
    fn with_different_names(mut self) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        for proposal in &mut self.proposals {
            let (wanted, mut number) = (proposal.name.clone(), 2);
            while !seen.insert(proposal.name.clone()) {
                proposal.name = format!("{}-{number}", wanted.chars().take(60).collect::<String>());
                number += 1;
            }
        }
        self
    }

    fn or_nothing(self, why: &'static str) -> Result<Self, BadImport> {
        if self.proposals.is_empty() && self.notes.is_empty() {
            return Err(BadImport::Nothing(why));
        }
        Ok(self.with_different_names())
    }
}

/// A parameter as the YAML formats declare it: `type`, `description`, `required`, `default`.
fn declared(name: &str, declaration: &Value, required: bool) -> Param {
    let text = |key: &str| declaration.get(key).and_then(Value::as_str);
    let kind = match text("type").unwrap_or("string") {
        kind @ ("integer" | "number" | "boolean" | "array" | "object") => kind,
        _ => "string",
    };
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!(kind));
    if kind == "array" {
        schema.insert("items".to_owned(), json!({ "type": "string" }));
    }
    let presence = match declaration.get("default").filter(|default| !default.is_null()) {
        Some(default) => Presence::Default(default.clone()),
        None if declaration.get("required").and_then(Value::as_bool).unwrap_or(required) => {
            Presence::Required
        }
        None => Presence::Optional,
    };
    let description = text("description").unwrap_or(name).to_owned();
    Param { name: super::proposal::param_name(name), description, schema, presence }
}

/// What free text is narrowed to where it becomes a part of somebody's shell script.
fn plain_word() -> Map<String, Value> {
    let pattern = "^[A-Za-z0-9_./:@%+,][A-Za-z0-9_./:@%+,=-]*$";
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("pattern".to_owned(), json!(pattern));
    schema
}
