//! Issuers of tokens → [`Issuer`]. What cannot be read of one lets nobody in.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::model::{
    Algorithm, ClaimNames, Endpoints, Introspection, Issuer, Permissions, SecretText, ServiceUrl,
};

use super::caller::Callers;

const LEEWAY: Duration = Duration::from_secs(30);
/// Beyond it a token that has expired is as good as one that has not.
const MOST_LEEWAY: Duration = Duration::from_secs(5 * 60);
const CACHE: Duration = Duration::from_secs(30);
const MOST_CACHE: Duration = Duration::from_secs(60);

pub(super) fn issuers(callers: &Callers<'_>, written: Vec<native::HttpIssuer<'_>>) -> Vec<Issuer> {
    let reader = callers.reader;
    let mut issuers: Vec<(Issuer, Span)> = Vec::new();
    for written in written {
        let span = written.span;
        let Some(issuer) = issuer(callers, written) else { continue };
        if let Some((_, first)) = issuers.iter().find(|(known, _)| known.name == issuer.name) {
            let message = format!("the issuer `{}` is there already", issuer.name);
            let problem =
                Diagnostic::error(Code::DuplicateIssuer, span, message).other(*first, "the other is here");
            reader.problems.add(problem.help("say once what is asked of its tokens"));
            continue;
        }
        issuers.push((issuer, span));
    }
    let is_one_of_several = issuers.len() > 1;
    issuers.into_iter().map(|(issuer, _)| Issuer { is_one_of_several, ..issuer }).collect()
}

fn issuer(callers: &Callers<'_>, written: native::HttpIssuer<'_>) -> Option<Issuer> {
    let reader = callers.reader;
    let url = |text: Option<Spanned<&str>>, key| text.map(|text| service(reader, text, key)).transpose();
    let name = url(written.issuer, "issuer");
    let jwks_uri = url(written.jwks_uri, "jwks_uri");
    let resource = url(written.resource, "resource");
    let authorization = url(written.authorization_endpoint, "authorization_endpoint");
    let token = url(written.token_endpoint, "token_endpoint");
    let introspection =
        written.introspection.as_ref().map(|written| introspection(callers, written)).transpose();
    let audience = audience(reader, &written.audience, written.span);
    let claims = claims(&written);
    let needs_tenant = claims.tenant.is_some() && !callers.tenants.is_empty();
    let says_permissions = written.permissions.is_some();
    let permissions = match written.permissions {
        Some(patterns) => Permissions::of(owned(patterns)),
        None if claims.roles.is_some() => Permissions::Tools([].into()),
        None => Permissions::All,
    };
    Some(Issuer {
        name: name.ok()??,
        is_one_of_several: false,
        audience: audience?,
        resource: resource.ok()?,
        jwks_uri: jwks_uri.ok()?,
        algorithms: written.algorithms.unwrap_or_else(|| Algorithm::ALL.into()),
        required_scopes: written.required_scopes,
        scopes: written.scopes.unwrap_or_default(),
        leeway: written.leeway.unwrap_or(LEEWAY).min(MOST_LEEWAY),
        claims,
        needs_tenant,
        permissions,
        says_permissions,
        introspection: introspection.ok()?.flatten(),
        is_announced: written.is_announced,
        endpoints: Endpoints { authorization: authorization.ok()?, token: token.ok()? },
    })
}

fn owned(texts: Vec<Spanned<&str>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value.to_owned()).collect()
}

/// An address of an issuer, as it stands there: tokens name it by the letter.
fn service(reader: &Reader<'_>, text: Spanned<&str>, key: &str) -> Result<String, ()> {
    let parse =
        if ["issuer", "resource"].contains(&key) { ServiceUrl::parse_name } else { ServiceUrl::parse };
    match parse(text.value) {
        Ok(_) => Ok(text.value.to_owned()),
        Err(problem) => {
            let message = format!("`{key}` cannot be `{}`: {problem}", text.value);
            let problem = Diagnostic::error(Code::BadIssuer, text.span, message);
            reader.problems.add(problem.help(
                "expected an address such as `https://id.example.com`; `http://` only on this machine",
            ));
            Err(())
        }
    }
}

fn audience(reader: &Reader<'_>, written: &[Spanned<&str>], span: Span) -> Option<Vec<String>> {
    let named: Vec<String> =
        written.iter().map(|text| text.value.trim().to_owned()).filter(|text| !text.is_empty()).collect();
    if named.is_empty() {
        let message = "`audience` names nobody, so a token for any other service would let in";
        let problem = Diagnostic::error(Code::NoAudience, span, message);
        reader.problems.add(
            problem.help("name this server as the issuer does: `audience: https://tools.example.com/mcp`"),
        );
        return None;
    }
    Some(named)
}

fn claims(written: &native::HttpIssuer<'_>) -> ClaimNames {
    let named = |text: Option<Spanned<&str>>| {
        text.map(|text| text.value.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let default = if written.is_original { ClaimNames::by_email() } else { ClaimNames::default() };
    ClaimNames {
        name: named(written.name_claim).map_or(default.name, |name| vec![name]),
        roles: named(written.roles_claim),
        tenant: named(written.tenant_claim),
    }
}

fn introspection(
    callers: &Callers<'_>,
    written: &native::HttpIntrospection<'_>,
) -> Result<Option<Introspection>, ()> {
    let reader = callers.reader;
    let native::HttpIntrospection { span, endpoint, client_id, client_secret, cache } = written;
    let endpoint = endpoint.map(|text| service(reader, text, "endpoint")).transpose();
    let (Some(id), Some(secret)) = (client_id, client_secret) else { return Err(()) };
    if callers.is_left_out(*secret) {
        return Ok(None);
    }
    let secret = SecretText::of(secret.value.to_owned()).map_err(|problem| {
        let message = format!("`client_secret` cannot be that: {problem}");
        let problem = Diagnostic::error(Code::BadIntrospection, *span, message);
        reader.problems.add(problem.help("take it from a variable: `client_secret: \"${SECRET}\"`"));
    })?;
    Ok(Some(Introspection {
        endpoint: endpoint?,
        client_id: id.value.to_owned(),
        client_secret: secret,
        cache: cache.unwrap_or(CACHE).min(MOST_CACHE),
    }))
}
