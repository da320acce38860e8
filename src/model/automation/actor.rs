//! The name of a caller in `as` → that caller. Nobody proves anything here: the file says it.

use std::sync::Arc;

use crate::model::{AuthMethod, Catalog, Permissions, Principal, nearest};

/// Nobody is called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownActor {
    #[error(
        "the file knows no caller `{name}`{}",
        .nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
    )]
    Nobody { name: String, nearest: Option<String> },
    #[error("`{name}` is the name of several callers; write one of them with its method: {}", .ids.join(", "))]
    Several { name: String, ids: Vec<String> },
}

/// `local`, the caller on stdio; the name of a key, user or certificate, alone or with its method
/// (`key:ci`); or `service:NAME`, which nobody can log in as and to which `user_roles` gives roles.
pub fn actor(catalog: &Catalog, name: &str) -> Result<Principal, UnknownActor> {
    let known = || catalog.server.http.auth.iter().flat_map(|auth| auth.callers());
    if name == AuthMethod::Local.as_str() {
        return Ok(catalog.server.stdio.clone());
    }
    let mut found: Vec<Principal> = known()
        .filter(|caller| caller.name == name || caller.id().as_str() == name)
        .map(|caller| bounded(catalog, caller))
        .collect();
    // A key that was replaced is there twice.
    found.dedup_by(|one, other| one.id() == other.id());
    found.extend(service(catalog, name));
    match found.len() {
        1 => found.pop().ok_or_else(|| nobody(catalog, name)),
        0 => Err(nobody(catalog, name)),
        _ => {
            let ids = found.iter().map(|caller| format!("`{}`", caller.id())).collect();
            Err(UnknownActor::Several { name: name.to_owned(), ids })
        }
    }
}

fn bounded(catalog: &Catalog, caller: &Principal) -> Principal {
    let caller = catalog.server.http.bounded(Arc::new(caller.clone()));
    // What clients are offered is no matter of permission.
    Principal { toolset: None, ..Arc::unwrap_or_clone(caller) }
}

fn service(catalog: &Catalog, name: &str) -> Option<Principal> {
    let prefix = format!("{}:", AuthMethod::Service);
    let bare = name.strip_prefix(&prefix).unwrap_or(name);
    let id = format!("{prefix}{bare}");
    let is_known = catalog.access.user_roles.iter().any(|of| of.user == id);
    is_known.then(|| Principal::of(AuthMethod::Service, bare.to_owned(), Permissions::none()))
}

fn nobody(catalog: &Catalog, name: &str) -> UnknownActor {
    let callers = catalog.server.http.auth.iter().flat_map(|auth| auth.callers());
    let mut names: Vec<String> = callers.map(|caller| caller.name.clone()).collect();
    names.extend(catalog.access.user_roles.iter().map(|of| of.user.clone()));
    names.push(AuthMethod::Local.to_string());
    let nearest = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
    UnknownActor::Nobody { name: name.to_owned(), nearest }
}
