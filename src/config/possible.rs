//! Parameters that no value can fit, and what their schemas say in vain. Costs too much for every
//! start of a server.

use jsonschema::Validator;
use serde_json::{Map, Value};

use crate::model::{Param, Params};

use super::code::Code;
use super::diagnostic::{Diagnostic, Problems};
use super::syntax::{Entry, Kind, Node};

/// Bounds that belong together, and whether a value may be equal to each.
const BOUNDS: [(&str, &str); 8] = [
    ("minimum", "maximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
];

/// Keywords that say something about values of these types only, and by nothing of any others.
const OF_TYPES: [(&[&str], &[&str]); 4] = [
    (&["string"], &["minLength", "maxLength", "pattern", "contentMediaType", "contentEncoding"]),
    (&["integer", "number"], &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    (
        &["array"],
        &[
            "items",
            "minItems",
            "maxItems",
            "uniqueItems",
            "contains",
            "minContains",
            "maxContains",
            "prefixItems",
        ],
    ),
    (
        &["object"],
        &[
            "properties",
            "patternProperties",
            "additionalProperties",
            "unevaluatedProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "dependentRequired",
        ],
    ),
];

/// What stands in place of a bound of another type.
const MEANT: [(&str, &str, &str); 8] = [
    ("minimum", "string", "minLength"),
    ("maximum", "string", "maxLength"),
    ("minimum", "array", "minItems"),
    ("maximum", "array", "maxItems"),
    ("minLength", "array", "minItems"),
    ("maxLength", "array", "maxItems"),
    ("minLength", "integer", "minimum"),
    ("maxLength", "integer", "maximum"),
];

/// Looks at the schema of a parameter as it is written, and at all schemas in it.
pub fn check_written(problems: &Problems, schema: &Node<'_>) {
    let Kind::Map(entries) = &schema.kind else { return };
    for (least, most) in BOUNDS {
        check_bounds(problems, schema, least, most);
    }
    check_types(problems, schema);
    for Entry { key, value } in entries.iter() {
        match &*key.text {
            "items" | "contains" | "additionalProperties" | "propertyNames" => check_written(problems, value),
            "properties" | "patternProperties" => {
                value.entries().iter().for_each(|entry| check_written(problems, &entry.value));
            }
            "anyOf" | "oneOf" | "prefixItems" => {
                if let Kind::List(items) = &value.kind {
                    items.iter().for_each(|item| check_written(problems, item));
                }
            }
            _ => {}
        }
    }
}

fn check_bounds(problems: &Problems, schema: &Node<'_>, least: &str, most: &str) {
    let number = |node: &Node<'_>| node.as_text()?.replace('_', "").parse::<f64>().ok();
    let (Some(low), Some(high)) = (schema.get(least), schema.get(most)) else { return };
    let (Some(low_number), Some(high_number)) = (number(low), number(high)) else { return };
    let is_open = least.starts_with("exclusive") || most.starts_with("exclusive");
    let (relation, help) = match low_number.partial_cmp(&high_number) {
        Some(std::cmp::Ordering::Greater) => {
            ("greater than", format!("exchange them: `{least}` is the lower bound"))
        }
        Some(std::cmp::Ordering::Equal) if is_open => {
            ("equal to", "`minimum` and `maximum` include the bound itself".to_owned())
        }
        _ => return,
    };
    let message = format!("no value can fit: `{least}` is {relation} `{most}`");
    let problem = Diagnostic::error(Code::NoValueFits, low.span, message);
    problems.add(problem.other(high.span, format!("`{most}` is here")).help(help));
}

fn check_types(problems: &Problems, schema: &Node<'_>) {
    let types: Vec<&str> = match schema.get("type") {
        Some(Node { kind: Kind::List(items), .. }) => items.iter().filter_map(Node::as_text).collect(),
        Some(node) => node.as_text().into_iter().collect(),
        None => return,
    };
    for entry in schema.entries() {
        let keyword = &*entry.key.text;
        let Some((of, _)) = OF_TYPES.iter().find(|(_, keywords)| keywords.contains(&keyword)) else {
            continue;
        };
        let is_known = |name: &str| name == "null" || super::shape::TYPES.contains(&name);
        if types.is_empty()
            || !types.iter().all(|name| is_known(name))
            || types.iter().any(|name| of.contains(name))
        {
            continue;
        }
        let message = format!("`{keyword}` says nothing here: it is for `{}`", of.join("` and `"));
        let meant = MEANT.iter().find(|(written, of, _)| *written == keyword && types.contains(of));
        let problem = Diagnostic::warning(Code::VainKeyword, entry.key.span, message);
        problems.add(match meant {
            Some((_, of, meant)) => problem.help(format!("of `type: {of}` the same is said by `{meant}`")),
            None => problem.help(format!("remove it, or write `type: {}`", of.first().unwrap_or(&"string"))),
        });
    }
}

/// Values that stand in a schema, judged by the rest of it.
pub struct Values<'a> {
    pub problems: &'a Problems,
    pub param: &'a Param,
    pub entry: &'a Entry<'a>,
}

impl Values<'_> {
    /// `rest` compiles a schema as that of one value.
    pub fn check(&self, name: &str, compiled: impl Fn(&Map<String, Value>) -> Option<std::rc::Rc<Params>>) {
        let schema = &self.param.schema;
        let choices = schema.get("enum").and_then(Value::as_array);
        if let Some(choices) = choices.filter(|choices| !choices.is_empty()) {
            let mut rest = schema.clone();
            rest.remove("enum");
            if let Some(rules) = compiled(&rest)
                && let Ok(validator) = rules.validator()
            {
                self.check_choices(name, validator, choices);
            }
        }
        if let Some(examples) = schema.get("examples").and_then(Value::as_array)
            && let Some(rules) = compiled(schema)
            && let Ok(validator) = rules.validator()
        {
            for (at, example) in examples.iter().enumerate() {
                if let Some(reason) = self.refusal(name, validator, example) {
                    self.warn(
                        "examples",
                        at,
                        &format!("refuses its own example: {reason}"),
                        "a model takes examples for what is wanted: mend it or the rule",
                    );
                }
            }
        }
    }

    fn check_choices(&self, name: &str, validator: &Validator, choices: &[Value]) {
        let refused: Vec<Option<String>> =
            choices.iter().map(|choice| self.refusal(name, validator, choice)).collect();
        if let Some(Some(reason)) = refused.first()
            && refused.iter().all(Option::is_some)
        {
            let message = format!(
                "no value can fit `{}`: its own rules refuse each of `enum`; {reason}",
                self.param.name
            );
            let span = self.entry.value.get("enum").map_or(self.entry.key.span, |node| node.span);
            let help = "`enum` says enough alone: remove the other rules, or mend the values";
            self.problems.add(Diagnostic::error(Code::NoValueFits, span, message).help(help));
            return;
        }
        for (at, reason) in refused.iter().enumerate() {
            if let Some(reason) = reason {
                self.warn(
                    "enum",
                    at,
                    &format!("refuses a value of its own `enum`: {reason}"),
                    "remove it from `enum`, or mend the rule",
                );
            }
        }
    }

    fn warn(&self, key: &str, at: usize, what: &str, help: &str) {
        let list = self.entry.value.get(key);
        let item = list.and_then(|list| match &list.kind {
            Kind::List(items) => items.get(at),
            _ => None,
        });
        let span = item.or(list).map_or(self.entry.key.span, |node| node.span);
        let message = format!("`{}` {what}", self.param.name);
        self.problems.add(Diagnostic::warning(Code::RefusedValue, span, message).help(help));
    }

    /// Why the rules refuse a value, if they do.
    fn refusal(&self, name: &str, validator: &Validator, value: &Value) -> Option<String> {
        let value = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
        let error = validator.iter_errors(&value).next()?;
        Some(if self.param.rule.sensitive { error.masked().to_string() } else { error.to_string() })
    }
}
