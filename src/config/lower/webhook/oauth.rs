//! `auth` of `type: oauth2`: whom a token is fetched from, and with which credentials.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::WebhookAuth;
use crate::config::read::Spanned;
use crate::model::{ClientStyle, HttpAuth, OAuth2, UrlTemplate};

use super::auth::needed;

pub fn oauth2(scope: &Scope<'_>, written: &WebhookAuth<'_>, allow_private: bool) -> Option<HttpAuth> {
    let token_url = token_url(scope, written, allow_private);
    let client_id = needed(scope, written, written.client_id, "client_id");
    let client_secret = needed(scope, written, written.client_secret, "client_secret");
    let scopes = written.scopes.as_ref().map_or(&[][..], |(_, scopes)| scopes);
    let scopes: Vec<Option<String>> =
        scopes.iter().map(|written| fixed(scope, *written, "scopes", "the scope")).collect();
    let audience = written.audience.map(|written| fixed(scope, written, "audience", "the audience"));
    Some(HttpAuth::OAuth2(Box::new(OAuth2 {
        token_url: token_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        scopes: scopes.into_iter().collect::<Option<Vec<_>>>()?,
        audience: match audience {
            Some(audience) => Some(audience?),
            None => None,
        },
        style: written.style.map_or(ClientStyle::Header, |style| style.value),
    })))
}

/// Callers choose nothing of it.
fn token_url(scope: &Scope<'_>, auth: &WebhookAuth<'_>, allow_private: bool) -> Option<UrlTemplate> {
    let Some(written) = auth.token_url.filter(|url| !url.value.is_empty()) else {
        let message = "this `auth` has no `token_url`";
        let problem = Diagnostic::error(Code::BadAuth, auth.span, message);
        scope.problems.add(problem.help("write where a token is fetched: `token_url: https://…`"));
        return None;
    };
    let url = super::url::url(scope, written, allow_private)?;
    if url.references().next().is_some() {
        let message = "callers do not choose where a token is fetched";
        scope.problems.add(Diagnostic::error(Code::BadAuth, written.span, message));
        return None;
    }
    Some(url)
}

fn fixed(scope: &Scope<'_>, written: Spanned<&str>, key: &str, what: &str) -> Option<String> {
    scope.place.fixed(written, key, what, false)
}
