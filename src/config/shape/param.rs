//! A parameter: JSON Schema with a few keys of our own, which no client sees.

use super::offer::COMPLETE;
use super::{Key, Kind, Shape};

/// What the JSON types are called.
pub const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

pub static PARAM: Shape = Shape {
    name: "parameter",
    what: "a parameter",
    description: "What a caller may say: a JSON Schema with a few keys of our own, which no client sees. A parameter is required unless it has a `default` or says `optional: true`.",
    tables: &[TYPED, &[ITEMS], OWN, &[WITHIN, HEADER], KEYWORDS, &[COMPLETE]],
};

/// The schema of an array's items, which may be paths.
pub static ITEM: Shape = Shape {
    name: "item",
    what: "an item",
    description: "A JSON Schema 2020-12 for each item of an array.",
    tables: &[TYPED, NESTED, &[WITHIN], KEYWORDS],
};

/// A schema inside of a parameter's.
pub static SCHEMA: Shape = Shape {
    name: "schema",
    what: "a schema",
    description: "A JSON Schema 2020-12 for a part of a parameter's value.",
    tables: &[TYPED, NESTED, KEYWORDS],
};

/// Our own.
static OWN: &[Key] = &[
    Key::new("optional", Kind::Boolean, "The parameter may be absent. Words and groups of `args` that hold it then vanish.")
        .default("false"),
    Key::new(
        "sensitive",
        Kind::Boolean,
        "The value is shown as `***` in plans and logs.",
    )
    .default("false"),
    Key::new(
        "ask",
        Kind::Boolean,
        "A call that lacks the parameter has the person at the client asked for it, in a form, and so has a prompt that lacks the argument; at a shell the terminal asks. It is for required texts, numbers and yes-or-no values that are not sensitive. A client that cannot ask is told that it is missing.",
    )
    .default("false"),
    Key::new(
        "allow_dash",
        Kind::Boolean,
        "The value may begin with `-` and be taken for an option. Without it such a value is refused where it could be one.",
    )
    .default("false"),
];

const WITHIN: Key = Key::new(
    "within",
    Kind::Path,
    "The folder that a path may not leave, neither with `..` nor through a symbolic link; beside `format: path`.",
)
.otherwise("anywhere, and a warning")
.expands()
.examples(&[".", "\"{{vars.workspace}}\""]);

const HEADER: Key = Key::new(
    "x-mcp-header",
    Kind::Text,
    "Over HTTP, newer clients repeat the value in the header `Mcp-Param-` and this name, for proxies that route by it; both have to agree. For texts, whole numbers and booleans that are no secret.",
)
.otherwise("none")
.examples(&["Region"]);

static TYPED: &[Key] = &[
    Key::new("type", Kind::Type, "The type of the value. A list of types allows each of them.")
        .examples(&["string", "integer", "number", "boolean", "array", "object"]),
    Key::new("default", Kind::Own, "The value if the caller says nothing. The parameter is then optional.")
        .examples(&["10", "."]),
    Key::new(
        "format",
        Kind::Text,
        "What a text is. `path` is ours: the text is a path relative to `working_dir`, and the command gets the absolute one, free of links. Others (`date`, `email`, `uri`, …) are passed on to clients.",
    )
    .examples(&["path", "date-time", "uri"]),
];

const ITEMS: Key = Key::new("items", Kind::Item, "What an array holds: a type, or a schema of each item.")
    .examples(&["string", "{ type: string, format: path, within: . }"]);

/// What only a schema within another may say.
static NESTED: &[Key] = &[
    Key::new("items", Kind::Schema, "What an array holds: a type, or a schema of each item.")
        .examples(&["string"]),
    Key::new("required", Kind::ListOf(&Kind::Text), "The entries that a map has to have.")
        .examples(&["[name]"]),
];

