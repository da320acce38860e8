//! What stands beside what is right: whether the file is trusted, and what its lock says.

use crate::cli::evidence::Evidence;
use crate::cli::lock::{self, Refusal};
use crate::cli::trust::{self, State};
use crate::config::{Found, Host, Loaded};

/// Lines for whoever reads the report.
pub fn notes(found: &Found, loaded: &Loaded, host: &Host) -> Vec<String> {
    if loaded.catalog.is_none() {
        return Vec::new();
    }
    let evidence = Evidence::of(loaded);
    trusted(found, loaded, &evidence, host).into_iter().chain(locked(&evidence)).collect()
}

/// Where it matters: a file that has to be named or trusted.
fn trusted(found: &Found, loaded: &Loaded, evidence: &Evidence, host: &Host) -> Option<String> {
    if !found.must_be_named(loaded.dialect) {
        return None;
    }
    Some(match trust::state(evidence, host) {
        Ok(State::Trusted) => "trust: served in this folder without being named".to_owned(),
        Ok(State::Changed(_)) => {
            "trust: changed since it was trusted; `mcpfier trust` shows and accepts it".to_owned()
        }
        Ok(State::Unknown) => {
            "trust: not served unless it is named with `--config` or trusted with `mcpfier trust`".to_owned()
        }
        Err(problem) => format!("trust: {problem}"),
    })
}

/// Where there is a lock.
fn locked(evidence: &Evidence) -> Option<String> {
    Some(match lock::judge(evidence) {
        Ok(_) => "lock: every tool is what the lock says".to_owned(),
        Err(Refusal::Missing(_)) => return None,
        Err(Refusal::Differs { differences, .. }) => {
            let count = differences.changes().len();
            let differ = if count == 1 { "1 difference".to_owned() } else { format!("{count} differences") };
            format!("lock: {differ}, which `--locked` refuses; `mcpfier lock --check` shows them")
        }
        Err(refusal) => format!("lock: {refusal}"),
    })
}
