//! The life of one container: created, attached, started, waited for, and removed in any case.
//!
//! One task leads it from beginning to end and outlives whoever asked for it, so nothing stays behind
//! when a caller goes away. It is attached before it is started: no byte of output is lost.

use std::num::NonZeroI32;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, KillContainerOptions, StartContainerOptions,
    WaitContainerOptions,
};
use futures_util::StreamExt;
use tokio::io::AsyncWrite;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::attached::{Output, feed};
use super::care;
use super::clean::{remove, remove_if_there};
use super::connection::{Connection, Connector, Trouble};
use super::create::Order;
use super::egress::{OpenWay, WayOut};
use super::failure::ContainerFailure;
use super::init;
use super::private_files::PrivateFiles;
use super::pull::pull;
use super::verdict::{end_told, not_created, not_started};
use crate::model::{Enforcement, Pull};
use crate::plan::ContainerPlan;
use crate::runner::{End, OutputEvent, Stream, Teller};

/// What output may still come after the end of whoever wrote it.
const LAST_OUTPUT: Duration = Duration::from_secs(5);
/// Between attempts to remove a container from an engine that is away.
const PAUSES: [u64; 8] = [100, 300, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

pub struct Life {
    pub(super) order: Order,
    pub(super) connector: Arc<Connector>,
    pub(super) wires: Wires,
    /// The engine that may have made the container.
    pub(super) asked: Option<Connection>,
    /// It has said that it has.
    is_created: bool,
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
        Self { order, connector, wires, asked: None, is_created: false }
    }

    /// Says once whether it could be started, and then by events what comes of it.
    pub async fn lead(mut self, started: oneshot::Sender<Result<(), ContainerFailure>>) {
        match self.begin().await {
            Err(failure) => {
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

    /// The container as it is before anybody attaches to it.
    pub(super) async fn prepare(&mut self) -> Result<Prepared, ContainerFailure> {
        let cancel = self.wires.cancel.clone();
        let connection = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ContainerFailure::Cancelled),
            connection = self.connector.connection() => connection?.for_a_call(self.order.plan.timeout),
        };
        self.refuse_foreign_mounts(&connection)?;
        sources_are_there(&connection, &self.order.plan)?;
        let files = self.put_files(&connection)?;
        let way = self.prepare_way(&connection)?;
        let connection = self.create(connection).await?;
        Ok(Prepared { connection, files, way })
    }

    /// Gives back the connection to where it was created.
    async fn create(&mut self, mut connection: Connection) -> Result<Connection, ContainerFailure> {
        let pull = self.order.plan.pull;
        if care::has_to_prove(&self.order.plan) {
            self.order.body.image = Some(self.image(&connection).await?);
        } else if pull == Pull::Always {
            self.pull(&connection).await?;
        }
        let created = match self.create_on(&connection).await {
            Err(Trouble::Said { status: 404, .. }) if self.order.plan.build.is_some() => {
                self.order.body.image = Some(self.image(&connection).await?);
                self.create_on(&connection).await
            }
            Err(Trouble::Said { status: 404, .. })
                if pull == Pull::Missing && !care::has_to_prove(&self.order.plan) =>
            {
                self.pull(&connection).await?;
                self.create_on(&connection).await
            }
            // A place that is remembered may have been left.
            Err(Trouble::Away(ContainerFailure::Unreachable { .. })) => {
                self.connector.forget().await;
                connection = self.connector.connection().await?.for_a_call(self.order.plan.timeout);
                self.create_on(&connection).await
            }
            created => created,
        };
        created.map_err(|trouble| not_created(&self.order.plan, trouble))?;
        Ok(connection)
    }

    /// What was looked up here is anything there.
    fn refuse_foreign_mounts(&self, connection: &Connection) -> Result<(), ContainerFailure> {
        match self.order.plan.is_bound_here && !connection.is_local() {
            true => Err(ContainerFailure::MountElsewhere { at: connection.address.host.to_string() }),
            false => Ok(()),
        }
    }

    /// The files, as mounts of the container to be.
    fn put_files(&mut self, connection: &Connection) -> Result<Option<PrivateFiles>, ContainerFailure> {
        let Order { name, owner, files, body, .. } = &mut self.order;
        if files.is_empty() {
            return Ok(None);
        }
        if !connection.is_local() {
            let problem = "the engine is on another host, and they never leave this one".to_owned();
            return Err(ContainerFailure::Files { problem });
        }
        let written =
            PrivateFiles::write(name, owner, files).map_err(|problem| ContainerFailure::Files { problem })?;
        let mounts = body.host_config.get_or_insert_default().mounts.get_or_insert_default();
        mounts.extend(written.mounts().iter().cloned());
        Ok(Some(written))
    }

    async fn pull(&self, connection: &Connection) -> Result<(), ContainerFailure> {
        let (environment, plan) = (&self.connector.environment, &self.order.plan);
        let platform = plan.platform.as_deref();
        self.unless_cancelled(pull(connection, environment, &plan.image, platform, &self.wires.news)).await
    }

    /// The id of an image that has to prove something first.
    async fn image(&self, connection: &Connection) -> Result<String, ContainerFailure> {
        let Connector { environment, care, .. } = &*self.connector;
        let image = care.image(connection, environment, &self.order.plan, &self.wires.news);
        self.unless_cancelled(image).await
    }

    async fn unless_cancelled<T>(
        &self,
        doing: impl Future<Output = Result<T, ContainerFailure>>,
    ) -> Result<T, ContainerFailure> {
        tokio::select! {
            biased;
            () = self.wires.cancel.cancelled() => Err(ContainerFailure::Cancelled),
            () = self.wires.events.closed() => Err(ContainerFailure::Cancelled),
            done = doing => done,
        }
    }

    /// A limit that the engine cannot keep is left out, unless it is required.
    async fn create_on(&mut self, connection: &Connection) -> Result<(), Trouble> {
        self.put_init_first(connection).await?;
        let is_required = self.order.plan.limits.enforcement == Enforcement::Required;
        let mut created = self.ask_to_create(connection).await;
        if let Err(Trouble::Said { message, .. }) = &created
            && message.contains("storage-opt")
            && !is_required
        {
            tracing::warn!("`limits.disk` is not enforced: {message}");
            self.order.body.host_config.get_or_insert_default().storage_opt = None;
            created = self.ask_to_create(connection).await;
        }
        let warnings = created?;
        let discarded = warnings.into_iter().find(|warning| warning.contains("iscarded"));
        match discarded {
            Some(problem) if is_required => Err(Trouble::Away(ContainerFailure::NotLimited { problem })),
            Some(problem) => {
                tracing::warn!("a limit is not enforced: {problem}");
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The warnings of the engine.
    async fn ask_to_create(&mut self, connection: &Connection) -> Result<Vec<String>, Trouble> {
        let options = CreateContainerOptions {
            name: Some(self.order.name.clone()),
            platform: self.order.plan.platform.clone().unwrap_or_default(),
        };
        let created = connection.docker.create_container(Some(options), self.order.body.clone());
        let created = connection.answer("to create the container", created).await;
        // Only a refusal says for sure that there is none.
        let is_refused = matches!(created, Err(Trouble::Said { .. }));
        self.asked = (!is_refused).then(|| connection.clone());
        self.is_created = created.is_ok();
        Ok(created?.warnings)
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
        &self,
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
        started.map_err(|trouble| not_started(plan, trouble))?;
        Ok(Output::of(attached))
    }

    pub(super) async fn go_on(&self, mut alive: Alive) {
        let end = match self.watch(&mut alive).await {
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

    /// Removes it, and hands on what it wrote last. An engine that is away cannot be waited for.
    async fn kill(&self, alive: &mut Alive) {
        let until = Instant::now() + LAST_OUTPUT;
        let connection = alive.connection.clone();
        let mut removal = Box::pin(remove(&connection, &self.order.name));
        let mut is_removed = false;
        while !(is_removed && alive.output.is_over()) {
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                () = self.wires.events.closed() => return,
                removed = &mut removal, if !is_removed => match removed {
                    Ok(()) => is_removed = true,
                    Err(_) => return,
                },
                Some(chunk) = alive.output.next() => {
                    let _ = timeout_at(until, self.wires.events.send(chunk)).await;
                }
            }
        }
    }

    /// Hands its output on until it has ended, or has to.
    async fn watch(&self, alive: &mut Alive) -> Ended {
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

    /// How it ended, if our init has told that; otherwise as the engine says.
    async fn exit_as_told(&self, connection: Connection, told: Option<init::Ended>) -> End {
        match told.and_then(end_told) {
            Some(end) => end,
            None => self.exit(connection).await,
        }
    }

    /// Waits until it has ended by itself.
    pub(super) async fn exit(&self, connection: Connection) -> End {
        // Some engines answer nothing at all before the end.
        let longest = self.order.plan.timeout + self.order.plan.kill_grace + LAST_OUTPUT;
        let docker = connection.docker.clone().with_timeout(longest);
        let options = WaitContainerOptions { condition: "not-running".to_owned() };
        let mut answers = Box::pin(docker.wait_container(&self.order.name, Some(options)));
        let code = match answers.next().await {
            Some(Ok(answer)) => answer.status_code,
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
            Some(Err(_)) | None => return End::Lost,
        };
        match i32::try_from(code).map(NonZeroI32::new) {
            Ok(None) => End::Success,
            Ok(Some(code)) => self.failed(&connection, code).await,
            Err(_) => End::Lost,
        }
    }

    async fn failed(&self, connection: &Connection, code: NonZeroI32) -> End {
        const KILLED: i32 = 128 + 9;
        let may_be_short = code.get() == KILLED && self.order.plan.limits.memory.is_some();
        let mut is_short = self.was_out_of_memory(connection).await;
        if may_be_short && !is_short {
            // The engine hears of that by another way, which may take longer.
            sleep(Duration::from_millis(100)).await;
            is_short = self.was_out_of_memory(connection).await;
        }
        match code.get() {
            _ if is_short => End::OutOfMemory,
            KILLED => End::Signalled(9),
            _ => End::Failed(code),
        }
    }

    async fn was_out_of_memory(&self, connection: &Connection) -> bool {
        let inspected = connection.docker.inspect_container(&self.order.name, None);
        let inspected = connection.answer("to look at the container", inspected).await;
        inspected.is_ok_and(|found| found.state.and_then(|state| state.oom_killed) == Some(true))
    }

    /// Its signal, and then its grace. Whoever ignores that is killed by the removal.
    async fn ask_to_end(&self, alive: &mut Alive) {
        let until = Instant::now() + self.order.plan.kill_grace;
        let asking = self.signal(&alive.connection);
        if timeout_at(until, asking).await.is_err() {
            return;
        }
        let mut exit = Box::pin(self.exit(alive.connection.clone()));
        while alive.output.told().is_none() || !alive.output.is_over() {
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                _ = &mut exit => return,
                () = self.wires.events.closed() => return,
                chunk = alive.output.next(), if !alive.output.is_over() => {
                    let Some(chunk) = chunk else { continue };
                    if timeout_at(until, self.wires.events.send(chunk)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn signal(&self, connection: &Connection) {
        let name = &self.order.name;
        let signal = match &self.order.plan.stop_signal {
            Some(signal) => Some(signal.clone()),
            None => {
                let inspected = connection.docker.inspect_container(name, None).await;
                inspected.ok().and_then(|found| found.config?.stop_signal).filter(|signal| !signal.is_empty())
            }
        };
        let signal = signal.unwrap_or_else(|| "SIGTERM".to_owned());
        let _ = connection.docker.kill_container(name, Some(KillContainerOptions { signal })).await;
    }

    /// Until the engine says that it is gone, or has been away for a minute. One that never said that
    /// it made it may do so yet, when it goes on: what is not there may still come.
    pub(super) async fn remove(&self, connection: &Connection) {
        let mut is_there = true;
        for pause in PAUSES {
            match remove_if_there(connection, &self.order.name).await {
                Ok(is_removed) if is_removed || self.is_created => return,
                Ok(_) => is_there = false,
                Err(failure) => {
                    is_there = true;
                    tracing::debug!("`{}` is not removed yet: {failure}", self.order.name);
                }
            }
            sleep(Duration::from_millis(pause)).await;
        }
        if !is_there {
            return;
        }
        tracing::warn!("the container `{}` could not be removed; `mcpfier clean` does it", self.order.name);
    }
}

/// Docker refuses to mount what is not there; Podman would make a folder of the host's for it.
fn sources_are_there(connection: &Connection, plan: &ContainerPlan) -> Result<(), ContainerFailure> {
    if !(connection.is_podman() && connection.is_local()) {
        return Ok(());
    }
    match plan.mounts.iter().find(|mount| !mount.source.exists()) {
        None => Ok(()),
        Some(mount) => Err(ContainerFailure::Refused {
            doing: "to create the container",
            problem: format!("there is no `{}` to mount", mount.source.display()),
        }),
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
enum Ended {
    ByItself(End),
    /// It has to be ended.
    ByUs(End),
    /// Nobody listens any more.
    Abandoned,
}
