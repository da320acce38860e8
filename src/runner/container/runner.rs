//! The runner of containers: fills a planned one and gives it a task of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clean::clean_with;
use super::connection::Connector;
use super::create::Order;
use super::failure::ContainerFailure;
use super::life::{Life, Wires};
use super::owner::Owner;
use super::warm::{Assignment, Pool, Waiting};
use crate::model::{Executor, WarmCaps, counted};
use crate::plan::{ContainerPlan, Environment, Step};
use crate::runner::{BoxFuture, End, OutputEvent, RunId, Runner, Running, SecretValues, StartError, Teller};

/// Chunks that wait for their reader; a container that writes faster waits.
const WAITING: usize = 8;

/// What an engine has after a cancellation to say that it has started nothing.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// Carries out [`Step::Container`].
#[derive(Clone)]
pub struct ContainerRunner(Arc<Shared>);

struct Shared {
    engines: Arc<Engines>,
    tasks: TaskTracker,
    /// Containers that wait for their call.
    pool: Arc<Pool>,
}

/// One engine, found or named.
struct Engine {
    connector: Arc<Connector>,
    /// What earlier servers left is removed once, beside the first call.
    cleaning: std::sync::Once,
}

struct Engines {
    environment: Arc<Environment>,
    /// Those that were asked for so far. A reload may name others, which adds to them.
    known: Mutex<HashMap<Option<Executor>, Arc<Engine>>>,
}

impl Engines {
    fn new(environment: Arc<Environment>) -> Self {
        Self { environment, known: Mutex::default() }
    }

    fn engine(&self, executor: Option<&Executor>) -> Arc<Engine> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = known.entry(executor.cloned()).or_insert_with(|| {
            let connector = Arc::new(Connector::new(Arc::clone(&self.environment), executor));
            Arc::new(Engine { connector, cleaning: std::sync::Once::new() })
        });
        Arc::clone(engine)
    }
}

impl ContainerRunner {
    /// Asks for nothing yet.
    pub fn new(environment: Arc<Environment>) -> Self {
        let (engines, tasks) = (Arc::new(Engines::new(environment)), TaskTracker::new());
        let known = Arc::clone(&engines);
        let pool =
            Pool::new(move |plan| Arc::clone(&known.engine(plan.executor.as_ref()).connector), tasks.clone());
        Self(Arc::new(Shared { engines, tasks, pool }))
    }

    /// How many containers wait for their call.
    pub fn waiting(&self) -> usize {
        self.0.pool.waiting()
    }

    /// Waits until every container of ours is gone, and says whether they are.
    pub async fn shut_down(&self, patience: Duration) -> bool {
        self.0.pool.close();
        self.0.tasks.close();
        tokio::time::timeout(patience, self.0.tasks.wait()).await.is_ok()
    }

    fn engine(&self, executor: Option<&Executor>) -> Arc<Engine> {
        self.0.engines.engine(executor)
    }

    fn clean_once(&self, engine: &Engine) {
        engine.cleaning.call_once(|| {
            let connector = Arc::clone(&engine.connector);
            self.0.tasks.spawn(async move {
                match clean_with(&connector).await {
                    Ok(cleaned) if cleaned.is_empty() => {}
                    Ok(cleaned) => {
                        let containers = counted(cleaned.len(), "container");
                        tracing::warn!("removed {containers} of servers that are gone")
                    }
                    Err(failure) => tracing::debug!("nothing was cleaned: {failure}"),
                }
            });
        });
    }
}

impl Runner for ContainerRunner {
    fn keep_ready(&self, plans: Vec<ContainerPlan>, caps: WarmCaps) {
        for plan in &plans {
            self.clean_once(&self.engine(plan.executor.as_ref()));
        }
        self.0.pool.keep(plans, caps);
    }

    fn start<'a>(
        &'a self,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        Box::pin(
            async move { self.start_run(&RunId::next(), step, secrets, cancel, Teller::default()).await },
        )
    }

    fn start_run<'a>(
        &'a self,
        run: &'a RunId,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
        news: Teller,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        Box::pin(async move {
            let Step::Container(plan) = step else { return Err(StartError::Elsewhere("no container")) };
            let pool = &self.0.pool;
            pool.somebody_calls();
            let fill = || Order::fill(plan, secrets, run, Owner::this());
            let mut order = fill()?;
            while let Some(waiting) = pool.take_used(&order).or_else(|| pool.take(plan)) {
                match hand_over(waiting, order, &cancel, &news).await? {
                    Some(started) => return Ok(started),
                    None => order = fill()?,
                }
            }
            let engine = self.engine(plan.executor.as_ref());
            if let Some(waiting) = pool.make_for(&order, run, &engine.connector, &cancel, &news).await? {
                self.clean_once(&engine);
                let started = hand_over(waiting, order, &cancel, &news).await?;
                return started.ok_or_else(|| ContainerFailure::Cancelled.into());
            }
            let (call, started) = Call::new(order, &cancel, &news);
            let Assignment { order, wires, started: told } = call.assignment;
            let life = Life::new(order, Arc::clone(&engine.connector), wires);
            // Whoever started it may go away at any moment; the task never does before its container.
            self.0.tasks.spawn(life.lead(told));
            match started_or_given_up(call.started, &cancel).await? {
                Some(is_started) => is_started?,
                None => return Err(ContainerFailure::Cancelled.into()),
            }
            self.0.pool.can_be_made(plan);
            self.clean_once(&engine);
            Ok(started)
        })
    }
}

/// Gives a call to a container that waits. `None`: it was gone before it was told anything.
async fn hand_over(
    waiting: Waiting,
    order: Order,
    cancel: &CancellationToken,
    news: &Teller,
) -> Result<Option<Box<dyn Running>>, ContainerFailure> {
    let (call, running) = Call::new(order, cancel, news);
    if waiting.hand_over(call.assignment).is_err() {
        return Ok(None);
    }
    match started_or_given_up(call.started, cancel).await? {
        None => Ok(None),
        Some(is_started) => is_started.map(|()| Some(running)),
    }
}

/// A call on its way into a container.
struct Call {
    assignment: Assignment,
    started: oneshot::Receiver<Result<(), ContainerFailure>>,
}

impl Call {
    /// With what its caller is given when it has started.
    fn new(order: Order, cancel: &CancellationToken, news: &Teller) -> (Self, Box<dyn Running>) {
        let (events, told) = mpsc::channel(WAITING);
        let (is_started, started) = oneshot::channel();
        let wires = Wires { events, cancel: cancel.clone(), news: news.clone() };
        let assignment = Assignment { order, wires, started: is_started };
        (Self { assignment, started }, Box::new(ContainerRunning(told)))
    }
}

/// Whether it has started. `None`: whoever should have said so is gone.
async fn started_or_given_up(
    started: oneshot::Receiver<Result<(), ContainerFailure>>,
    cancel: &CancellationToken,
) -> Result<Option<Result<(), ContainerFailure>>, ContainerFailure> {
    let given_up = async {
        cancel.cancelled().await;
        tokio::time::sleep(LAST_CHANCE).await;
    };
    tokio::select! {
        is_started = started => Ok(is_started.ok()),
        () = given_up => Err(ContainerFailure::Cancelled),
    }
}

/// The reader's end of a container. Its task ends the container when this is dropped.
struct ContainerRunning(mpsc::Receiver<OutputEvent>);

impl Running for ContainerRunning {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(async move { self.0.recv().await.unwrap_or(OutputEvent::Ended(End::Lost)) })
    }
}
