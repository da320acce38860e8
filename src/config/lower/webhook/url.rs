//! `url`: where a call goes, judged before anybody calls.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::{Scope, Spot};
use crate::config::read::Spanned;
use crate::model::{BadUrl, Origin, Piece, Presence, Reference, Template, UrlTemplate};

pub fn url(scope: &Scope<'_>, written: Spanned<&str>, allow_private: bool) -> Option<UrlTemplate> {
    let template = scope.template(written, Spot::Url, false)?;
    super::refuse_lists(scope, &template, written.span);
    let is_expanded = !scope.place.host.as_written;
    let parse = if is_expanded { UrlTemplate::parse } else { UrlTemplate::parse_unexpanded };
    let url = match parse(&template) {
        Ok(url) => url,
        Err(error) => {
            scope.problems.add(bad_url(&error, &template, written));
            return None;
        }
    };
    refuse_absent(scope, &url, written);
    judge_origin(scope, &url.origin, written, allow_private);
    Some(url)
}

fn bad_url(error: &BadUrl, template: &Template, written: Spanned<&str>) -> Diagnostic {
    let problem = Diagnostic::error(Code::BadUrl, written.span, error.to_string());
    match error {
        BadUrl::Scheme if template.source().starts_with('/') => {
            problem.help("write the whole URL: `https://HOST/…`; `\"{{vars.base_url}}/…\"` works too")
        }
        BadUrl::Scheme => problem.help("expected such as `https://api.example.com/items`"),
        BadUrl::TemplateInOrigin(_) => {
            problem.help("write the host itself, or a variable of the file: `\"{{vars.base_url}}/…\"`")
        }
        BadUrl::UserInfo => {
            problem.help("write `auth: { type: basic, username: …, password: \"{{secrets.NAME}}\" }`")
        }
        BadUrl::Host(_) => {
            problem.help("expected a name such as `api.example.com`, or an address of four numbers")
        }
        BadUrl::Fragment => problem.help("remove it, or write `%23` for the sign itself"),
        BadUrl::Dots(_) => problem.help("write the path that is meant"),
        BadUrl::NoHost | BadUrl::Port(_) | BadUrl::Character(_) => problem,
    }
}

/// Without its value there is a hole in the URL.
fn refuse_absent(scope: &Scope<'_>, url: &UrlTemplate, written: Spanned<&str>) {
    for reference in url.references() {
        let Reference::Param { name, .. } = reference else { continue };
        let is_optional = scope.params.find(name.as_str()).map(|param| &param.presence);
        if is_optional != Some(&Presence::Optional) {
            continue;
        }
        let in_query = url.query.iter().flatten().any(|piece| match piece {
            Piece::Value(other) | Piece::Json(other) => other == reference,
            Piece::Text(_) => false,
        });
        let message = format!("the URL has a hole where `{name}` is absent");
        let problem = Diagnostic::error(Code::AbsentInUrl, written.span, message);
        scope.problems.add(match in_query {
            true => problem.help(format!(
                "move it to `query: {{ {name}: \"{{{{{name}}}}}\" }}`, where an absent value drops the pair"
            )),
            false => problem.help("give the parameter a `default`, or make it required"),
        });
    }
}

fn judge_origin(scope: &Scope<'_>, origin: &Origin, written: Spanned<&str>, allow_private: bool) {
    let is_private = origin.host.is_private();
    if is_private && !allow_private {
        let message = format!("`{}` is reached from this host or its network only", origin.host);
        let problem = Diagnostic::error(Code::PrivateHost, written.span, message);
        scope.problems.add(problem.help(
            "add `allow_private: true` to `webhook` if this command is meant to call into your own network",
        ));
    }
    if !origin.is_secure && !origin.host.is_loopback() {
        let message = format!("everybody on the way to `{}` can read and change this call", origin.host);
        let problem = Diagnostic::warning(Code::PlainHttp, written.span, message);
        scope.problems.add(problem.help("write `https://` if the server speaks it"));
    }
}
