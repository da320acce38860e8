//! `proxy`: whom a call is sent through.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::read::Spanned;
use crate::model::{Origin, Template, UrlTemplate};

/// What a command says, or else `defaults`. `None` outside: it cannot be; that has been reported.
pub fn proxy(
    scope: &Scope<'_>,
    own: Option<Spanned<&str>>,
    of_all: Option<&Spanned<String>>,
) -> Option<Option<Origin>> {
    let of_all = of_all.map(|proxy| Spanned { value: proxy.value.as_str(), span: proxy.span });
    match own.or(of_all) {
        None => Some(None),
        Some(written) if written.value == "none" => Some(None),
        Some(written) => read(scope, written).map(Some),
    }
}

fn read(scope: &Scope<'_>, written: Spanned<&str>) -> Option<Origin> {
    let text = scope.place.fixed(written, "proxy", "the proxy", true)?;
    let is_expanded = !scope.place.host.as_written;
    let parse = if is_expanded { UrlTemplate::parse } else { UrlTemplate::parse_unexpanded };
    let problem = match parse(&Template::literal(text)) {
        Ok(url) if url.query.is_none() && url.segments.iter().all(Vec::is_empty) => return Some(url.origin),
        Ok(_) => "a proxy has no path".to_owned(),
        Err(error) => error.to_string(),
    };
    let problem = Diagnostic::error(Code::BadProxy, written.span, problem);
    scope.problems.add(problem.help("expected `http://HOST:PORT`, `https://HOST:PORT`, or `none`"));
    None
}
