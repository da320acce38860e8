//! `retry`, `fallback`, `breaker`, `cache` and `confirm` → the model, and whether what they name is there.

mod approval;
mod cache;
mod confirm;
mod fallback;
mod links;
mod retry;

use crate::config::native::{CareKeys, Settings};
use crate::model::{Breaker, CacheRules, Confirm, Fallback, Retry, Tool};

use super::scope::Scope;

pub use links::Links;

/// What is done about failures and for repeated calls of one command.
pub struct Care {
    retry: Option<Retry>,
    fallback: Option<Fallback>,
    breaker: Option<Breaker>,
    cache: Option<CacheRules>,
    confirm: Option<Box<Confirm>>,
}

impl Care {
    /// Names of other commands are looked for later, when all of them are known.
    pub fn read(scope: &Scope<'_>, written: &CareKeys<'_>, settings: &Settings) -> Self {
        let proxy = settings.proxy.as_ref();
        let confirm = written.confirm.as_ref();
        Self {
            retry: written.retry.as_ref().map(|keys| keys.retry.clone()),
            fallback: written.fallback.as_ref().and_then(|keys| fallback::fallback(scope, keys)),
            breaker: written.breaker,
            cache: written.cache.as_ref().map(|keys| cache::rules(scope, keys)),
            confirm: confirm.and_then(|keys| confirm::confirm(scope, keys, proxy)).map(Box::new),
        }
    }

    /// What is done about the whole of a command with dependencies: only what it does itself is tried again.
    pub fn beside_own(self) -> Self {
        Self { retry: None, ..self }
    }

    /// The tool with all of it.
    pub fn of(self, tool: Tool) -> Tool {
        let Self { retry, fallback, breaker, cache, confirm } = self;
        Tool { retry, fallback, breaker, cache, confirm, ..tool }
    }
}
