//! `body`, `form` and `multipart`: what a call carries.

use serde_json::Value;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::json;
use crate::config::lower::param_rule::is_free_text;
use crate::config::lower::scope::{Scope, Spot};
use crate::config::native::Webhook;
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::config::syntax::{Kind as NodeKind, Node};
use crate::model::{HttpBody, JsonTemplate, Kind, Piece, Reference, Template};

use super::multipart::multipart;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// `None` if it cannot be sent; that has been reported.
pub fn body(scope: &Scope<'_>, webhook: &Webhook<'_>) -> Option<HttpBody> {
    let carried = [
        ("body", webhook.body.map(|field| field.key_span)),
        ("form", webhook.form.as_ref().map(|form| form.key_span)),
        ("multipart", webhook.multipart.as_ref().map(|parts| parts.key_span)),
    ];
    let mut carried = carried.into_iter().filter_map(|(key, span)| Some((key, span?)));
    let first = carried.next();
    if let (Some((one, place)), Some((other, span))) = (first, carried.next()) {
        let message = format!("a call carries either `{one}` or `{other}`; found both");
        let problem = Diagnostic::error(Code::BadBody, span, message);
        scope.problems.add(problem.other(place, format!("`{one}` is here")));
        return None;
    }
    let body = match (webhook.body, &webhook.form, &webhook.multipart) {
        (Some(field), ..) => match &field.node.kind {
            NodeKind::Scalar(scalar) => {
                let written = Spanned { value: &*scalar.text, span: field.node.span };
                text(scope, written)
            }
            _ => json_template(scope, field.node).map(HttpBody::Json),
        },
        (_, Some(form), _) => Some(HttpBody::Form(super::pairs(scope, &form.list, Spot::Private))),
        (.., Some(parts)) => {
            refuse_type(scope, webhook);
            multipart(scope, parts).map(HttpBody::Multipart)
        }
        (None, None, None) => Some(HttpBody::Empty),
    };
    let place = first.map(|(_, span)| span);
    if let (Some(method), Some(place)) = (webhook.method, place)
        && !method.value.takes_body()
    {
        let message = format!("a body means nothing with `{}`", method.value);
        let problem = Diagnostic::error(Code::BadBody, place, message);
        scope.problems.add(problem.other(method.span, "the method is here").help("use `query`, or `POST`"));
    }
    body
}

/// What stands between the parts is known to the one alone who makes it.
fn refuse_type(scope: &Scope<'_>, webhook: &Webhook<'_>) {
    let header = webhook.headers.iter().find(|header| header.name.value.eq_ignore_ascii_case("content-type"));
    if let Some(header) = header {
        let message = "`multipart` sets the header `Content-Type` itself";
        scope.problems.add(Diagnostic::error(Code::BadHeader, header.name.span, message).help("remove it"));
    }
}

/// A text is sent as written.
fn text(scope: &Scope<'_>, written: Spanned<&str>) -> Option<HttpBody> {
    let template = scope.template(written, Spot::Private, false)?;
    let begins = written.value.trim_start().chars().next();
    let is_document = matches!(begins, Some('{' | '[')) && template.whole().is_none();
    if is_document || begins == Some('<') {
        refuse_pasted(scope, &template, written.span, is_document);
    }
    let of_json = template.whole().is_some_and(|reference| match reference {
        Reference::Param { name, path } if path.is_empty() => {
            let kind = scope.params.find(name.as_str()).map(|param| &param.kind);
            matches!(kind, Some(Kind::Array(_) | Kind::Object))
        }
        _ => false,
    });
    let content_type = if is_document || of_json { JSON } else { TEXT };
    Some(HttpBody::Text { text: template, content_type })
}

/// Free text of a caller inside of a document could end the string that it stands in.
fn refuse_pasted(scope: &Scope<'_>, template: &Template, span: Span, is_json: bool) {
    for piece in template.pieces() {
        let Piece::Value(Reference::Param { name, .. }) = piece else { continue };
        if !scope.params.find(name.as_str()).is_some_and(is_free_text) {
            continue;
        }
        let message = format!("the text `{name}` could change the document that it is pasted into");
        let problem = Diagnostic::error(Code::PastedText, span, message);
        scope.problems.add(match is_json {
            true => problem.help(format!(
                "write the body as a map, `body: {{ … }}`, or `{{{{json {name}}}}}` without quotes around it"
            )),
            false => {
                problem.help("narrow the parameter by `enum` or by a `pattern` without `<`, `>` and `&`")
            }
        });
    }
}

/// A map or a list is JSON.
fn json_template(scope: &Scope<'_>, node: &Node<'_>) -> Option<JsonTemplate> {
    match &node.kind {
        NodeKind::Scalar(scalar) if scalar.text.contains("{{") => {
            let written = Spanned { value: &*scalar.text, span: node.span };
            scope.template(written, Spot::Private, false).map(JsonTemplate::Text)
        }
        NodeKind::List(items) => {
            let items: Vec<Option<JsonTemplate>> =
                items.iter().map(|item| json_template(scope, item)).collect();
            items.into_iter().collect::<Option<Vec<_>>>().map(JsonTemplate::List)
        }
        NodeKind::Map(entries) => {
            let entries: Vec<Option<(String, JsonTemplate)>> = entries
                .iter()
                .map(|entry| {
                    refuse_key(scope, &entry.key.text, entry.key.span);
                    Some((entry.key.text.to_string(), json_template(scope, &entry.value)?))
                })
                .collect();
            entries.into_iter().collect::<Option<Vec<_>>>().map(JsonTemplate::Map)
        }
        NodeKind::Null => Some(JsonTemplate::Value(Value::Null)),
        NodeKind::Scalar(_) | NodeKind::Broken => {
            json::value(scope.place.reader, node, &Kind::Any).map(JsonTemplate::Value)
        }
    }
}

fn refuse_key(scope: &Scope<'_>, key: &str, span: Span) {
    if key.contains("{{") {
        // What it names is used, if in the wrong place.
        let _ = scope.template(Spanned { value: key, span }, Spot::Private, false);
        let message = "a key of a body cannot hold a template: callers fill values";
        let problem = Diagnostic::error(Code::BadBody, span, message);
        scope.problems.add(problem.help("take the whole map as one parameter: `body: \"{{name}}\"`"));
    }
}
