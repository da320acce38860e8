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
use crate::model::Executor;
use crate::plan::{Environment, Step};
use crate::runner::{BoxFuture, End, OutputEvent, RunId, Runner, Running, SecretValues, StartError, Teller};

/// Chunks that wait for their reader; a container that writes faster waits.
const WAITING: usize = 8;

/// What an engine has after a cancellation to say that it has started nothing.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// Carries out [`Step::Container`].
#[derive(Clone)]
pub struct ContainerRunner(Arc<Shared>);

struct Shared {
    environment: Arc<Environment>,
    /// Those that were asked for so far. A reload may name others, which adds to them.
    engines: Mutex<HashMap<Option<Executor>, Arc<Engine>>>,
    tasks: TaskTracker,
}

/// One engine, found or named.
struct Engine {
    connector: Arc<Connector>,
    /// What earlier servers left is removed once, beside the first call.
    cleaning: std::sync::Once,
}

impl ContainerRunner {
    /// Asks for nothing yet.
    pub fn new(environment: Arc<Environment>) -> Self {
        Self(Arc::new(Shared { environment, engines: Mutex::default(), tasks: TaskTracker::new() }))
    }

    /// Waits until every container of ours is gone, and says whether they are.
    pub async fn shut_down(&self, patience: Duration) -> bool {
        self.0.tasks.close();
        tokio::time::timeout(patience, self.0.tasks.wait()).await.is_ok()
    }

    fn engine(&self, executor: Option<&Executor>) -> Arc<Engine> {
        let Shared { engines, environment, .. } = &*self.0;
        let mut engines = engines.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = engines.entry(executor.cloned()).or_insert_with(|| {
            let connector = Arc::new(Connector::new(Arc::clone(environment), executor));
            Arc::new(Engine { connector, cleaning: std::sync::Once::new() })
        });
        Arc::clone(engine)
    }

    fn clean_once(&self, engine: &Engine) {
        engine.cleaning.call_once(|| {
            let connector = Arc::clone(&engine.connector);
            self.0.tasks.spawn(async move {
                match clean_with(&connector).await {
                    Ok(cleaned) if cleaned.is_empty() => {}
                    Ok(cleaned) => {
                        tracing::warn!("removed {} containers of servers that are gone", cleaned.len())
                    }
                    Err(failure) => tracing::debug!("nothing was cleaned: {failure}"),
                }
            });
        });
    }
}

impl Runner for ContainerRunner {
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
            let order = Order::fill(plan, secrets, run, Owner::this())?;
            let (events, told) = mpsc::channel(WAITING);
            let (started, is_started) = oneshot::channel();
            let cancelled = cancel.clone();
            let engine = self.engine(plan.executor.as_ref());
            let life = Life::new(order, Arc::clone(&engine.connector), Wires { events, cancel, news });
            // Whoever started it may go away at any moment; the task never does before its container.
            self.0.tasks.spawn(life.lead(started));
            let given_up = async {
                cancelled.cancelled().await;
                tokio::time::sleep(LAST_CHANCE).await;
            };
            let is_started = tokio::select! {
                is_started = is_started => is_started,
                () = given_up => return Err(ContainerFailure::Cancelled.into()),
            };
            match is_started {
                Ok(Ok(())) => {}
                Ok(Err(failure)) => return Err(failure.into()),
                Err(_) => return Err(ContainerFailure::Cancelled.into()),
            }
            self.clean_once(&engine);
            Ok(Box::new(ContainerRunning(told)) as Box<dyn Running>)
        })
    }
}

/// The reader's end of a container. Its task ends the container when this is dropped.
struct ContainerRunning(mpsc::Receiver<OutputEvent>);

impl Running for ContainerRunning {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(async move { self.0.recv().await.unwrap_or(OutputEvent::Ended(End::Lost)) })
    }
}
