//! `with` of a schedule or a trigger: values of the parameters' own kinds, and whether the command takes
//! them.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::lower::json;
use crate::config::read::Field;
use crate::config::source::Span;
use crate::config::syntax::{Kind as NodeKind, Node};
use crate::model::{BadFilling, Filling, Kind, Presence};

use super::Lowering;

impl Lowering<'_> {
    /// Of a schedule: known now, and checked.
    pub(super) fn arguments(&self, with: Option<Field<'_>>, span: Span) -> Map<String, Value> {
        if !self.is_map(with) {
            return Map::new();
        }
        let said = entries(with).filter_map(|(name, node)| {
            let kind = self.tool.params.find(name).map_or(&Kind::Any, |param| &param.kind);
            let value = json::value(self.place.reader, node, kind).filter(|value| !value.is_null())?;
            Some((name.to_owned(), value))
        });
        let arguments: Map<String, Value> = said.collect();
        let Ok(validator) = self.tool.params.validator() else { return arguments };
        let whole = Value::Object(arguments.clone());
        for error in validator.iter_errors(&whole) {
            let place = error.instance_path().to_string();
            let name = place.trim_start_matches('/').split('/').next().unwrap_or_default();
            let is_sensitive = self.tool.params.find(name).is_some_and(|param| param.rule.sensitive);
            let reason = if is_sensitive { error.masked().to_string() } else { error.to_string() };
            let value = entries(with).find(|(known, _)| *known == name).map(|(_, node)| node.span);
            let at = value.or(with.map(|field| field.key_span)).unwrap_or(span);
            let message = format!("the command would refuse this call: {reason}");
            self.error(Code::VainArguments, at, message, "say it in `with`, as a caller would");
        }
        arguments
    }

    /// Of a trigger: what is known when it goes off is left open.
    pub(super) fn fillings(
        &self,
        with: Option<Field<'_>>,
        known: &[&str],
        span: Span,
    ) -> Vec<(String, Filling)> {
        let mut fillings = Vec::new();
        if !self.is_map(with) {
            return fillings;
        }
        for (name, node) in entries(with) {
            let Some(param) = self.tool.params.find(name) else {
                let message = format!("`{name}` is no parameter of this command");
                let names: Vec<&str> = self.tool.params.iter().map(|param| param.name.as_str()).collect();
                let help = match names.is_empty() {
                    true => "it has none".to_owned(),
                    false => format!("expected `{}`", names.join("`, `")),
                };
                self.error(Code::VainArguments, node.span, message, &help);
                continue;
            };
            fillings.extend(self.filling(node, known, &param.kind).map(|filling| (name.to_owned(), filling)));
        }
        let needed = self.tool.params.iter().filter(|param| param.presence == Presence::Required);
        for param in needed.filter(|param| !entries(with).any(|(name, _)| name == param.name.as_str())) {
            let message = format!("nothing is said of `{}`, which is required", param.name);
            let at = with.map_or(span, |field| field.key_span);
            self.error(Code::VainArguments, at, message, "say it in `with`, as a caller would");
        }
        fillings
    }

    fn filling(&self, node: &Node<'_>, known: &[&str], kind: &Kind) -> Option<Filling> {
        match &node.kind {
            NodeKind::Scalar(scalar) if scalar.text.contains("{{") => {
                match Filling::read(&scalar.text, known) {
                    Ok(filling) => Some(filling),
                    Err(bad) => {
                        self.report(node.span, &bad);
                        None
                    }
                }
            }
            NodeKind::List(items) => items
                .iter()
                .map(|item| self.filling(item, known, &Kind::Any))
                .collect::<Option<_>>()
                .map(Filling::List),
            NodeKind::Map(entries) => entries
                .iter()
                .map(|entry| {
                    Some((entry.key.text.to_string(), self.filling(&entry.value, known, &Kind::Any)?))
                })
                .collect::<Option<_>>()
                .map(Filling::Map),
            _ => json::value(self.place.reader, node, kind).map(Filling::Value),
        }
    }

    fn report(&self, span: Span, bad: &BadFilling) {
        let help = "`{{path}}` and `{{paths}}` are of files, `{{body.NAME}}` is of a webhook";
        self.error(Code::VainArguments, span, bad.to_string(), help);
    }

    fn is_map(&self, with: Option<Field<'_>>) -> bool {
        let strange = with.filter(|field| !matches!(field.node.kind, NodeKind::Map(_)));
        if let Some(field) = strange {
            self.place.reader.wrong_type(field.node, "`with`", "a map of parameters and values");
        }
        strange.is_none()
    }
}

fn entries<'n>(with: Option<Field<'n>>) -> impl Iterator<Item = (&'n str, &'n Node<'n>)> {
    let entries = with.map(|field| field.node.entries()).unwrap_or_default();
    entries.iter().map(|entry| (&*entry.key.text, &entry.value))
}
