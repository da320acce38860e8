//! One path from a call to an outcome, for every way in: MCP, shell, later HTTP and schedules.
//!
//! `prepare` gives what dry-run prints; `execute` carries out that same value. Knows nothing of
//! protocols or terminals: a [`Watcher`] sees output as it comes, an [`Outcome`] says what happened.
//! What a file decides is one [`State`], which [`Engine::reload`] exchanges whole.

mod account;
mod admission;
mod ahead;
mod approvals;
mod attempts;
mod automatic;
mod breaker;
mod cache;
mod cached;
mod capture;
mod carry_out;
mod conditions;
mod consent;
mod content;
mod facts;
mod files;
mod flow;
mod hall;
// Without a store nobody reads what is written for one.
#[cfg_attr(not(feature = "jobs"), expect(dead_code, unused_imports))]
mod jobs;
mod outcome;
mod own;
mod own_folder;
mod paths;
mod present;
mod quotas;
mod rates;
mod reading;
mod redact;
mod rejection;
mod rest;
mod run;
mod secret_script;
mod state;
mod story;
mod success;
mod supply;
mod value;

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::audit::{Audit, Event, Lifecycle};
use crate::call::{Call, Invocation};
use crate::model::{Action, Catalog};
use crate::plan::{ExecutionPlan, Facts, Planner, Step};
use crate::policy::Policy;
use crate::runner::{Runner, Vault};

pub use crate::audit::written_time;
pub use crate::policy::View;
/// For those who have held a large output, and who load files in threads.
pub use crate::runner::process::{give_memory_back, give_program_back, share_one_heap};
/// Whoever shows output needs it.
pub use crate::shaping::Sanitizer;
pub use account::Origin;
pub use ahead::Serving;
pub use approvals::{Approval, Approvals, BadApprovals, Verdict};
pub use automatic::{Automatic, NotBegun};
pub use breaker::Standing;
pub use cache::{BadFolder, Cache, CacheUse, Clock, Disk, Usage};
pub use consent::{Consent, Question};
pub use content::Wanted;
pub use facts::RunFacts;
pub use files::{Content, WrittenFile};
pub use flow::{FlowReport, FlowVerdict, StepChange, StepNews, StepRecord, StepVerdict};
pub use jobs::{
    BadJobs, Held, Job, JobId, JobPlace, JobRecord, JobState, JobStatus, Jobs, KeptJobs, LogPart,
};
pub use outcome::{Ending, Outcome};
pub use own::{LONGEST_WAIT, OwnCall, is_own};
pub use own_folder::NoFolder;
pub use present::{BinaryPart, Presented, TextPart};
pub use quotas::{Quotas, UsedUp};
pub use rates::{Rates, TooOften};
pub use reading::{
    Asking, Body, Contents, Filled, Listed, NotRead, Part, Reader, Said, Suggestions, Updates, files_of,
};
pub use rejection::Rejection;
pub use rest::Rest;
pub use state::{Prepared, State};
// What a watcher sees is told in these words, so whoever watches need not know the runner.
pub use crate::runner::{News, RunId, Stream};

/// Resolves when a watcher takes more, soon in any case.
pub type Catching = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Sees a run while it goes on. It is called by the loop that reads the pipes and must not block.
pub trait Watcher: Send {
    /// The call has its slot and its process is being started.
    fn started(&mut self, _run: &RunId) {}
    /// What goes on before it has started: its image is fetched or built.
    fn preparing(&mut self, _news: &News) {}
    /// Something has happened to a step of a flow.
    fn step(&mut self, _news: &StepNews) {}
    /// Whole lines that a step of a flow has written, declared secrets already taken out.
    fn step_output(&mut self, _stream: Stream, _lines: &Bytes) {}
    /// Output of the command, declared secrets already taken out.
    fn output(&mut self, stream: Stream, bytes: &Bytes);
    /// What to wait for before it is given more output; nothing as long as it takes what comes.
    fn is_behind(&self) -> Option<Catching> {
        None
    }
}

