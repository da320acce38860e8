//! Keys of callers that secrets hold: read when a server starts, and whenever it loads its file.

use std::path::PathBuf;

use crate::model::{ApiKey, Auth, Catalog, SecretKey, SecretSource, UnsetCredential};
use crate::runner::Vault;

/// Why the key of a caller cannot be read. It never shows a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("the key of `{caller}` is in the secret `{secret}`, which has no value: {problem}")]
    NoValue { caller: String, secret: String, problem: String },
    #[error("the key of `{caller}` is in the secret `{secret}`, whose value is no `key_hash`: {problem}")]
    NoHash { caller: String, secret: String, problem: String },
    #[error("the key of `{caller}` is that of `{other}`, too; give each a key of its own")]
    Same { caller: String, other: String },
    #[error("{whose} is to come from the variable `{variable}`, which is not set")]
    Unset { whose: String, variable: String },
}

/// Whether there is anything to read.
#[cfg(feature = "server")]
pub fn are_there(catalog: &Catalog) -> bool {
    auth(catalog).is_some_and(|auth| !auth.secret_keys.is_empty() || !auth.unset.is_empty())
}

/// Reads all of them, so that they let in. One that has no value is a reason to serve nobody by this file, and so
/// is any other credential that is not there.
pub fn read(catalog: &mut Catalog, vault: &Vault) -> Result<(), Unread> {
    let Some(auth) = &mut catalog.server.http.auth else { return Ok(()) };
    if let Some(UnsetCredential { whose, variable }) = auth.unset.first().cloned() {
        return Err(Unread::Unset { whose, variable });
    }
    for key in std::mem::take(&mut auth.secret_keys) {
        let read = value(&key, vault)?;
        let same = |known: &&ApiKey| known.fingerprint == read.fingerprint;
        if let Some(other) = auth.api_keys.iter().find(same) {
            let other = other.principal.name.clone();
            return Err(Unread::Same { caller: read.principal.name, other });
        }
        auth.api_keys.push(read);
    }
    Ok(())
}

fn value(key: &SecretKey, vault: &Vault) -> Result<ApiKey, Unread> {
    let (caller, secret) = (key.principal.name.clone(), key.secret.to_string());
    let value = match vault.value(&key.secret) {
        Ok(value) => value,
        Err(problem) => return Err(Unread::NoValue { caller, secret, problem: problem.to_string() }),
    };
    if !key.is_hash && value.reveal().len() < ApiKey::SHORTEST {
        tracing::warn!(
            "the key of `{caller}` has fewer than {} characters and can be guessed",
            ApiKey::SHORTEST
        );
    }
    key.read(&value).map_err(|problem| Unread::NoHash { caller, secret, problem: problem.to_string() })
}

/// The files in which they are: when one changes, other keys let in.
pub fn files(catalog: &Catalog) -> Vec<PathBuf> {
    let keys = auth(catalog).map(|auth| auth.secret_keys.as_slice()).unwrap_or_default();
    let file = |key: &SecretKey| match catalog.secrets.get(&key.secret) {
        Some(SecretSource::File(path)) => Some(path.clone()),
        _ => None,
    };
    keys.iter().filter_map(file).collect()
}

fn auth(catalog: &Catalog) -> Option<&Auth> {
    catalog.server.http.auth.as_ref()
}
