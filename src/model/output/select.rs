//! `output.select`: the part of a structured value that is the result.
//!
//! A text that begins with `/` is a JSON pointer, every other one an expression of JMESPath. Expressions
//! are written in the file alone; they are bounded when they are read, for their reader and their
//! interpreter go down the stack, and so is what comes of them, which may name one part many times.

use std::fmt;
use std::sync::Arc;

use jmespath::{Expression, Rcvar, Variable};
use serde_json::{Map, Number, Value};

/// What is selected. Cheap to clone.
#[derive(Clone)]
pub enum Select {
    Pointer(String),
    Expression(Arc<Expression<'static>>),
}

/// Why a text selects nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSelect {
    #[error("it is empty")]
    Empty,
    #[error("it is {0} bytes long; at most {MOST_WRITTEN} may be")]
    TooLong(usize),
    #[error("its brackets stand in each other more than {MOST_NESTED} deep")]
    TooDeep,
    #[error("{problem}")]
    Syntax {
        problem: String,
        /// The first byte that does not fit.
        at: usize,
    },
    #[error("there is no function `{0}` in JMESPath")]
    UnknownFunction(String),
    #[error("`~` stands for nothing in a JSON pointer; write `~0` for `~` and `~1` for `/`")]
    Escape,
}

const MOST_WRITTEN: usize = 1024;
const MOST_NESTED: usize = 24;
/// Values in what is selected.
const MOST_VALUES: usize = 1_000_000;

impl Select {
    pub fn read(text: &str) -> Result<Self, BadSelect> {
        if text.trim().is_empty() {
            return Err(BadSelect::Empty);
        }
        if text.len() > MOST_WRITTEN {
            return Err(BadSelect::TooLong(text.len()));
        }
        if text.starts_with('/') {
            return pointer(text);
        }
        if nesting(text) > MOST_NESTED {
            return Err(BadSelect::TooDeep);
        }
        let expression = jmespath::compile(text).map_err(|error| BadSelect::Syntax {
            problem: syntax(text, error.offset),
            at: error.offset.min(text.len()),
        })?;
        if let Some(name) = unknown_function(text) {
            return Err(BadSelect::UnknownFunction(name));
        }
        Ok(Self::Expression(Arc::new(expression)))
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Pointer(text) => text,
            Self::Expression(expression) => expression.as_str(),
        }
    }

    /// The part of a value. The text of an error is for whoever called.
    pub fn part(&self, mut value: Value) -> Result<Value, String> {
        match self {
            Self::Pointer(pointer) => match value.pointer_mut(pointer) {
                Some(part) => Ok(part.take()),
                None => Err(format!("there is nothing at `{pointer}` (output.select)")),
            },
            Self::Expression(expression) => {
                let refused = |error: jmespath::JmespathError| {
                    format!("`output.select` does not fit what was printed: {}", plain(&error.reason))
                };
                // The value is let go before its part is made.
                let data = Rcvar::new(Variable::from_serializable(value).map_err(refused)?);
                let part = expression.search(data).map_err(refused)?;
                let mut left = MOST_VALUES;
                json(&part, &mut left)
                    .ok_or_else(|| format!("what `output.select` selects is more than {MOST_VALUES} values"))
            }
        }
    }
}

fn pointer(text: &str) -> Result<Select, BadSelect> {
    let is_escaped = |part: &str| part.starts_with(['0', '1']);
    if text.split('~').skip(1).all(is_escaped) {
        Ok(Select::Pointer(text.to_owned()))
    } else {
        Err(BadSelect::Escape)
    }
}

/// `None` if it is too much.
fn json(part: &Variable, left: &mut usize) -> Option<Value> {
    *left = left.checked_sub(1)?;
    Some(match part {
        Variable::Null | Variable::Expref(_) => Value::Null,
        Variable::String(text) => Value::String(text.clone()),
        Variable::Bool(truth) => Value::Bool(*truth),
        Variable::Number(number) => Value::Number(whole(number)),
        Variable::Array(items) => {
            Value::Array(items.iter().map(|item| json(item, left)).collect::<Option<_>>()?)
        }
        Variable::Object(map) => {
            let entries = map.iter().map(|(key, value)| Some((key.clone(), json(value, left)?)));
            Value::Object(entries.collect::<Option<Map<_, _>>>()?)
        }
    })
}