/// Carries calls from their arguments to their outcome.
#[derive(Clone)]
pub struct Engine {
    state: watch::Sender<Arc<State>>,
    runner: Arc<dyn Runner>,
    cache: Arc<Cache>,
    audit: Arc<Audit>,
    jobs: Arc<Jobs>,
    /// Files that somebody wants to be told of.
    hub: Arc<reading::Hub>,
    rest: Arc<Rest>,
    /// Where calls wait for somebody at a shell.
    approvals: Option<Approvals>,
}

impl Engine {
    pub fn new(catalog: Arc<Catalog>, facts: Facts, vault: Arc<Vault>, runner: Arc<dyn Runner>) -> Self {
        let state = watch::Sender::new(Arc::new(State::new(catalog, facts, vault)));
        let (cache, audit, jobs, hub) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        Self { state, runner, cache, audit, jobs, hub, rest: Arc::default(), approvals: None }
    }

    /// The same with this cache.
    pub fn remembering(self, cache: Cache) -> Self {
        Self { cache: Arc::new(cache), ..self }
    }

    /// The same with records of its calls.
    pub fn recording(self, audit: Audit) -> Self {
        Self { audit: Arc::new(audit), ..self }
    }

    /// The same with these jobs.
    pub fn keeping(self, jobs: Jobs) -> Self {
        Self { jobs: Arc::new(jobs), ..self }
    }

    /// Where its calls are recorded.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Calls that go on when nobody waits for them.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// From now on work may go on behind answers, until it is closed: this process stays.
    pub fn stay(&self) {
        self.cache.stay();
    }

    /// Ends what goes on behind answers.
    pub fn close(&self) {
        self.cache.closing.cancel();
    }

    /// What is served now. Whoever wants anything asks for it first.
    pub fn state(&self) -> Arc<State> {
        self.rest.disturb();
        Arc::clone(&self.state.borrow())
    }

    /// When nobody wants anything.
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// Sees every state that comes after.
    pub fn states(&self) -> watch::Receiver<Arc<State>> {
        self.state.subscribe()
    }

    /// Serves another state from now on. Calls that were prepared before end in the one before, and
    /// count as running in this one.
    pub fn reload(&self, next: State) {
        let tools = Some(next.catalog().offered().count());
        let event = || Event::Reloaded(Box::new(Lifecycle { tools, ..Lifecycle::default() }));
        self.audit.note(event);
        if self.audit.follow(next.catalog().audit.as_ref()) {
            self.audit.note(event);
        }
        self.state.send_modify(|state| *state = Arc::new(next.following(state)));
    }

    /// Records that another state was asked for and cannot be served.
    pub fn not_reloaded(&self, problem: &str) {
        let reason = Some(problem.lines().next().unwrap_or_default().to_owned());
        self.audit.note(|| Event::NotReloaded(Box::new(Lifecycle { reason, ..Lifecycle::default() })));
    }

    /// Everything that would happen, as a value.
    pub fn prepare(&self, call: Call) -> Result<Prepared, Rejection> {
        self.prepare_from(call, &Origin::default())
    }

    /// The same for a call of which it is known where it comes from. If it is refused, that is recorded.
    pub fn prepare_from(&self, call: Call, origin: &Origin) -> Result<Prepared, Rejection> {
        self.prepare_in(Way::Called, call, origin)
    }

    /// The same for a command that runs because somebody reads what it prints: it need not be offered.
    fn prepare_reading(&self, call: Call, origin: &Origin) -> Result<Prepared, Rejection> {
        self.prepare_in(Way::Read, call, origin)
    }

    fn prepare_in(&self, way: Way, call: Call, origin: &Origin) -> Result<Prepared, Rejection> {
        let state = self.state();
        let papers = self.papers(&state, &call, origin);
        let tool = papers.as_ref().map(|_| call.tool.clone());
        let plan = prepare_by(way, state.catalog(), &state.policy, &state.facts, call);
        if let (Err(rejection), Some(papers), Some(tool)) = (&plan, &papers, tool) {
            papers.refused(&tool, rejection);
        }
        let plan = Arc::new(plan?);
        Ok(Prepared { plan, state, is_step: false, papers: papers.map(Arc::new), consent: None })
    }

