//! Everything that one file decides, as one value that is exchanged whole.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use crate::model::{CacheStore, Catalog, OutputFormat, Principal, Tool, ToolName};
use crate::plan::{ExecutionPlan, Facts};
use crate::policy::{Policy, View};
use crate::runner::Vault;

use super::account::Papers;
use super::admission::Admission;
use super::breaker::{Breakers, Standing};
use super::consent::Consent;
use super::quotas::Quotas;
use super::rates::Rates;
use super::supply::Supply;

/// What an engine works with until the next reload.
pub struct State {
    edition: u64,
    catalog: Arc<Catalog>,
    pub(super) policy: Policy,
    pub(super) facts: Facts,
    pub(super) secrets: Supply,
    pub(super) admission: Admission,
    pub(super) breakers: Breakers,
    rates: Rates,
    /// Something can become a job.
    pub(super) may_detach: bool,
    /// Some call of it may ask its client something.
    may_ask: bool,
    quotas: Quotas,
    /// What a successful call of a command makes worthless.
    clears: HashMap<ToolName, Vec<(ToolName, CacheStore)>>,
}

impl State {
    pub fn new(catalog: Arc<Catalog>, facts: Facts, vault: Arc<Vault>) -> Self {
        let (admission, secrets) = (Admission::new(&catalog), Supply::new(vault));
        let (breakers, clears) = (Breakers::default().following(&catalog), clears(&catalog));
        let (policy, rates, quotas) = (Policy::of(&catalog), Rates::new(&catalog), Quotas::new(&catalog));
        let may_ask = may_ask(&catalog);
        let may_detach = catalog.offered().any(|tool| tool.detaches().is_some());
        Self {
            edition: 1,
            may_ask,
            catalog,
            policy,
            facts,
            secrets,
            admission,
            breakers,
            rates,
            may_detach,
            quotas,
            clears,
        }
    }

    /// The same, for calls that come after those of the state before.
    pub(super) fn following(self, before: &Self) -> Self {
        let admission = before.admission.following(&self.catalog);
        let breakers = before.breakers.following(&self.catalog);
        let rates = self.rates.following(&before.rates);
        let quotas = self.quotas.following(&before.quotas);
        Self { edition: before.edition + 1, admission, breakers, rates, quotas, ..self }
    }

    /// Tells the states of one engine apart; counted from 1.
    pub fn edition(&self) -> u64 {
        self.edition
    }

    /// Whether calls may go on by themselves.
    pub fn keeps_jobs(&self) -> bool {
        self.may_detach
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The tools that a caller sees.
    pub fn offered_to<'t>(&'t self, principal: &Principal) -> impl Iterator<Item = &'t Arc<Tool>> {
        self.policy.seen_by(principal, self.catalog.offered()).chain(self.own_of(principal))
    }

    /// What decides which tools a caller sees.
    pub fn view(&self, principal: &Principal) -> View {
        self.policy.view(principal)
    }

    /// Whether a caller sees a tool of that name.
    pub fn offers(&self, name: &str, principal: &Principal) -> bool {
        self.catalog.tool(name).is_some_and(|tool| self.policy.may_see(principal, tool))
    }

    /// Whether some call may ask its client something.
    pub fn may_ask(&self) -> bool {
        self.may_ask
    }

    /// How often callers over HTTP may ask.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// How many calls callers over HTTP have.
    pub fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Where the breaker of a command stands; `None` while it is closed, or if it has none.
    pub fn breaker(&self, tool: &ToolName) -> Option<Standing> {
        self.breakers.of(tool)?.standing()
    }

    /// Another number whenever a breaker has turned.
    pub fn breaker_turns(&self) -> u64 {
        self.breakers.turns()
    }

    /// What a successful call of this command makes worthless.
    pub(super) fn cleared_by(&self, tool: &ToolName) -> &[(ToolName, CacheStore)] {
        self.clears.get(tool).map(Vec::as_slice).unwrap_or_default()
    }
}

fn may_ask(catalog: &Catalog) -> bool {
    let asks = |tool: &Arc<Tool>| {
        tool.confirm.is_some()
            || tool.output.format == OutputFormat::Mcp
            || tool.params.iter().any(|param| param.rule.ask)
    };
    !catalog.access.confirms.is_empty() || catalog.tools().iter().any(asks)
}

fn clears(catalog: &Catalog) -> HashMap<ToolName, Vec<(ToolName, CacheStore)>> {
    let mut clears: HashMap<ToolName, Vec<(ToolName, CacheStore)>> = HashMap::new();
    for tool in catalog.tools() {
        let Some(rules) = &tool.cache else { continue };
        for command in &rules.commands {
            clears.entry(command.clone()).or_default().push((tool.name.clone(), rules.store));
        }
    }
    clears
}

/// A plan and the state it was made in: it is carried out with the secrets and under the caps of
/// the file that its tool comes from, whatever is loaded meanwhile.
#[derive(Clone)]
pub struct Prepared {
    pub(super) plan: Arc<ExecutionPlan>,
    pub(super) state: Arc<State>,
    /// It is a step of a flow, which waits for its place as long as the flow may.
    pub(super) is_step: bool,
    /// What its records need; `None` where there are none.
    pub(super) papers: Option<Arc<Papers>>,
    /// Somebody's, where it has to be confirmed.
    pub(super) consent: Option<Consent>,
}

impl Prepared {
    /// Nothing of it is asked for but one run.
    pub(super) fn is_plain(&self) -> bool {
        let tool = &self.plan.tool;
        let cares = tool.retry.is_some() || tool.breaker.is_some() || tool.cache.is_some();
        !cares && self.plan.fallback.is_none() && self.state.cleared_by(&tool.name).is_empty()
    }
}

impl Deref for Prepared {
    type Target = ExecutionPlan;

    fn deref(&self) -> &ExecutionPlan {
        &self.plan
    }
}
