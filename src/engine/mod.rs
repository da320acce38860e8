//! One path from a call to an outcome, for every way in: MCP, shell, later HTTP and schedules.
//!
//! `prepare` gives what dry-run prints; `execute` carries out that same value. Knows nothing of
//! protocols or terminals: a [`Watcher`] sees output as it comes, an [`Outcome`] says what happened.
//! What a file decides is one [`State`], which [`Engine::reload`] exchanges whole.

mod admission;
mod ahead;
mod attempts;
mod breaker;
mod cache;
mod cached;
mod capture;
mod carry_out;
mod conditions;
mod gate;
mod outcome;
mod paths;
mod present;
mod redact;
mod rejection;
mod run;
mod sanitize;
mod secret_script;
mod state;
mod story;
mod supply;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::call::{Call, Invocation};
use crate::model::{Action, Catalog, Fallback};
use crate::plan::{ExecutionPlan, Facts, PlannedFallback, plan};
use crate::policy::Policy;
use crate::runner::{Runner, Vault};

pub use ahead::Serving;
pub use breaker::Standing;
pub use cache::{BadFolder, Cache, CacheUse, Clock, Disk, Usage};
pub use outcome::{Ending, Outcome};
pub use present::{BinaryPart, Presented, TextPart};
pub use rejection::Rejection;
pub use sanitize::Sanitizer;
pub use state::{Prepared, State};
// What a watcher sees is told in these words, so whoever watches need not know the runner.
/// For those who have held a large output, and who load files in threads.
pub use crate::runner::process::{give_memory_back, give_program_back, share_one_heap};
pub use crate::runner::{News, RunId, Stream};

/// Sees a run while it goes on. It is called by the loop that reads the pipes and must not block.
pub trait Watcher: Send {
    /// The call has its slot and its process is being started.
    fn started(&mut self, _run: &RunId) {}
    /// What goes on before it has started: its image is fetched or built.
    fn preparing(&mut self, _news: &News) {}
    /// Output of the command, declared secrets already taken out.
    fn output(&mut self, stream: Stream, bytes: &[u8]);
}

/// Carries calls from their arguments to their outcome.
#[derive(Clone)]
pub struct Engine {
    state: watch::Sender<Arc<State>>,
    runner: Arc<dyn Runner>,
    cache: Arc<Cache>,
}

impl Engine {
    pub fn new(catalog: Arc<Catalog>, facts: Facts, vault: Arc<Vault>, runner: Arc<dyn Runner>) -> Self {
        let state = watch::Sender::new(Arc::new(State::new(catalog, facts, vault)));
        Self { state, runner, cache: Arc::default() }
    }

    /// The same with this cache.
    pub fn remembering(self, cache: Cache) -> Self {
        Self { cache: Arc::new(cache), ..self }
    }

    /// From now on work may go on behind answers, until it is closed: this process stays.
    pub fn stay(&self) {
        self.cache.stay();
    }

    /// Ends what goes on behind answers.
    pub fn close(&self) {
        self.cache.closing.cancel();
    }

    /// What is served now.
    pub fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.borrow())
    }

    /// Sees every state that comes after.
    pub fn states(&self) -> watch::Receiver<Arc<State>> {
        self.state.subscribe()
    }

    /// Serves another state from now on. Calls that were prepared before end in the one before, and
    /// count as running in this one.
    pub fn reload(&self, next: State) {
        self.state.send_modify(|state| *state = Arc::new(next.following(state)));
    }

    /// Everything that would happen, as a value.
    pub fn prepare(&self, call: Call) -> Result<Prepared, Rejection> {
        let state = self.state();
        let plan = prepare(state.catalog(), &state.policy, &state.facts, call)?;
        Ok(Prepared { plan, state })
    }

    /// The same beside other calls: what an image is built of may be much to read.
    pub async fn prepare_aside(self: &Arc<Self>, call: Call) -> Result<Prepared, Rejection> {
        let state = self.state();
        let is_built = state.catalog().tool(&call.tool).is_some_and(
            |tool| matches!(&tool.action, Action::Container(workload) if workload.build.is_some()),
        );
        if !is_built {
            return self.prepare(call);
        }
        let engine = Arc::clone(self);
        let prepared = tokio::task::spawn_blocking(move || engine.prepare(call)).await;
        prepared.unwrap_or(Err(Rejection::Cancelled))
    }

    /// Carries a plan out, in the state it was made in. When this returns, nothing of the run is alive any more.
    pub async fn execute(
        &self,
        prepared: &Prepared,
        watcher: &mut dyn Watcher,
        cancel: CancellationToken,
    ) -> Result<Outcome, Rejection> {
        match prepared.is_plain() {
            true => self.run(prepared, watcher, cancel).await,
            false => self.carry_out(prepared, watcher, cancel).await,
        }
    }
}

/// What [`Engine::prepare`] does, for those who only want the plan and can run nothing.
pub fn prepare(
    catalog: &Catalog,
    policy: &Policy,
    facts: &Facts,
    call: Call,
) -> Result<ExecutionPlan, Rejection> {
    prepare_bound(catalog, policy, facts, Invocation::bind(catalog, call)?)
}

/// The same for a call that fits its tool.
fn prepare_bound(
    catalog: &Catalog,
    policy: &Policy,
    facts: &Facts,
    invocation: Invocation,
) -> Result<ExecutionPlan, Rejection> {
    let authorized = policy.authorize(invocation)?;
    conditions::judge(authorized.invocation(), facts)?;
    let planned = match paths::look_up(authorized.invocation(), facts) {
        Some(facts) => plan(&authorized, &facts),
        None => plan(&authorized, facts),
    };
    let mut plan = planned.map_err(Rejection::Plan)?;
    if let Some(fallback) = &plan.tool.fallback {
        let planned = prepare_fallback(catalog, policy, facts, fallback, authorized.invocation());
        plan.fallback = Some(PlannedFallback {
            tool: fallback.tool.clone(),
            plan: planned.map(Arc::new).map_err(|problem| problem.to_string()),
        });
    }
    Ok(plan)
}

/// What is called if the command fails: judged for the same caller, as if that one had called it.
fn prepare_fallback(
    catalog: &Catalog,
    policy: &Policy,
    facts: &Facts,
    fallback: &Fallback,
    invocation: &Invocation,
) -> Result<ExecutionPlan, Rejection> {
    let declared = catalog.tool(fallback.tool.as_str()).map(|tool| Arc::clone(&tool.params));
    let arguments = declared.map(|declared| fallback.arguments(invocation, &declared)).unwrap_or_default();
    let (principal, tool) = (invocation.principal().clone(), fallback.tool.to_string());
    let call = Call { principal, tool, arguments };
    prepare_bound(catalog, policy, facts, Invocation::bind_nested(catalog, call)?)
}
