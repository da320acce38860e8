//! The secrets of the file: can the server that a client starts read them? No program is run for that,
//! and no value is shown.

use std::sync::Arc;

use crate::config::Host;
use crate::model::{Catalog, SecretName, SecretSource};
use crate::runner::Vault;

use super::Finding;

pub fn look(catalog: &Catalog, host: &Host) -> Vec<Finding> {
    let environment = Arc::new(host.environment.clone());
    let vault = Vault::new(catalog.secrets.clone(), catalog.fed.beside(&environment));
    let mut findings: Vec<Finding> =
        catalog.secrets.iter().filter_map(|(name, source)| unreadable(&vault, name, source)).collect();
    let names: Vec<&str> = catalog.secrets.keys().map(SecretName::as_str).collect();
    if findings.is_empty() && !names.is_empty() {
        findings.push(Finding::fine("secrets", format!("nothing is in the way of {}", names.join(", "))));
    }
    findings
}

fn unreadable(vault: &Vault, name: &SecretName, source: &SecretSource) -> Option<Finding> {
    let (reason, cure) = match source {
        SecretSource::Script(script) if script.program.path.is_some() => return None,
        SecretSource::Script(script) => (
            format!("there is no executable `{}`", script.program.written),
            "install it, or write its absolute path in `script`".to_owned(),
        ),
        SecretSource::Env(variable) | SecretSource::Unset { variable } => (
            vault.value(name).err()?.to_string(),
            format!("put `{variable}` into `env_file`, or into `env` of the client's entry"),
        ),
        SecretSource::File(path) => {
            (vault.value(name).err()?.to_string(), format!("look at {}", path.display()))
        }
        SecretSource::Store(stored) => {
            (vault.value(name).err()?.to_string(), format!("`mcpfier secret set {stored}` stores it anew"))
        }
    };
    Some(Finding::problem("secrets", format!("`{name}` is not available: {reason}"), cure))
}
