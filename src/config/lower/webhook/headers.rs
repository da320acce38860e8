//! `headers`: names and values that a server takes, and none that belong to the connection.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::{Scope, Spot};
use crate::config::native::Pair;
use crate::config::read::Spanned;
use crate::model::Template;

/// What says where a message ends or who is spoken to is for the client alone.
const OURS: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "accept-encoding",
];

pub fn headers(scope: &Scope<'_>, written: &[Pair<'_>]) -> Vec<(String, Template)> {
    let mut headers = Vec::with_capacity(written.len());
    for Pair { name, values } in written {
        if !is_good_name(scope, *name) {
            continue;
        }
        for value in values {
            headers.extend(header(scope, *value).map(|template| (name.value.to_owned(), template)));
        }
    }
    headers
}

/// The value of a header.
pub fn header(scope: &Scope<'_>, written: Spanned<&str>) -> Option<Template> {
    let template = scope.template(written, Spot::Private, false)?;
    super::refuse_lists(scope, &template, written.span);
    if written.value.chars().any(|c| c.is_control() && c != '\t') {
        let message = "the value of a header cannot hold a line break";
        scope.problems.add(Diagnostic::error(Code::BadHeader, written.span, message));
        return None;
    }
    Some(template)
}

/// Whether a header can have this name; if not, that has been reported.
pub fn is_good_name(scope: &Scope<'_>, name: Spanned<&str>) -> bool {
    let is_token = !name.value.is_empty()
        && name.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    let is_ours = OURS.contains(&name.value.to_ascii_lowercase().as_str())
        || name.value.to_ascii_lowercase().starts_with("proxy-");
    let problem = match (is_token, is_ours) {
        (true, false) => return true,
        (false, _) => Diagnostic::error(
            Code::BadHeader,
            name.span,
            format!("`{}` cannot be the name of a header", name.value),
        )
        .help("expected letters, digits and `-`, such as `X-Request-Id`"),
        (true, true) => Diagnostic::error(
            Code::BadHeader,
            name.span,
            format!("`{}` belongs to the connection and is set by itself", name.value),
        )
        .help("remove it"),
    };
    scope.problems.add(problem);
    false
}
