//! Whether a piece of work that failed is done once more.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::engine::Ending;
use crate::model::{Retry, RetryOn, RetryReason, Tool};
use crate::runner::End;

use super::done::Done;

/// Whether this failure is one after which the work is tried again.
pub fn covers(retry: &Retry, done: &Done, tool: &Tool) -> bool {
    if !done.is_failure() {
        return false;
    }
    match &retry.on {
        RetryOn::Safe => tool.annotations.idempotent || tool.annotations.read_only || done.ending.is_none(),
        RetryOn::These(reasons) => reasons.iter().any(|reason| is_for(*reason, done.ending.as_ref())),
    }
}

fn is_for(reason: RetryReason, ending: Option<&Ending>) -> bool {
    let inner = match ending {
        Some(Ending::FlowFailed(inner)) => inner.as_deref(),
        other => other,
    };
    match (reason, inner) {
        (RetryReason::Failure, _) => true,
        (RetryReason::Timeout, Some(Ending::Ran(End::TimedOut { .. }))) => true,
        (RetryReason::Exit(code), Some(ending)) => ending.exit_code() == Some(code),
        (RetryReason::Http(status), Some(ending)) => ending.http_status() == Some(status),
        (RetryReason::Unanswered, Some(Ending::Ran(End::Unanswered { .. }))) => true,
        _ => false,
    }
}

/// From 0 up to 1. Nobody has to be unable to guess it.
pub fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}
