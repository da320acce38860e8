//! A caller who is imagined → the caller that the file would make of them.

use std::sync::Arc;

use crate::model::{AuthMethod, Catalog, Issuer, Permissions, Principal, StandIn, nearest};

/// Nobody is called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownCaller {
    #[error(
        "`{id}` is no caller; expected `local`, `anonymous`, or a method and a name such as `key:ci`, `token:ann@example.com`, `basic:ann`, `certificate:build-1`, `service:nightly`"
    )]
    NoMethod { id: String },
    #[error("the file has no issuer `{name}` of tokens")]
    NoIssuer { name: String },
    #[error("the file has no key `{name}`{}", .nearest.as_ref().map(|name| format!("; did you mean `key:{name}`?")).unwrap_or_default())]
    NoKey { name: String, nearest: Option<String> },
}

/// Whoever the file knows by that name is as the file says; a user of a token or a certificate has what
/// `user_roles` and claims give them.
pub fn stand_in(catalog: &Catalog, wanted: &StandIn) -> Result<Principal, UnknownCaller> {
    let StandIn { id, roles, scopes, claims, tenant, address } = wanted;
    let mut principal = named(catalog, id)?;
    principal.roles.extend(roles.iter().cloned());
    principal.claims.extend(claims.clone());
    if !scopes.is_empty() {
        principal.scopes = Some(scopes.clone());
    }
    principal.tenant = tenant.clone().or(principal.tenant);
    principal.address = *address;
    let principal = Arc::unwrap_or_clone(catalog.server.http.bounded(Arc::new(principal)));
    let toolset = match principal.method {
        AuthMethod::Local => catalog.server.stdio_toolset.clone(),
        // It is no client that somebody offers something.
        AuthMethod::Service => None,
        _ => principal.toolset,
    };
    Ok(Principal { toolset, ..principal })
}

fn named(catalog: &Catalog, id: &str) -> Result<Principal, UnknownCaller> {
    let of_issuer = id.strip_prefix("token<").and_then(|rest| rest.split_once(">:"));
    if let Some((issuer, name)) = of_issuer {
        return token_of(catalog, issuer, name);
    }
    let (method, name) = id.split_once(':').unwrap_or((id, ""));
    let method = AuthMethod::ALL.into_iter().find(|known| known.as_str() == method);
    let no_method = || UnknownCaller::NoMethod { id: id.to_owned() };
    let known = || catalog.server.http.auth.iter().flat_map(|auth| auth.callers());
    let found = known().find(|caller| Some(caller.method) == method && caller.name == name);
    match method.ok_or_else(no_method)? {
        AuthMethod::Local if name.is_empty() => Ok(catalog.server.stdio.clone()),
        AuthMethod::Local => Ok(Principal { name: name.to_owned(), ..catalog.server.stdio.clone() }),
        AuthMethod::Anonymous => Ok(Principal::anonymous()),
        _ if name.is_empty() => Err(no_method()),
        AuthMethod::Key => found.cloned().ok_or_else(|| {
            let names = known().filter(|caller| caller.method == AuthMethod::Key);
            let nearest = nearest(name, names.map(|caller| caller.name.as_str())).map(str::to_owned);
            UnknownCaller::NoKey { name: name.to_owned(), nearest }
        }),
        method => Ok(found.cloned().unwrap_or_else(|| {
            let mut issuers = catalog.server.http.auth.iter().flat_map(|auth| &auth.issuers);
            let issuer = issuers.next().filter(|_| method == AuthMethod::Token);
            match issuer {
                Some(issuer) => bearer(issuer, name),
                None => Principal::of(method, name.to_owned(), Permissions::none()),
            }
        })),
    }
}

/// Whoever shows a token of this issuer.
fn token_of(catalog: &Catalog, issuer: &str, name: &str) -> Result<Principal, UnknownCaller> {
    let mut issuers = catalog.server.http.auth.iter().flat_map(|auth| &auth.issuers);
    let found = issuers.find(|known| known.name == issuer);
    let issuer = found.ok_or_else(|| UnknownCaller::NoIssuer { name: issuer.to_owned() })?;
    Ok(Principal {
        issuer: issuer.is_one_of_several.then(|| issuer.name.as_str().into()),
        ..bearer(issuer, name)
    })
}

/// Of a tenant if that is imagined, too.
fn bearer(issuer: &Issuer, name: &str) -> Principal {
    let within = issuer.needs_tenant.then(Arc::default);
    Principal { within, ..Principal::of(AuthMethod::Token, name.to_owned(), issuer.permissions.clone()) }
}