    /// Records that a call was not let through before anything of it was looked at.
    pub fn refused(&self, call: &Call, origin: &Origin, rejection: &Rejection) {
        if let Some(papers) = self.papers(&self.state(), call, origin) {
            papers.refused(&call.tool, rejection);
        }
    }

    /// The same beside other calls: what an image is built of may be much to read.
    pub async fn prepare_aside(self: &Arc<Self>, call: Call, origin: Origin) -> Result<Prepared, Rejection> {
        let state = self.state();
        let is_built = state.catalog().tool(&call.tool).is_some_and(|tool| match &tool.action {
            Action::Container(workload) => workload.build.is_some(),
            // Its steps may be built of something.
            Action::Flow(_) => true,
            _ => false,
        });
        if !is_built {
            return self.prepare_from(call, &origin);
        }
        let engine = Arc::clone(self);
        let prepared = tokio::task::spawn_blocking(move || engine.prepare_from(call, &origin)).await;
        prepared.unwrap_or(Err(Rejection::Cancelled))
    }

    /// Carries a plan out, in the state it was made in. When this returns, nothing of the run is alive any more.
    pub async fn execute(
        &self,
        prepared: &Prepared,
        watcher: &mut dyn Watcher,
        cancel: CancellationToken,
    ) -> Result<Outcome, Rejection> {
        if let Err(rejection) = prepared.check_consent() {
            self.refused_plan(prepared, &rejection);
            return Err(rejection);
        }
        let entry = prepared.begin(&cancel).await?;
        let result = match prepared.is_plain() {
            // Each of its own, so that what a call is moved about as stays small.
            true => Box::pin(self.once(prepared, watcher, cancel)).await,
            false => Box::pin(self.carry_out(prepared, watcher, cancel)).await,
        };
        if let Some(entry) = entry {
            entry.end(&prepared.plan, result.as_ref()).await;
        }
        result
    }

    /// Carries out what the plan itself says, one time.
    async fn once(
        &self,
        prepared: &Prepared,
        watcher: &mut dyn Watcher,
        cancel: CancellationToken,
    ) -> Result<Outcome, Rejection> {
        match &prepared.plan.step {
            Step::Flow(flow) => self.run_flow(prepared, flow, watcher, cancel).await,
            _ => self.run(prepared, watcher, cancel).await,
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
    prepare_by(Way::Called, catalog, policy, facts, call)
}

/// Why a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Called,
    /// What it prints is read under a name of its own.
    Read,
}

fn prepare_by(
    way: Way,
    catalog: &Catalog,
    policy: &Policy,
    facts: &Facts,
    call: Call,
) -> Result<ExecutionPlan, Rejection> {
    let call = Call { principal: policy.known(call.principal), ..call };
    let invocation = match way {
        Way::Called => {
            policy.admit(catalog, &call)?;
            Invocation::bind(catalog, call)?
        }
        Way::Read => {
            policy.admit_reading(catalog, &call)?;
            Invocation::bind_reading(catalog, call)?
        }
    };
    let moment = conditions::of_this_moment(&invocation, facts, policy);
    let facts = moment.as_ref().unwrap_or(facts);
    let authorized = policy.authorize(invocation, facts.now)?;
    let held = conditions::judge(authorized.invocation(), facts)?;
    let plan = planner(catalog, policy, facts).plan(&authorized).map_err(Rejection::Plan)?;
    Ok(ExecutionPlan { held, ..plan })
}

/// Makes plans with what this room can look up and judge.
fn planner<'a>(catalog: &'a Catalog, policy: &'a Policy, facts: &'a Facts) -> Planner<'a> {
    let judge = |invocation: &Invocation, facts: &Facts| {
        conditions::judge(invocation, facts).map_err(|rejection| rejection.to_string())
    };
    Planner { catalog, policy, facts, look_up: paths::look_up, judge }
}
