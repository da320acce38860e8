//! `output.template`: the text that is made of a result.
//!
//! The language is handlebars with its blocks and its own functions, without partials. Its parser makes
//! the tree; what it means is ours (`shaping::text`), for the original's interpreter has no bounds.

mod names;
mod read;

use serde_json::{Map, Value};

pub use read::BadText;

/// A text with holes and blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct TextTemplate {
    source: String,
    passages: Vec<Passage>,
    /// The variables of the file that it refers to.
    pub vars: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Passage {
    Text(String),
    Put(Operand),
    Block(Box<Block>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// `{{#if}}`, and `{{#unless}}`, where it must not hold.
    If { test: Operand, holds: bool, then: Vec<Passage>, otherwise: Vec<Passage> },
    /// `{{#each … as |item key|}}`.
    Each { over: Operand, names: Vec<String>, body: Vec<Passage>, otherwise: Vec<Passage> },
    /// `{{#with … as |name|}}`.
    With { of: Operand, names: Vec<String>, body: Vec<Passage>, otherwise: Vec<Passage> },
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Literal(Value),
    At(Lookup),
    Of(Operator, Vec<Operand>),
}

/// A path as it stands between the braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub written: String,
    /// How many blocks it leads up.
    pub up: usize,
    pub start: Start,
    pub path: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// The item of the block that it stands in, or everything outside of blocks.
    Here,
    /// `@root`.
    Root,
    /// `@index`, `@key`, `@first`, `@last`.
    Local(Local),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    Index,
    Key,
    First,
    Last,
}

/// The functions that a template may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Json,
    Lookup,
    Len,
    Not,
    And,
    Or,
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
}

impl Operator {
    /// With their names, and how many values each takes.
    pub const ALL: [(&'static str, Self, usize); 12] = [
        ("json", Self::Json, 1),
        ("lookup", Self::Lookup, 2),
        ("len", Self::Len, 1),
        ("not", Self::Not, 1),
        ("and", Self::And, 2),
        ("or", Self::Or, 2),
        ("eq", Self::Eq, 2),
        ("ne", Self::Ne, 2),
        ("gt", Self::Gt, 2),
        ("gte", Self::Gte, 2),
        ("lt", Self::Lt, 2),
        ("lte", Self::Lte, 2),
    ];
}

impl TextTemplate {
    /// Reads a template. What it refers to is for others to judge: [`Self::names`].
    pub fn read(source: &str) -> Result<Self, BadText> {
        let passages = read::passages(source)?;
        let template = Self { source: source.to_owned(), passages, vars: Map::new() };
        names::check(&template.passages)?;
        Ok(template)
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }

    /// What it takes of everything that it sees, each once: `result`, `params.version`, `version`. What it
    /// takes of the items of blocks depends on them.
    pub fn names(&self) -> Vec<&Lookup> {
        names::of(&self.passages)
    }

    /// Whether it refers to this, or to something inside of it.
    pub fn sees(&self, root: &str) -> bool {
        self.names().iter().any(|name| name.path.first().is_some_and(|first| first == root))
    }
}
