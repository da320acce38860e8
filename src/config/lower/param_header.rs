//! `x-mcp-header`: whether clients can do what it asks of them, and whether it gives away a secret.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::Command;
use crate::model::check_param_headers;

use super::param::LoweredParams;
use super::place::Place;

const KEYWORD: &str = "x-mcp-header";

pub fn check(place: &Place<'_>, params: &LoweredParams, command: &Command<'_>) {
    let Some(field) = command.input_schema.or(command.params) else { return };
    let is_there = params.is_whole() || params.list.iter().any(|param| param.schema.contains_key(KEYWORD));
    if !is_there {
        return;
    }
    let complain = |message: String| {
        let span = place.reader.span_within(field.node.span, KEYWORD);
        place.reader.problems.add(Diagnostic::error(Code::BadParamHeader, span, message));
    };
    let secret = params.list.iter().find(|param| param.rule.sensitive && param.schema.contains_key(KEYWORD));
    if let Some(secret) = secret {
        complain(format!("`{}` is sensitive: headers are logged on their way", secret.name));
    }
    if let Err(problem) = check_param_headers(params.params().input_schema()) {
        complain(problem.to_string());
    }
}
