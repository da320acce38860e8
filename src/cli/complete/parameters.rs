//! The arguments of a tool: names that are not given yet, and values where the file says which.

use std::path::PathBuf;

use clap_complete::engine::CompletionCandidate;
use serde_json::Value;

use crate::engine::files_of;
use crate::model::{Action, Kind as Type, Param, Presence, Suggest, Tool};

use super::offer::Kind;

/// What can be typed.
#[derive(Debug)]
pub enum Choice {
    These(Vec<CompletionCandidate>),
    /// Files below `base`, or below the current folder.
    Files {
        base: Option<PathBuf>,
    },
}

/// What can stand behind a tool, the arguments `given` and `prefix`, which is `name=`, `name:=` or
/// nothing.
pub fn choice(tool: &Tool, given: &[String], prefix: &str) -> Choice {
    let Some(written) = prefix.strip_suffix('=') else { return Choice::These(names(tool, given)) };
    let (name, is_json) = written.strip_suffix(':').map_or((written, false), |name| (name, true));
    let Some(param) = tool.params.find(name) else { return Choice::These(Vec::new()) };
    let values = values(param, given);
    if values.is_empty() && !is_json && param.rule.path.is_some() {
        return Choice::Files { base: folder(tool) };
    }
    let written = |value: &Value| if is_json { value.to_string() } else { shown(value) };
    let offers = values.iter().map(|(value, said)| Kind::Value.candidate(written(value), said));
    Choice::These(offers.collect())
}

/// What is required first; what is given is not offered again, unless a list can take more of it.
fn names(tool: &Tool, given: &[String]) -> Vec<CompletionCandidate> {
    let is_left = |param: &&Param| {
        let name = param.name.as_str();
        matches!(param.kind, Type::Array(_)) && !has_json(name, given)
            || !given.iter().any(|word| names_it(name, word))
    };
    let (required, rest): (Vec<&Param>, Vec<&Param>) =
        tool.params.iter().filter(is_left).partition(|param| param.presence == Presence::Required);
    required.into_iter().chain(rest).map(offer_of).collect()
}

fn names_it(name: &str, word: &str) -> bool {
    word.split_once('=').is_some_and(|(written, _)| written.strip_suffix(':').unwrap_or(written) == name)
}

fn has_json(name: &str, given: &[String]) -> bool {
    given.iter().any(|word| word.strip_prefix(name).is_some_and(|rest| rest.starts_with(":=")))
}

fn offer_of(param: &Param) -> CompletionCandidate {
    // An object can only be given as JSON.
    let sign = if param.kind == Type::Object { ":=" } else { "=" };
    let text = param.schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let first = text.trim().lines().next().unwrap_or_default();
    let description = match &param.presence {
        Presence::Required => first.to_owned(),
        Presence::Default(value) if !param.rule.sensitive => format!("{first} [default: {}]", shown(value)),
        Presence::Optional | Presence::Default(_) => format!("{first} [optional]"),
    };
    Kind::Parameter.candidate(format!("{}{sign}", param.name), &description)
}

/// A value and what is said of it.
type Known = (Value, &'static str);

/// The values that the file names. Items of a list are not offered twice.
fn values(param: &Param, given: &[String]) -> Vec<Known> {
    let is_list = matches!(param.kind, Type::Array(_));
    let schema = match param.schema.get("items").and_then(Value::as_object).filter(|_| is_list) {
        Some(items) => items,
        None => &param.schema,
    };
    let listed = |key: &str| schema.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let all = listed("enum").into_iter().chain(schema.get("const").cloned());
    let mut values: Vec<Known> = all.map(|value| (value, "")).collect();
    for text in suggested(param) {
        let value = Value::from(text);
        if !values.iter().any(|(known, _)| *known == value) {
            values.push((value, ""));
        }
    }
    if values.is_empty() && schema.get("type").and_then(Value::as_str) == Some("boolean") {
        values = vec![(true.into(), ""), (false.into(), "")];
    }
    if values.is_empty() && !param.rule.sensitive && param.rule.path.is_none() {
        values = listed("examples").into_iter().map(|value| (value, "an example")).collect();
    }
    mark_default(&mut values, param);
    values.retain(|(value, _)| !is_list || !given.contains(&format!("{}={}", param.name, shown(value))));
    values
}

/// What `complete` says. Nobody who presses TAB wants a command to run, so none does.
fn suggested(param: &Param) -> Vec<String> {
    match &param.rule.suggest {
        Some(Suggest::Values(values)) => values.clone(),
        Some(Suggest::Files { folder, files }) => files_of(folder, files),
        Some(Suggest::Command(_)) | None => Vec::new(),
    }
}

fn mark_default(values: &mut Vec<Known>, param: &Param) {
    let Presence::Default(default) = &param.presence else { return };
    if param.rule.sensitive || default.is_array() || default.is_object() {
        return;
    }
    match values.iter_mut().find(|(value, _)| value == default) {
        Some((_, said)) => *said = "the default",
        None if param.rule.path.is_none() => values.insert(0, (default.clone(), "the default")),
        None => {}
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What paths are relative to, if no argument says that.
fn folder(tool: &Tool) -> Option<PathBuf> {
    match &tool.action {
        Action::Process(work) => work.working_dir.as_literal().map(PathBuf::from),
        Action::Container(container) => Some(container.folder.clone()),
        Action::Http(_) | Action::Flow(_) | Action::NotSupported(_) => None,
    }
}
