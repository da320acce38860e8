//! The parameters of a tool: JSON Schema for clients, and our own rules that never show there.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value, json};

use super::name::ParamName;

/// A schema that no validator can be made from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parameters' schema is not valid: {0}")]
pub struct SchemaError(pub String);

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub name: ParamName,
    /// JSON Schema 2020-12 as clients see it, default included.
    pub schema: Map<String, Value>,
    pub kind: Kind,
    pub presence: Presence,
    pub rule: ParamRule,
}

/// What type the schema names; decides how `k=v` at a shell is read and how a value becomes words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Array(Box<Kind>),
    Object,
    /// No type, or several.
    Any,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Presence {
    Required,
    Optional,
    Default(Value),
}

/// Our own rules for a value, beside its schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParamRule {
    /// A word may begin with `-` because of this value.
    pub allow_dash: bool,
    /// Whoever is at the client is asked for it where a call lacks it.
    pub ask: bool,
    /// Shown as `***` in plans and logs.
    pub sensitive: bool,
    /// The value (or each item) is a path.
    pub path: Option<PathRule>,
    /// Longest text in bytes.
    pub max_bytes: usize,
}

/// Where a path may lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathRule {
    /// The folder that neither `..` nor a symbolic link may leave.
    pub within: Option<PathBuf>,
}

/// All parameters of a tool.
pub struct Params {
    list: Vec<Param>,
    /// Made when it is first wanted, of the parameters' own.
    input_schema: OnceLock<Arc<Map<String, Value>>>,
    /// Unknown arguments are ignored instead of refused (the original's tools without parameters).
    ignores_unknown: bool,
    validator: OnceLock<Result<Validator, SchemaError>>,
}

impl Params {
    /// The longest text that a parameter takes when its schema has no `maxLength`.
    pub const DEFAULT_MAX_BYTES: usize = 4096;

    pub fn new(list: Vec<Param>) -> Self {
        Self { input_schema: OnceLock::new(), list, ignores_unknown: false, validator: OnceLock::new() }
    }

    /// No parameters, and whatever a client sends is ignored.
    pub fn none_and_ignored() -> Self {
        let schema =
            Map::from_iter([("type".to_owned(), json!("object")), ("properties".to_owned(), json!({}))]);
        Self {
            list: Vec::new(),
            input_schema: OnceLock::from(Arc::new(schema)),
            ignores_unknown: true,
            validator: OnceLock::new(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Param> {
        self.list.iter()
    }

    pub fn find(&self, name: &str) -> Option<&Param> {
        self.list.iter().find(|param| param.name.as_str() == name)
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn ignores_unknown(&self) -> bool {
        self.ignores_unknown
    }

    /// What clients see as `inputSchema`.
    pub fn input_schema(&self) -> &Arc<Map<String, Value>> {
        self.input_schema.get_or_init(|| Arc::new(input_schema(&self.list)))
    }

    /// The compiled schema. Compiled once, when it is first wanted: a server with a thousand tools
    /// compiles only those that are called.
    ///
    /// Patterns are matched in linear time, and no `$ref` is fetched from anywhere.
    pub fn validator(&self) -> Result<&Validator, &SchemaError> {
        self.validator.get_or_init(|| compile(&Value::Object((**self.input_schema()).clone()))).as_ref()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.list).finish()
    }
}

/// Makes a validator under our rules for schemas: 2020-12, linear-time patterns, no network.
pub(super) fn compile(schema: &Value) -> Result<Validator, SchemaError> {
    jsonschema::draft202012::options()
        .with_pattern_options(PatternOptions::regex().size_limit(1 << 20))
        .offline()
        .build(schema)
        .map_err(|error| SchemaError(error.to_string()))
}

fn input_schema(list: &[Param]) -> Map<String, Value> {
    let properties: Map<String, Value> = list
        .iter()
        .map(|param| (param.name.as_str().to_owned(), Value::Object(param.schema.clone())))
        .collect();
    let required: Vec<&str> = list
        .iter()
        // Who calls may leave out what a person can be asked for.
        .filter(|param| param.presence == Presence::Required && !param.rule.ask)
        .map(|param| param.name.as_str())
        .collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

impl Kind {
    /// Reads the `type` of a schema (and of its `items`).
    pub fn of(schema: &Map<String, Value>) -> Self {
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Self::Text,
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("boolean") => Self::Boolean,
            Some("object") => Self::Object,
            Some("array") => {
                let items = schema.get("items").and_then(Value::as_object);
                Self::Array(Box::new(items.map_or(Self::Any, Self::of)))
            }
            _ => Self::Any,
        }
    }
}