/// What its functions count and add comes as `3.0`, where a whole number is meant.
fn whole(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

/// How deep brackets stand in each other, texts left out.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut quote) = (0_usize, 0, None);
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{' | '!' | '&') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    deepest
}

const FUNCTIONS: [&str; 26] = [
    "abs",
    "avg",
    "ceil",
    "contains",
    "ends_with",
    "floor",
    "join",
    "keys",
    "length",
    "map",
    "max",
    "max_by",
    "merge",
    "min",
    "min_by",
    "not_null",
    "reverse",
    "sort",
    "sort_by",
    "starts_with",
    "sum",
    "to_array",
    "to_number",
    "to_string",
    "type",
    "values",
];

/// The reader takes every name for a function; the interpreter would find out at the first call.
fn unknown_function(text: &str) -> Option<String> {
    let mut found = None;
    let mut quote = None;
    let mut name = String::new();
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, c) if c.is_ascii_alphanumeric() || c == '_' => {
                name.push(c);
                continue;
            }
            (None, '(') if !name.is_empty() && !FUNCTIONS.contains(&name.as_str()) => {
                found.get_or_insert(name.clone());
            }
            (None, _) => {}
        }
        name.clear();
    }
    found
}

/// Where the reader gave up, in words; its own name the steps of its grammar.
fn syntax(text: &str, offset: usize) -> String {
    match text.get(offset..).and_then(|rest| rest.chars().next()) {
        Some(c) => format!("`{c}` cannot stand here"),
        None => "it ends too early".to_owned(),
    }
}

fn plain(reason: &jmespath::ErrorReason) -> String {
    let text = match reason {
        jmespath::ErrorReason::Parse(text) => text.clone(),
        jmespath::ErrorReason::Runtime(error) => error.to_string(),
    };
    text.trim().trim_end_matches('.').to_owned()
}

impl fmt::Debug for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Select").field(&self.text()).finish()
    }
}

impl PartialEq for Select {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn part(select: &str, value: Value) -> Result<Value, String> {
        Select::read(select).unwrap().part(value)
    }

    #[test]
    fn a_pointer_or_an_expression_takes_a_part() {
        let value = json!({ "items": [{ "name": "a", "n": 1 }, { "name": "b", "n": 20_000_000_000_000_000_u64 }], "a/b": 1.5 });
        for (select, expected) in [
            ("/items/0/name", json!("a")),
            ("/a~1b", json!(1.5)),
            ("items[].name", json!(["a", "b"])),
            ("items[?n > `1`] | [0].n", json!(20_000_000_000_000_000_u64)),
            ("length(items)", json!(2)),
            ("{ first: items[0].name, all: sum(items[:1].n) }", json!({ "first": "a", "all": 1 })),
            ("nothing.at.all", Value::Null),
        ] {
            assert_eq!(part(select, value.clone()), Ok(expected), "{select}");
        }
        assert_eq!(
            part("/items/7", value.clone()).unwrap_err(),
            "there is nothing at `/items/7` (output.select)"
        );
        assert!(part("sum(items)", value).unwrap_err().starts_with("`output.select` does not fit"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_reason() {
        for text in ["", " ", "a..b", "a[", "items[?n >]", "/a~2", "'open", "a | ", "&"] {
            assert!(Select::read(text).is_err(), "{text}");
        }
        assert_eq!(Select::read("lenght(a)"), Err(BadSelect::UnknownFunction("lenght".into())));
        assert!(Select::read("'no(call)' || length(@)").is_ok());
        assert_eq!(Select::read(&"(".repeat(500)), Err(BadSelect::TooDeep));
        assert_eq!(Select::read(&"!".repeat(500)), Err(BadSelect::TooDeep));
        assert_eq!(Select::read(&"a".repeat(2000)), Err(BadSelect::TooLong(2000)));
    }

    #[test]
    fn the_longest_and_deepest_expressions_fit_on_the_stack_of_a_thread() {
        let long = format!("a{}", ".a".repeat(511));
        let deep = format!("{}a{}", "(".repeat(MOST_NESTED), ")".repeat(MOST_NESTED));
        let alternatives = format!("a{}", "||a".repeat(341));
        for text in [long, deep, alternatives] {
            let read = std::thread::Builder::new().stack_size(512 * 1024);
            let read = read.spawn(move || part(&text, json!({ "b": 1 }))).unwrap().join();
            assert_eq!(read.unwrap(), Ok(Value::Null));
        }
    }

    #[test]
    fn a_part_that_is_named_without_end_is_refused() {
        let doubled = format!("[@,@]{}", "|[@,@]".repeat(40));
        assert!(part(&doubled, json!(1)).unwrap_err().contains("more than 1000000 values"));
    }
}
