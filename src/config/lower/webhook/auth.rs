//! `auth`: who the caller says it is.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::{AuthType, Pair, WebhookAuth};
use crate::config::read::Spanned;
use crate::model::{HttpAuth, Template};

use super::headers::{header, is_good_name};

/// Where an API key goes unless the file says otherwise.
const KEY_HEADER: &str = "X-API-Key";

pub fn auth(scope: &Scope<'_>, written: &WebhookAuth<'_>, headers: &[Pair<'_>]) -> Option<HttpAuth> {
    let Some(kind) = written.kind else {
        // Not known or not built yet: what it names is used all the same.
        for value in [written.token, written.username, written.password, written.key].into_iter().flatten() {
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
    };
    refuse_twice(scope, &auth, headers);
    Some(auth)
}

fn needed(
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
    let keys = [
        ("token", auth.token, AuthType::Bearer, "bearer"),
        ("username", auth.username, AuthType::Basic, "basic"),
        ("password", auth.password, AuthType::Basic, "basic"),
        ("key", auth.key, AuthType::ApiKey, "api_key"),
        ("header", auth.header, AuthType::ApiKey, "api_key"),
    ];
    for (key, value, of, name) in keys {
        if let Some(value) = value
            && of != kind
        {
            let message = format!("`{key}` goes with `type: {name}`");
            scope.problems.add(Diagnostic::error(Code::BadAuth, value.span, message));
        }
    }
}

fn refuse_twice(scope: &Scope<'_>, auth: &HttpAuth, headers: &[Pair<'_>]) {
    let name = match auth {
        HttpAuth::Bearer(_) | HttpAuth::Basic { .. } => "Authorization",
        HttpAuth::Header { name, .. } => name,
    };
    if let Some(header) = headers.iter().find(|header| header.name.value.eq_ignore_ascii_case(name)) {
        let message = format!("`auth` sets the header `{name}` too");
        let problem = Diagnostic::error(Code::BadAuth, header.name.span, message);
        scope.problems.add(problem.help("keep one of them"));
    }
}
