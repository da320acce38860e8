//! Who waits for which call. Knows how many there should be; `filling` makes them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, Notify, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::filling::fill;
use super::made::Assignment;
use super::used::Used;
use crate::model::{ByteSize, WarmCaps};
use crate::plan::ContainerPlan;
use crate::runner::container::connection::Connector;
use crate::runner::container::init::InitFile;

/// The engine that a container is for.
type EngineOf = dyn Fn(&ContainerPlan) -> Arc<Connector> + Send + Sync;

pub struct Pool {
    pub(super) connector: Box<EngineOf>,
    pub(super) tasks: TaskTracker,
    /// Something has changed.
    pub(super) changed: Notify,
    pub(super) closed: CancellationToken,
    /// What is mounted as the first process of containers.
    pub(super) init: Turn<Option<Arc<InitFile>>>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub caps: WarmCaps,
    /// Containers that have had a call and wait for another.
    pub used: Vec<Used>,
    wanted: Vec<Wanted>,
    is_filling: bool,
    last_call: Option<Instant>,
}

/// Containers for one command.
struct Wanted {
    plan: ContainerPlan,
    waiting: Vec<Waiting>,
    /// After failures nothing is made until then.
    rest: Option<Instant>,
    failures: u32,
}

/// A container that waits. When this is dropped it is removed.
pub struct Waiting {
    pub name: String,
    assign: oneshot::Sender<Assignment>,
}

impl Waiting {
    pub fn new(name: String, assign: oneshot::Sender<Assignment>) -> Self {
        Self { name, assign }
    }

    pub fn is_there(&self) -> bool {
        !self.assign.is_closed()
    }

    /// An error if it is gone.
    pub fn hand_over(self, assignment: Assignment) -> Result<(), ()> {
        self.assign.send(assignment).map_err(drop)
    }
}

/// What is to be done next.
pub enum Next {
    Make(Box<ContainerPlan>),
    /// Nothing until something changes, or until then.
    Wait(Option<Instant>),
}

/// What one without a limit is counted with.
const UNLIMITED: ByteSize = ByteSize::mib(512);
/// After a failure, and at most.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(30);

