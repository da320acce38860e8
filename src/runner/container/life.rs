//! The life of one container: created, attached, started, waited for, and removed in any case.
//!
//! One task leads it from beginning to end and outlives whoever asked for it, so nothing stays behind
//! when a caller goes away. It is attached before it is started: no byte of output is lost.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::{AttachContainerOptions, StartContainerOptions};
use tokio::io::AsyncWrite;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::attached::{Output, feed};
use super::connection::{Connection, Connector};
use super::create::Order;
use super::egress::{OpenWay, WayOut};
use super::failure::ContainerFailure;
use super::private_files::PrivateFiles;
use super::verdict::not_started;
use crate::runner::{End, OutputEvent, Stream, Teller};

/// What output may still come after the end of whoever wrote it.
pub(super) const LAST_OUTPUT: Duration = Duration::from_secs(5);

pub struct Life {
    pub(super) order: Order,
    pub(super) connector: Arc<Connector>,
    pub(super) wires: Wires,
    /// The engine that may have made the container.
    pub(super) asked: Option<Connection>,
    /// It has said that it has.
    pub(super) is_created: bool,
    /// While it is made and started.
    pub(super) turn: Option<OwnedSemaphorePermit>,
}

/// To and from whoever started it.
pub struct Wires {
    pub events: mpsc::Sender<OutputEvent>,
    pub cancel: CancellationToken,
    pub news: Teller,
}

/// A container that runs.
pub struct Alive {
    pub connection: Connection,
    pub output: Output,
    pub feeding: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub deadline: Instant,
    pub files: Option<PrivateFiles>,
    pub way: Option<OpenWay>,
}

/// A container to which nobody is attached yet, with what it needs of this host.
pub struct Prepared {
    pub connection: Connection,
    pub files: Option<PrivateFiles>,
    pub way: Option<WayOut>,
}

/// What is written to a container.
pub type Input = Pin<Box<dyn AsyncWrite + Send>>;

impl Life {
    pub fn new(order: Order, connector: Arc<Connector>, wires: Wires) -> Self {
        Self { order, connector, wires, asked: None, is_created: false, turn: None }
    }

    /// Says once whether it could be started, and then by events what comes of it.
    pub async fn lead(mut self, started: oneshot::Sender<Result<(), ContainerFailure>>) {
        match self.begin().await {
            Err(failure) => {
                self.turn = None;
                let _ = started.send(Err(failure));
                if let Some(connection) = self.asked.take() {
                    self.remove(&connection).await;
                }
            }
            Ok(alive) => {
                // Whoever asked may be gone; then the container goes as well.
                let _ = started.send(Ok(()));
                self.go_on(alive).await;
            }
        }
    }

    async fn begin(&mut self) -> Result<Alive, ContainerFailure> {
        let prepared = self.prepare().await?;
        match self.wires.cancel.is_cancelled() || self.wires.events.is_closed() {
            true => Err(ContainerFailure::Cancelled),
            false => self.start(prepared).await,
        }
    }

    async fn start(&mut self, prepared: Prepared) -> Result<Alive, ContainerFailure> {
        let Prepared { connection, files, way } = prepared;
        let (output, input) = self.attach_and_start(&connection).await?;
        let deadline = Instant::now() + self.order.plan.timeout;
        let way = self.open(way, &connection).await?;
        let feeding = Box::pin(feed(input, self.order.stdin.take()));
        Ok(Alive { connection, output, feeding, deadline, files, way })
    }

    /// Attached before it starts, so that nothing of its output is lost.
    pub(super) async fn attach_and_start(
        &mut self,
        connection: &Connection,
    ) -> Result<(Output, Input), ContainerFailure> {
        let Order { name, plan, body, .. } = &self.order;
        let options = AttachContainerOptions {
            stream: true,
            stdin: body.attach_stdin == Some(true),
            stdout: true,
            stderr: true,
            ..AttachContainerOptions::default()
        };
        let attached = connection.docker.attach_container(name, Some(options));
        let attached = connection.answer("to attach to the container", attached).await;
        // Podman readies its process when somebody attaches to it.
        let attached = attached.map_err(|trouble| not_started(plan, trouble))?;
        let started = connection.docker.start_container(name, None::<StartContainerOptions>);
        let started = connection.answer("to start the container", started).await;
        self.turn = None;
        started.map_err(|trouble| not_started(plan, trouble))?;
        Ok(Output::of(attached))
    }

