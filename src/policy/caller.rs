//! A caller with everything that the file gives them: roles by name and by claims, and what those let.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::model::{Access, AuthMethod, Principal, RoleClaim, UserRoles};

/// The caller with all roles, also inherited ones, and with what those let. Doing it twice changes nothing.
pub(super) fn known(access: &Access, principal: Arc<Principal>) -> Arc<Principal> {
    let gives_none = access.user_roles.is_empty() && access.role_claims.is_empty();
    if access.roles.is_empty() && gives_none {
        return principal;
    }
    let mut roles = principal.roles.clone();
    let mut add = |role: &String| {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    };
    let of_user = access.user_roles.iter().filter(|of| is_about(of, &principal));
    of_user.flat_map(|of| &of.roles).for_each(&mut add);
    for claim in &access.role_claims {
        by_claim(claim, &principal.claims).into_iter().for_each(&mut add);
    }
    let mut permissions = principal.permissions.clone();
    // The list grows while it is walked, each role once, so circles end too.
    let mut at = 0;
    while let Some(name) = roles.get(at) {
        at += 1;
        let Some(role) = access.role(name) else { continue };
        permissions = permissions.and(&role.permissions);
        for inherited in &role.inherits {
            if !roles.contains(inherited) {
                roles.push(inherited.clone());
            }
        }
    }
    Arc::new(Principal { roles, permissions, ..Arc::unwrap_or_clone(principal) })
}

/// A bare name means people: those who say a name and prove it. Keys are named with their method, so that
/// nobody gets the roles of a key by having its name, nor by having `key:ci` as one: what begins with a method is
/// never a bare name. `token:ann` is the name at whichever issuer; with the issuer it is that one's.
fn is_about(of: &UserRoles, principal: &Principal) -> bool {
    let is_user = match principal.method {
        AuthMethod::Local | AuthMethod::Basic | AuthMethod::Token | AuthMethod::Certificate => true,
        AuthMethod::Key | AuthMethod::Anonymous | AuthMethod::Service => false,
    };
    let with_method = of.user.split_once(':').filter(|(method, _)| *method == principal.method.as_str());
    (is_user && !has_method(&of.user) && of.user == principal.name)
        || with_method.is_some_and(|(_, name)| name == principal.name)
        || (principal.issuer.is_some() && of.user == principal.id().as_str())
}

/// Whether an entry says by which method: `key:ci`, `token<https://id.example.com>:ann`.
fn has_method(user: &str) -> bool {
    AuthMethod::ALL.into_iter().any(|method| {
        let after = user.strip_prefix(method.as_str());
        after.is_some_and(|after| after.starts_with(':') || (after.starts_with('<') && after.contains(">:")))
    })
}

/// The roles that the values of a claim stand for: those of a list, or of one text, in which spaces part
/// several.
fn by_claim<'a>(claim: &'a RoleClaim, claims: &Map<String, Value>) -> Vec<&'a String> {
    let Some((first, rest)) = claim.path.split_first() else { return Vec::new() };
    let value = rest.iter().try_fold(claims.get(first), |value, name| Some(value?.get(name)));
    let values: Vec<&str> = match value.flatten() {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => std::iter::once(text.as_str()).chain(text.split_whitespace()).collect(),
        _ => Vec::new(),
    };
    let meant = claim.roles.iter().filter(|(value, _)| values.contains(&value.as_str()));
    meant.flat_map(|(_, roles)| roles).collect()
}

/// A caller as the rules of a file see them.
pub(super) fn seen(principal: &Principal) -> Value {
    let Principal { name, method, roles, scopes, claims, tenant, address, .. } = principal;
    json!({
        "name": name,
        "method": method.as_str(),
        "roles": roles,
        "scopes": scopes.as_deref().unwrap_or_default(),
        "claims": claims,
        "tenant": tenant,
        "address": address.map(|address| address.to_canonical().to_string()),
    })
}
