//! `auth`: who the caller says it is.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::{AuthType, Pair, WebhookAuth};
use crate::config::read::Spanned;
use crate::model::{HttpAuth, Template};

use super::headers::{header, is_good_name};
use super::oauth::oauth2;

/// Where an API key goes unless the file says otherwise.
const KEY_HEADER: &str = "X-API-Key";

pub fn auth(
    scope: &Scope<'_>,
    written: &WebhookAuth<'_>,
    headers: &[Pair<'_>],
    allow_private: bool,
) -> Option<HttpAuth> {
    let Some(kind) = written.kind else {
        // Not known: what it names is used all the same.
        let values = [written.token, written.username, written.password, written.key];
        let values = values.into_iter().chain([written.client_id, written.client_secret]);
        for value in values.flatten() {
            let _ = header(scope, value);
        }
        return None;
    };
    refuse_strange(scope, written, kind);
    let auth = match kind {
        AuthType::Bearer => HttpAuth::Bearer(needed(scope, written, written.token, "token")?),
        AuthType::Basic => {
            let username = needed(scope, written, written.username, "username");
            let password = needed(scope, written, written.password, "password");
            HttpAuth::Basic { username: username?, password: password? }
        }
        AuthType::ApiKey => {
            let name = written.header.filter(|name| is_good_name(scope, *name));
            HttpAuth::Header {
                name: name.map_or(KEY_HEADER, |name| name.value).to_owned(),
                value: needed(scope, written, written.key, "key")?,
            }
        }
        AuthType::OAuth2 => oauth2(scope, written, allow_private)?,
    };
    refuse_twice(scope, &auth, headers);
    Some(auth)
}

pub(super) fn needed(
    scope: &Scope<'_>,
    auth: &WebhookAuth<'_>,
    value: Option<Spanned<&str>>,
    key: &str,
) -> Option<Template> {
    let Some(value) = value.filter(|value| !value.value.is_empty()) else {
        let message = format!("this `auth` has no `{key}`");
        let problem = Diagnostic::error(Code::BadAuth, value.map_or(auth.span, |value| value.span), message);
        scope.problems.add(
            problem
                .help(format!("declare the secret at the root and write `{key}: \"{{{{secrets.NAME}}}}\"`")),
        );
        return None;
    };
    header(scope, value)
}

/// Keys of another type of authentication.
fn refuse_strange(scope: &Scope<'_>, auth: &WebhookAuth<'_>, kind: AuthType) {
    let place = |value: &Option<Spanned<&str>>| value.map(|value| value.span);
    let keys = [
        ("token", place(&auth.token), AuthType::Bearer, "bearer"),
        ("username", place(&auth.username), AuthType::Basic, "basic"),
        ("password", place(&auth.password), AuthType::Basic, "basic"),
        ("key", place(&auth.key), AuthType::ApiKey, "api_key"),
        ("header", place(&auth.header), AuthType::ApiKey, "api_key"),
        ("token_url", place(&auth.token_url), AuthType::OAuth2, "oauth2"),
        ("client_id", place(&auth.client_id), AuthType::OAuth2, "oauth2"),
        ("client_secret", place(&auth.client_secret), AuthType::OAuth2, "oauth2"),
        ("scopes", auth.scopes.as_ref().map(|(span, _)| *span), AuthType::OAuth2, "oauth2"),
        ("audience", place(&auth.audience), AuthType::OAuth2, "oauth2"),
        ("auth_style", auth.style.as_ref().map(|style| style.span), AuthType::OAuth2, "oauth2"),
    ];
    for (key, span, of, name) in keys {
        if let Some(span) = span
            && of != kind
        {
            let message = format!("`{key}` goes with `type: {name}`");
            scope.problems.add(Diagnostic::error(Code::BadAuth, span, message));
        }
    }
}

fn refuse_twice(scope: &Scope<'_>, auth: &HttpAuth, headers: &[Pair<'_>]) {
    let name = match auth {
        HttpAuth::Bearer(_) | HttpAuth::Basic { .. } | HttpAuth::OAuth2(_) => "Authorization",
        HttpAuth::Header { name, .. } => name,
    };
    if let Some(header) = headers.iter().find(|header| header.name.value.eq_ignore_ascii_case(name)) {
        let message = format!("`auth` sets the header `{name}` too");
        let problem = Diagnostic::error(Code::BadAuth, header.name.span, message);
        scope.problems.add(problem.help("keep one of them"));
    }
}