    pub(super) async fn go_on(&self, mut alive: Alive) {
        let ended = self.watch(&mut alive).await;
        self.finish(alive, ended).await;
    }

    /// It has ended or has to, and goes.
    pub(super) async fn finish(&self, mut alive: Alive, ended: Ended) {
        let end = match ended {
            // Nothing of it is alive. To take away what is left needs nobody to wait.
            Ended::ByItself(end) => Some(end),
            Ended::ByUs(end) => {
                self.ask_to_end(&mut alive).await;
                self.kill(&mut alive).await;
                Some(end)
            }
            Ended::Abandoned => None,
        };
        // An engine does not let go of a container while somebody holds its streams and does not read.
        let Alive { connection, output, feeding, files, way, .. } = alive;
        drop((output, feeding));
        if let Some(end) = end {
            let denied = way.as_ref().and_then(OpenWay::report);
            // Nobody reads or uses them any more.
            drop((files, way));
            if let Some(denied) = denied {
                let chunk = OutputEvent::Chunk { stream: Stream::Stderr, bytes: denied.into() };
                let _ = self.wires.events.send(chunk).await;
            }
            let _ = self.wires.events.send(OutputEvent::Ended(end)).await;
        }
        self.remove(&connection).await;
    }

    /// Hands its output on until it has ended, or has to.
    pub(super) async fn watch(&self, alive: &mut Alive) -> Ended {
        let Wires { events, cancel, .. } = &self.wires;
        let mut exit = Exit::Unknown;
        if !alive.output.is_strained() {
            exit = Exit::Awaited(Box::pin(self.exit(alive.connection.clone())));
        }
        let mut ended: Option<(End, Instant)> = None;
        let mut chunk = None;
        loop {
            if matches!(exit, Exit::Unknown) && alive.output.is_over() {
                // Our init tells more, and sooner than an engine does.
                let told = alive.output.told();
                exit = Exit::Awaited(Box::pin(self.exit_as_told(alive.connection.clone(), told)));
            }
            if let (Some((end, _)), true, None) = (&ended, alive.output.is_over(), &chunk) {
                return Ended::ByItself(end.clone());
            }
            let last = ended.as_ref().map_or(alive.deadline, |(_, at)| *at + LAST_OUTPUT);
            tokio::select! {
                biased;
                () = events.closed() => return Ended::Abandoned,
                () = cancel.cancelled(), if ended.is_none() => return Ended::ByUs(End::Cancelled),
                () = sleep_until(last), if ended.is_none() || chunk.is_none() => return match ended {
                    Some((end, _)) => Ended::ByItself(end),
                    None => Ended::ByUs(End::TimedOut { after: self.order.plan.timeout }),
                },
                () = &mut alive.feeding => {}
                end = exit.end(), if ended.is_none() => ended = Some((end, Instant::now())),
                permit = events.reserve(), if chunk.is_some() => {
                    if let (Ok(permit), Some(event)) = (permit, chunk.take()) {
                        permit.send(event);
                    }
                }
                next = alive.output.next(), if chunk.is_none() && !alive.output.is_over() => {
                    chunk = next;
                    ended = ended.map(|(end, _)| (end, Instant::now()));
                }
            }
        }
    }
}

/// Whoever knows how it ended.
enum Exit<'a> {
    /// Nobody was asked yet.
    Unknown,
    Awaited(Pin<Box<dyn Future<Output = End> + Send + 'a>>),
}

impl Exit<'_> {
    async fn end(&mut self) -> End {
        match self {
            Self::Unknown => std::future::pending().await,
            Self::Awaited(exit) => exit.await,
        }
    }
}

/// How it came to an end.
pub enum Ended {
    ByItself(End),
    /// It has to be ended.
    ByUs(End),
    /// Nobody listens any more.
    Abandoned,
}