impl Pool {
    /// Does nothing until somebody wants containers.
    pub fn new(
        connector: impl Fn(&ContainerPlan) -> Arc<Connector> + Send + Sync + 'static,
        tasks: TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            connector: Box::new(connector),
            tasks,
            changed: Notify::new(),
            closed: CancellationToken::new(),
            init: Turn::default(),
            state: Mutex::default(),
        })
    }

    /// From now on containers are kept for these and for no others. What stays for other calls goes:
    /// what it was made for may have changed.
    pub fn keep(self: &Arc<Self>, plans: Vec<ContainerPlan>, caps: WarmCaps) {
        let mut state = self.state();
        state.used.clear();
        let mut before = std::mem::take(&mut state.wanted);
        for plan in plans {
            let plan = plan.made_ahead();
            let same = |one: &Wanted| one.plan.is_for_the_same(&plan);
            let mut waiting = Vec::new();
            if let Some(at) = before.iter().position(same) {
                waiting = before.swap_remove(at).waiting;
                waiting.truncate(count(&plan));
            }
            state.wanted.push(Wanted { plan, waiting, rest: None, failures: 0 });
        }
        state.caps = caps;
        if !state.is_filling && !state.wanted.is_empty() && !self.closed.is_cancelled() {
            state.is_filling = true;
            self.tasks.spawn(fill(Arc::clone(self)));
        }
        drop(state);
        self.changed.notify_one();
    }

    /// One that is there for this call and for nobody else.
    pub fn take(&self, plan: &ContainerPlan) -> Option<Waiting> {
        if plan.warm == 0 {
            return None;
        }
        let plan = plan.made_ahead();
        let mut state = self.state();
        let wanted = state.wanted.iter_mut().find(|wanted| wanted.plan.is_for_the_same(&plan))?;
        let waiting = (!wanted.waiting.is_empty()).then(|| wanted.waiting.remove(0));
        drop(state);
        self.changed.notify_one();
        waiting
    }

    /// Nothing is made beside calls that follow each other closely.
    pub fn somebody_calls(&self) {
        let mut state = self.state();
        if state.is_filling {
            state.last_call = Some(Instant::now());
        }
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        let state = self.state();
        let waiting = state.wanted.iter().flat_map(|wanted| &wanted.waiting);
        let used = state.used.iter().map(|used| &used.waiting);
        waiting.chain(used).filter(|one| one.is_there()).count()
    }

    pub fn last_call(&self) -> Option<Instant> {
        self.state().last_call
    }

    /// Everybody who waits goes.
    pub fn close(&self) {
        self.closed.cancel();
        let mut state = self.state();
        state.wanted.clear();
        state.used.clear();
        drop(state);
        // Containers that are still there have it too.
        if let Ok(mut init) = self.init.try_lock() {
            init.take();
        }
    }

    /// One that is there now; it goes at once if nobody wants it any more.
    pub fn put(&self, plan: &ContainerPlan, waiting: Waiting) {
        let mut state = self.state();
        let wanted = state.wanted.iter_mut().find(|wanted| wanted.plan == *plan);
        if let Some(wanted) = wanted.filter(|_| !self.closed.is_cancelled()) {
            wanted.failures = 0;
            wanted.waiting.push(waiting);
        }
    }

    /// One that has died while it waited.
    pub fn lost(&self, name: &str) {
        let mut state = self.state();
        state.wanted.iter_mut().for_each(|wanted| wanted.waiting.retain(|one| one.name != name));
        state.used.retain(|used| used.waiting.name != name);
        drop(state);
        self.changed.notify_one();
    }

    /// It could not be made; says whether that is told the first time.
    pub fn failed(&self, plan: &ContainerPlan) -> bool {
        let mut state = self.state();
        let Some(wanted) = state.wanted.iter_mut().find(|wanted| wanted.plan == *plan) else { return false };
        let rest = (FIRST_REST * 2_u32.saturating_pow(wanted.failures.min(10))).min(LONGEST_REST);
        wanted.rest = Some(Instant::now() + rest);
        wanted.failures += 1;
        wanted.failures == 1
    }

    /// A container of the same kind has just been started.
    pub fn can_be_made(&self, plan: &ContainerPlan) {
        if plan.warm == 0 {
            return;
        }
        let plan = plan.made_ahead();
        let mut state = self.state();
        let resting = state.wanted.iter_mut().find(|wanted| wanted.plan.is_for_the_same(&plan));
        if let Some(wanted) = resting.filter(|wanted| wanted.rest.is_some()) {
            wanted.rest = None;
            self.changed.notify_one();
        }
    }

    /// Who has the fewest of what he wants is served first.
    pub fn next(&self) -> Next {
        let mut state = self.state();
        let now = Instant::now();
        // Their tasks are still at removing them.
        state.wanted.iter_mut().for_each(|wanted| wanted.waiting.retain(Waiting::is_there));
        let (mut there, mut memory) = (0, 0);
        for wanted in &state.wanted {
            there += wanted.waiting.len();
            memory += wanted.waiting.len() as u64 * needs(&wanted.plan);
        }
        let lacks = |wanted: &&Wanted| {
            wanted.waiting.len() < count(&wanted.plan) && memory + needs(&wanted.plan) <= state.caps.memory.0
        };
        let mut lacking: Vec<&Wanted> = match there < state.caps.max {
            true => state.wanted.iter().filter(lacks).collect(),
            false => Vec::new(),
        };
        lacking.sort_by_key(|wanted| wanted.waiting.len() * 1000 / count(&wanted.plan).max(1));
        match lacking.iter().find(|wanted| wanted.rest.is_none_or(|rest| rest <= now)) {
            Some(wanted) => Next::Make(Box::new(wanted.plan.clone())),
            None => Next::Wait(lacking.iter().filter_map(|wanted| wanted.rest).min()),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(plan: &ContainerPlan) -> usize {
    usize::try_from(plan.warm).unwrap_or(usize::MAX)
}

pub(super) fn needs(plan: &ContainerPlan) -> u64 {
    plan.limits.memory.unwrap_or(UNLIMITED).0
}
