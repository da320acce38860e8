//! Everything that one file decides, as one value that is exchanged whole.

use std::ops::Deref;
use std::sync::Arc;

use crate::model::Catalog;
use crate::plan::{ExecutionPlan, Facts};
use crate::policy::Policy;
use crate::runner::Vault;

use super::admission::Admission;
use super::supply::Supply;

/// What an engine works with until the next reload.
pub struct State {
    edition: u64,
    catalog: Arc<Catalog>,
    pub(super) policy: Policy,
    pub(super) facts: Facts,
    pub(super) secrets: Supply,
    pub(super) admission: Admission,
}

impl State {
    pub fn new(catalog: Arc<Catalog>, facts: Facts, vault: Arc<Vault>) -> Self {
        let (admission, secrets) = (Admission::new(&catalog), Supply::new(vault));
        Self { edition: 1, catalog, policy: Policy::default(), facts, secrets, admission }
    }

    /// The same, for calls that come after those of the state before.
    pub(super) fn following(self, before: &Self) -> Self {
        let admission = before.admission.following(&self.catalog);
        Self { edition: before.edition + 1, admission, ..self }
    }

    /// Tells the states of one engine apart; counted from 1.
    pub fn edition(&self) -> u64 {
        self.edition
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }
}

/// A plan and the state it was made in: it is carried out with the secrets and under the caps of
/// the file that its tool comes from, whatever is loaded meanwhile.
#[derive(Clone)]
pub struct Prepared {
    pub(super) plan: ExecutionPlan,
    pub(super) state: Arc<State>,
    /// It is a step of a flow, which waits for its place as long as the flow may.
    pub(super) is_step: bool,
}

impl Deref for Prepared {
    type Target = ExecutionPlan;

    fn deref(&self) -> &ExecutionPlan {
        &self.plan
    }
}
