//! `webhook` of a command → a call of an HTTP interface.

mod auth;
mod body;
mod headers;
mod multipart;
mod oauth;
mod proxy;
mod tls;
mod url;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Command, Pair, Settings, Webhook, WebhookStream};
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::model::{HttpAction, HttpBody, HttpStream, HttpTimes, Kind, Method, Piece, Reference, Template};

use super::scope::{Scope, Spot};

/// Where a file says nothing.
const REDIRECTS: u32 = 5;

/// The call that a command makes. `None` if it makes none that works; that has been reported.
pub fn webhook(
    scope: &Scope<'_>,
    command: &Command<'_>,
    webhook: &Webhook<'_>,
    settings: &Settings,
) -> Option<HttpAction> {
    report_pointless(scope, command);
    request(scope, webhook, settings.proxy.as_ref())
}

/// The call itself, whatever makes it.
pub fn request(
    scope: &Scope<'_>,
    webhook: &Webhook<'_>,
    usual_proxy: Option<&Spanned<String>>,
) -> Option<HttpAction> {
    let allow_private = webhook.allow_private.unwrap_or(false);
    // All of it is read, so that every problem is told.
    let url = webhook.url.and_then(|written| url::url(scope, written, allow_private));
    let query = pairs(scope, &webhook.query, Spot::Url);
    let headers = headers::headers(scope, &webhook.headers);
    let auth =
        webhook.auth.as_ref().map(|written| auth::auth(scope, written, &webhook.headers, allow_private));
    let body = body::body(scope, webhook);
    let usual = if matches!(body, Some(HttpBody::Empty)) { Method::Get } else { Method::Post };
    let tls = webhook.tls.as_ref().map(|written| tls::tls(scope, written));
    let proxy = proxy::proxy(scope, webhook.proxy, usual_proxy);
    let redirects = webhook.max_redirects.unwrap_or(REDIRECTS);
    Some(HttpAction {
        method: webhook.method.map_or(usual, |method| method.value),
        url: url?,
        query,
        headers,
        auth: match auth {
            Some(auth) => Some(auth?),
            None => None,
        },
        body: body?,
        success: webhook.success.clone().unwrap_or_default(),
        redirects: if webhook.follow_redirects.unwrap_or(true) { redirects } else { 0 },
        allow_private,
        tls: match tls {
            Some(tls) => Some(tls?),
            None => None,
        },
        proxy: proxy?,
        times: HttpTimes {
            connect: webhook.connect_timeout.unwrap_or(HttpTimes::CONNECT),
            attempt: webhook.try_timeout,
            silence: webhook.read_timeout,
        },
        stream: stream(webhook.stream.as_ref()),
        signed: None,
        folder: scope.place.base.clone(),
    })
}

fn stream(written: Option<&WebhookStream<'_>>) -> HttpStream {
    match written {
        Some(WebhookStream::Switch(false)) => HttpStream::Bytes,
        Some(WebhookStream::Switch(true)) | None => HttpStream::Events { until: None },
        Some(WebhookStream::Until(until)) => {
            HttpStream::Events { until: until.map(|until| until.value.to_owned()) }
        }
    }
}

/// Names with their values; what could not be read has been reported.
fn pairs(scope: &Scope<'_>, written: &[Pair<'_>], spot: Spot) -> Vec<(String, Vec<Template>)> {
    let read = |pair: &Pair<'_>| {
        let values = pair.values.iter().filter_map(|value| {
            let template = scope.template(*value, spot, false)?;
            if template.whole().is_none() {
                refuse_lists(scope, &template, value.span);
            }
            Some(template)
        });
        (pair.name.value.to_owned(), values.collect())
    };
    written.iter().map(read).collect()
}

/// A list has no form of its own inside of a text.
fn refuse_lists(scope: &Scope<'_>, template: &Template, span: Span) {
    for piece in template.pieces() {
        let Piece::Value(Reference::Param { name, path }) = piece else { continue };
        let kind = scope.params.find(name.as_str()).map(|param| &param.kind);
        if !path.is_empty() || !matches!(kind, Some(Kind::Array(_) | Kind::Object)) {
            continue;
        }
        let what = if matches!(kind, Some(Kind::Object)) { "map" } else { "list" };
        let message = format!("the {what} `{name}` cannot be a part of a text");
        let problem = Diagnostic::error(Code::ListInWord, span, message);
        scope.problems.add(problem.help(format!(
            "write `query: {{ {name}: \"{{{{{name}}}}}\" }}` to repeat it, or `{{{{json {name}}}}}` for JSON"
        )));
    }
}

/// Keys that belong to processes.
fn report_pointless(scope: &Scope<'_>, command: &Command<'_>) {
    for (key, span) in &command.process_keys {
        let message = format!("`{key}` is for processes; an HTTP call has none");
        let problem = Diagnostic::error(Code::Pointless, *span, message);
        scope.problems.add(match *key {
            "args" => problem.help("parameters go into `url`, `query`, `headers` or `body` of `webhook`"),
            "stdin" => problem.help("what is sent is the `body` of `webhook`"),
            "exit_codes" => problem.help("`success` of `webhook` lists the status codes that are success"),
            _ => problem.help("remove it"),
        });
    }
}
