//! Checks a call against its tool: schema first, then our own rules, all problems at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

use crate::model::{Availability, Catalog, Params, Presence, Tool, nearest};

use super::problem::shortened;
use super::{ArgumentProblem, BadCall, Call, Invocation, rules};

/// More problems than this help nobody.
const MAX_PROBLEMS: usize = 20;

impl Invocation {
    pub fn bind(catalog: &Catalog, call: Call) -> Result<Self, BadCall> {
        let Call { principal, tool, arguments } = call;
        let tool = find(catalog, &tool)?;
        let values = bind_values(&tool, arguments, &Beside::default())?;
        let (later, hidden) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { tool, principal, values, later, hidden, surroundings: None })
    }
}

/// What is known of arguments beside their values.
#[derive(Default)]
pub(super) struct Beside {
    /// Not known yet.
    pub later: BTreeMap<String, String>,
    /// With a sensitive value.
    pub hidden: BTreeSet<String>,
}

fn find(catalog: &Catalog, name: &str) -> Result<Arc<Tool>, BadCall> {
    let unknown = || BadCall::unknown(name, catalog.offered().map(|tool| tool.name.as_str()));
    let tool = catalog.tool(name).ok_or_else(unknown)?;
    match &tool.availability {
        Availability::Offered => Ok(Arc::clone(tool)),
        Availability::Internal => Err(unknown()),
        Availability::Disabled => {
            let reason = "it is disabled (`enabled: false`)".to_owned();
            Err(BadCall::Unavailable { tool: name.to_owned(), reason })
        }
        Availability::Unavailable { reason } => {
            Err(BadCall::Unavailable { tool: name.to_owned(), reason: reason.clone() })
        }
    }
}

pub(super) fn bind_values(
    tool: &Tool,
    arguments: Map<String, Value>,
    beside: &Beside,
) -> Result<Map<String, Value>, BadCall> {
    let params = &tool.params;
    if params.ignores_unknown() {
        return Ok(Map::new());
    }
    if params.is_empty() && arguments.is_empty() && beside.later.is_empty() {
        return Ok(arguments);
    }
    let validator = params
        .validator()
        .map_err(|source| BadCall::Schema { tool: tool.name.to_string(), source: source.clone() })?;
    // `null` from a caller is absent.
    let given: Map<String, Value> = arguments.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let given = Value::Object(given);
    let mut problems: Vec<ArgumentProblem> = Vec::new();
    if !validator.is_valid(&given) {
        let errors = validator.iter_errors(&given).take(MAX_PROBLEMS);
        problems.extend(errors.flat_map(|error| schema_problems(params, &error, beside)));
    }
    let Value::Object(mut values) = given else { return Ok(Map::new()) };
    problems.extend(unasked(params, &values, beside));
    problems.extend(rules::check(params, &values));
    let nowhere = beside.later.keys().filter(|name| params.find(name).is_none());
    problems.extend(nowhere.map(|name| unknown(params, name)));
    if !problems.is_empty() {
        problems.truncate(MAX_PROBLEMS);
        return Err(BadCall::Arguments { tool: tool.name.to_string(), problems });
    }
    fill_defaults(params, &mut values, beside);
    Ok(values)
}

/// What a person could have been asked for, and still is not there.
fn unasked<'p>(
    params: &'p Params,
    values: &'p Map<String, Value>,
    beside: &'p Beside,
) -> impl Iterator<Item = ArgumentProblem> + 'p {
    let names = params
        .iter()
        .filter(|param| param.rule.ask && param.presence == Presence::Required)
        .map(|param| param.name.as_str());
    names
        .filter(|name| !values.contains_key(*name) && !beside.later.contains_key(*name))
        .map(|name| missing(params, name))
}

fn fill_defaults(params: &Params, values: &mut Map<String, Value>, beside: &Beside) {
    for param in params.iter() {
        if let Presence::Default(default) = &param.presence
            && !values.contains_key(param.name.as_str())
            && !beside.later.contains_key(param.name.as_str())
        {
            values.insert(param.name.to_string(), default.clone());
        }
    }
}

fn schema_problems(params: &Params, error: &ValidationError<'_>, beside: &Beside) -> Vec<ArgumentProblem> {
    let place = error.instance_path().to_string();
    let place = place.trim_start_matches('/').to_owned();
    match error.kind() {
        ValidationErrorKind::Required { property } if place.is_empty() => {
            let name = property.as_str().unwrap_or_default();
            match beside.later.contains_key(name) {
                true => Vec::new(),
                false => vec![missing(params, name)],
            }
        }
        ValidationErrorKind::AdditionalProperties { unexpected } if place.is_empty() => {
            unexpected.iter().take(MAX_PROBLEMS).map(|name| unknown(params, name)).collect()
        }
        _ => {
            let root = place.split('/').next().unwrap_or_default();
            let sensitive =
                beside.hidden.contains(root) || params.find(root).is_some_and(|param| param.rule.sensitive);
            let message = if sensitive { error.masked().to_string() } else { error.to_string() };
            vec![ArgumentProblem { place, message: shortened(&message) }]
        }
    }
}

fn missing(params: &Params, name: &str) -> ArgumentProblem {
    let schema = params.find(name).map(|param| &param.schema);
    let text = |key| schema.and_then(|schema| schema.get(key)).and_then(Value::as_str);
    let mut message = "is required".to_owned();
    match (text("type"), text("description")) {
        (Some(kind), Some(description)) => message.push_str(&format!(" ({kind}: {description})")),
        (Some(only), None) | (None, Some(only)) => message.push_str(&format!(" ({only})")),
        (None, None) => {}
    }
    ArgumentProblem { place: name.to_owned(), message }
}

fn unknown(params: &Params, name: &str) -> ArgumentProblem {
    let known: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
    let message = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("there is no such parameter; did you mean `{nearest}`?"),
        None if known.is_empty() => "there is no such parameter; this tool takes none".to_owned(),
        None => format!("there is no such parameter; expected `{}`", known.join("`, `")),
    };
    ArgumentProblem { place: shortened(name), message }
}