/// Keywords of JSON Schema 2020-12 that a schema may carry.
static KEYWORDS: &[Key] = &[
    Key::new("title", Kind::Text, "A short name of the value for people.").examples(&["Pattern"]),
    Key::new("description", Kind::Text, "What the value means. A model chooses it by this text.")
        .examples(&["A regular expression"]),
    Key::new(
        "pattern",
        Kind::Pattern,
        "A regular expression that a text has to match. Anchor it with `^` and `$`; look-around and back-references are not supported.",
    )
    .examples(&["^[a-z0-9-]+$"]),
    Key::new("contentMediaType", Kind::Text, "The MIME type of what a text holds.").examples(&["text/html"]),
    Key::new("contentEncoding", Kind::Text, "How a text encodes bytes.").examples(&["base64"]),
    Key::new("$comment", Kind::Text, "A remark for those who read the schema."),
    Key::new("$anchor", Kind::Text, "A name by which `$ref` can find this schema.").examples(&["address"]),
    Key::new("$ref", Kind::Text, "Another schema that the value has to fit.").examples(&["\"#/$defs/point\""]),
    Key::new("uniqueItems", Kind::Boolean, "No two items of an array are equal."),
    Key::new("deprecated", Kind::Boolean, "The value should no longer be used."),
    Key::new("readOnly", Kind::Boolean, "The value is not for callers to set."),
    Key::new("writeOnly", Kind::Boolean, "The value is never given back."),
    Key::new("minLength", Kind::Whole, "The fewest characters of a text.").examples(&["1"]),
    Key::new(
        "maxLength",
        Kind::Whole,
        "The most characters of a text. Without it a text may have 4096 bytes.",
    )
    .examples(&["200"]),
    Key::new("minItems", Kind::Whole, "The fewest items of an array.").examples(&["1"]),
    Key::new("maxItems", Kind::Whole, "The most items of an array.").examples(&["20"]),
    Key::new("minProperties", Kind::Whole, "The fewest entries of a map.").examples(&["1"]),
    Key::new("maxProperties", Kind::Whole, "The most entries of a map.").examples(&["10"]),
    Key::new("minContains", Kind::Whole, "How many items at least have to fit `contains`.").examples(&["1"]),
    Key::new("maxContains", Kind::Whole, "How many items at most may fit `contains`.").examples(&["1"]),
    Key::new("minimum", Kind::Number, "The least number that is allowed.").examples(&["1"]),
    Key::new("maximum", Kind::Number, "The greatest number that is allowed.").examples(&["100"]),
    Key::new("exclusiveMinimum", Kind::Number, "The number has to be greater than this.").examples(&["0"]),
    Key::new("exclusiveMaximum", Kind::Number, "The number has to be less than this.").examples(&["1"]),
    Key::new("multipleOf", Kind::Number, "The number has to be a multiple of this.").examples(&["5"]),
    Key::new("const", Kind::Own, "The only value that is allowed."),
    Key::new("enum", Kind::OwnList, "The values that are allowed. A model sees them.")
        .examples(&["[low, medium, high]"]),
    Key::new("examples", Kind::OwnList, "Values that show what is meant."),
    Key::new("contains", Kind::Schema, "What some item of an array has to fit."),
    Key::new("propertyNames", Kind::Schema, "What the keys of a map have to fit."),
    Key::new("additionalProperties", Kind::Schema, "What entries have to fit that `properties` does not name; `false` allows none."),
    Key::new("unevaluatedProperties", Kind::Schema, "What entries have to fit that no other keyword has looked at."),
    Key::new("not", Kind::Schema, "What the value must not fit."),
    Key::new("if", Kind::Schema, "If the value fits this, `then` counts, else `else`."),
    Key::new("then", Kind::Schema, "What the value has to fit if it fits `if`."),
    Key::new("else", Kind::Schema, "What the value has to fit if it does not fit `if`."),
    Key::new("properties", Kind::Schemas, "The entries of a map, each with its schema.")
        .examples(&["{ name: { type: string } }"]),
    Key::new("patternProperties", Kind::Schemas, "Schemas of entries by a pattern of their keys."),
    Key::new("dependentSchemas", Kind::Schemas, "What a map has to fit if an entry is there."),
    Key::new("$defs", Kind::Schemas, "Schemas that `$ref` can name."),
    Key::new("dependentRequired", Kind::Any, "Entries that have to be there if another one is."),
    Key::new("prefixItems", Kind::SchemaList, "Schemas of the first items of an array, one after the other."),
    Key::new("allOf", Kind::SchemaList, "The value has to fit each of these."),
    Key::new("anyOf", Kind::SchemaList, "The value has to fit at least one of these."),
    Key::new("oneOf", Kind::SchemaList, "The value has to fit exactly one of these."),
];
