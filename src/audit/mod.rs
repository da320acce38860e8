//! The record of who called what, what was decided, and how it ended: lines of JSON in a chain.
//!
//! What happens is an [`Event`]; a [`Journal`] writes events to where the file says, each as one line
//! that holds the digest of the line before. [`verify`] finds what was done to those lines since.
//! Knows nothing of plans, protocols or terminals: what a record says, others hand in.

mod event;
mod head;
mod journal;
mod key;
mod ledger;
mod line;
mod mask;
mod outlet;
mod pages;
mod pair;
mod query;
mod seal;
mod storm;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod verify;

use std::sync::{Arc, PoisonError, RwLock};

use crate::model::AuditRules;

pub use event::{
    Began, Caller, Decision, Ended, Event, Lifecycle, ReadPrompt, ReadResource, Refused, TurnedAway, Verdict,
};
pub use journal::{Journal, Unrecorded, next_call};
pub use key::{BadKey, SigningKey, VerifyingKey};
pub use mask::{recorded, short_text};
pub use outlet::Stdout;
pub use pages::{Entry, Pages, files_of};
pub use query::Question;
pub use table::{csv, csv_head, row};
pub use time::written as written_time;
pub use verify::{Anchor, Finding, Knowledge, Report, Subject, verify};

/// Where an engine's events go, at any time: nowhere unless its file says otherwise.
#[derive(Default)]
pub struct Audit {
    /// `None`: whoever made this wants no records, whatever a file says.
    stdout: Option<Stdout>,
    journal: RwLock<Option<Arc<Journal>>>,
}

impl Audit {
    /// Records by these rules from now on. What is wrong with them is said by the first record.
    pub fn by(rules: Option<&AuditRules>, stdout: Stdout) -> Self {
        let journal = rules.map(|rules| Arc::new(Journal::begin(rules.clone(), stdout)));
        Self { stdout: Some(stdout), journal: RwLock::new(journal) }
    }

    /// What is recorded by now.
    pub fn journal(&self) -> Option<Arc<Journal>> {
        self.journal.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the rules of another file, and says whether they are others. Runs that go on are recorded
    /// where they began.
    pub fn follow(&self, rules: Option<&AuditRules>) -> bool {
        let Some(stdout) = self.stdout else { return false };
        let mut journal = self.journal.write().unwrap_or_else(PoisonError::into_inner);
        if journal.as_ref().map(|journal| journal.rules()) == rules {
            return false;
        }
        *journal = rules.map(|rules| Arc::new(Journal::begin(rules.clone(), stdout)));
        true
    }

    /// Records that something happened to the server, if anything is recorded.
    pub fn note(&self, event: impl FnOnce() -> Event) {
        if let Some(journal) = self.journal() {
            journal.note(event());
        }
    }

    /// Writes what is left, signs it, and records nothing more.
    pub async fn close(&self) {
        self.flush().await;
        let journal = self.journal.write().unwrap_or_else(PoisonError::into_inner).take();
        // Its end waits for its thread.
        let _ = tokio::task::spawn_blocking(move || drop(journal)).await;
    }

    /// Waits until everything is written that was handed over.
    pub async fn flush(&self) {
        if let Some(journal) = self.journal() {
            journal.flush().await;
        }
    }
}
