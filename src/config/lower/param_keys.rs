//! The keywords of a parameter's schema, and what kind of value each takes.

/// How the value of a keyword is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Text as it was written.
    Text,
    Boolean,
    /// A whole number from zero up.
    Count,
    Number,
    /// A value of the parameter's own kind.
    Own,
    /// A list of values of the parameter's own kind.
    OwnList,
    /// Another schema.
    Schema,
    /// A map of names to schemas.
    Schemas,
    /// A list of schemas.
    SchemaList,
    /// Whatever it says.
    Any,
}

/// Keywords of JSON Schema 2020-12 that a parameter may carry.
pub const KEYWORDS: [(&str, Reading); 42] = [
    ("title", Reading::Text),
    ("description", Reading::Text),
    ("pattern", Reading::Text),
    ("contentMediaType", Reading::Text),
    ("contentEncoding", Reading::Text),
    ("$comment", Reading::Text),
    ("$ref", Reading::Text),
    ("uniqueItems", Reading::Boolean),
    ("deprecated", Reading::Boolean),
    ("readOnly", Reading::Boolean),
    ("writeOnly", Reading::Boolean),
    ("minLength", Reading::Count),
    ("maxLength", Reading::Count),
    ("minItems", Reading::Count),
    ("maxItems", Reading::Count),
    ("minProperties", Reading::Count),
    ("maxProperties", Reading::Count),
    ("minContains", Reading::Count),
    ("maxContains", Reading::Count),
    ("minimum", Reading::Number),
    ("maximum", Reading::Number),
    ("exclusiveMinimum", Reading::Number),
    ("exclusiveMaximum", Reading::Number),
    ("multipleOf", Reading::Number),
    ("const", Reading::Own),
    ("enum", Reading::OwnList),
    ("examples", Reading::OwnList),
    ("contains", Reading::Schema),
    ("propertyNames", Reading::Schema),
    ("additionalProperties", Reading::Schema),
    ("unevaluatedProperties", Reading::Schema),
    ("not", Reading::Schema),
    ("if", Reading::Schema),
    ("then", Reading::Schema),
    ("else", Reading::Schema),
    ("properties", Reading::Schemas),
    ("patternProperties", Reading::Schemas),
    ("$defs", Reading::Schemas),
    ("dependentRequired", Reading::Any),
    ("prefixItems", Reading::SchemaList),
    ("anyOf", Reading::SchemaList),
    ("oneOf", Reading::SchemaList),
];

/// What the JSON types are called.
pub const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

/// The types, for a message.
pub fn type_names() -> String {
    TYPES.join("`, `")
}
