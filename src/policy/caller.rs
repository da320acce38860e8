//! A caller with everything that the file gives them: roles by name and by claims, and what those let.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::model::{Access, Principal, RoleClaim};

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
    let of_user = access.user_roles.iter().filter(|of| principal.is_meant_by(&of.user));
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
