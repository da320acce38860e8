//! The life of a container that is made ahead: made, waiting, and then that of its one call.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::runner::Teller;
use crate::runner::container::attached::{Output, feed_shared};
use crate::runner::container::connection::{Connection, Connector};
use crate::runner::container::create::{Order, OwnWords};
use crate::runner::container::egress::OpenWay;
use crate::runner::container::failure::ContainerFailure;
use crate::runner::container::init::{Frame, InitFile, Nonce, Stay};
use crate::runner::container::life::{Alive, Input, Life, Prepared, Wires};
use crate::runner::container::private_files::PrivateFiles;
use crate::runner::container::verdict::not_begun;

use super::pool::Pool;
use super::staying::Staying;

/// A call for a container that waits.
pub struct Assignment {
    pub order: Order,
    pub wires: Wires,
    /// Dropped if the container is gone before it is told anything.
    pub started: oneshot::Sender<Result<(), ContainerFailure>>,
}

/// What a life is begun with.
pub struct Beginning {
    pub order: Order,
    pub connector: Arc<Connector>,
    /// Whoever wants it may go away before it is there.
    pub cancel: CancellationToken,
    pub news: Teller,
    /// The file that is mounted as its first process has to stay.
    pub init: Arc<InitFile>,
    /// Where it waits for another call, if it may stay.
    pub pool: Arc<Pool>,
}

/// A container that waits.
pub(super) struct Made {
    pub connection: Connection,
    pub output: Output,
    pub input: Arc<Mutex<Input>>,
    pub files: Option<PrivateFiles>,
    pub way: Option<OpenWay>,
    pub own_words: OwnWords,
    /// What of it is in memory.
    pub folders: Vec<String>,
    pub past: Past,
}

/// What it has had.
#[derive(Clone, Copy)]
pub(super) struct Past {
    pub born: Instant,
    pub calls: u32,
}

/// Tells once whether it is there, and then waits for its call. Whatever happens, it is removed.
pub async fn lead(
    beginning: Beginning,
    ready: oneshot::Sender<Result<(), ContainerFailure>>,
    assigned: oneshot::Receiver<Assignment>,
) {
    let Beginning { order, connector, cancel, news, init, pool } = beginning;
    // Nobody listens yet, and nobody has gone away.
    let (events, _nobody) = mpsc::channel(1);
    let mut life = Life::new(order, connector, Wires { events, cancel, news });
    match life.make().await {
        Ok(made) => {
            let _ = ready.send(Ok(()));
            life.wait(made, assigned, &pool).await;
        }
        Err(failure) => {
            if let Some(connection) = life.asked.take() {
                life.remove(&connection).await;
            }
            let _ = ready.send(Err(failure));
        }
    }
    drop(init);
}

impl Life {
    async fn make(&mut self) -> Result<Made, ContainerFailure> {
        let Prepared { connection, files, way } = self.prepare().await?;
        let own_words = self.own_words(&connection).await?;
        let (output, input) = self.attach_and_start(&connection).await?;
        let past = Past { born: Instant::now(), calls: 0 };
        let way = self.open(way, &connection).await?;
        let (input, folders) = (Arc::new(Mutex::new(input)), self.folders_to_empty());
        Ok(Made { connection, output, input, files, way, own_words, folders, past })
    }

    /// Those of the very image that the container was made of, where a command uses them.
    async fn own_words(&self, connection: &Connection) -> Result<OwnWords, ContainerFailure> {
        let Order { name, plan, .. } = &self.order;
        if plan.entrypoint.is_some() {
            return Ok(OwnWords::default());
        }
        let container = connection.docker.inspect_container(name, None);
        let container = connection.answer("to look at the container", container).await?;
        let image = container.image.unwrap_or_else(|| plan.image.clone());
        let found = connection.docker.inspect_image(&image);
        let config = connection.answer("to look at the image", found).await?.config.unwrap_or_default();
        Ok(OwnWords {
            entrypoint: config.entrypoint.unwrap_or_default(),
            words: config.cmd.unwrap_or_default(),
        })
    }

    async fn wait(mut self, mut made: Made, mut assigned: oneshot::Receiver<Assignment>, pool: &Arc<Pool>) {
        loop {
            let assignment = tokio::select! {
                biased;
                // It has nothing to say: that is its end.
                _ = made.output.next() => None,
                assignment = &mut assigned => assignment.ok(),
                () = self.is_too_old(made.past) => None,
            };
            // Nobody takes it any more.
            drop(assigned);
            let Some(assignment) = assignment else {
                let connection = made.connection.clone();
                drop(made);
                return self.remove(&connection).await;
            };
            (made, assigned) = match self.carry_out(made, assignment, pool).await {
                Some(again) => again,
                None => return,
            };
        }
    }

    /// Gives the container back if it waits for another call.
    async fn carry_out(
        &mut self,
        made: Made,
        assignment: Assignment,
        pool: &Arc<Pool>,
    ) -> Option<(Made, oneshot::Receiver<Assignment>)> {
        let Assignment { order, wires, started } = assignment;
        // It has been another's only by name.
        self.order = Order { name: std::mem::take(&mut self.order.name), ..order };
        self.wires = wires;
        let connection = made.connection.clone();
        let failure = match self.hand_over(made) {
            Err(failure) => failure,
            Ok((mut alive, program, stay)) => match self.begun(&mut alive, &program).await {
                Some(failure) => failure,
                None => {
                    let _ = started.send(Ok(()));
                    return self.go_on_or_stay(alive, stay, pool).await;
                }
            },
        };
        let _ = started.send(Err(failure));
        self.remove(&connection).await;
        None
    }

    /// With the program that is to be executed.
    fn hand_over(&mut self, made: Made) -> Result<(Alive, String, Option<Staying>), ContainerFailure> {
        let Made { connection, mut output, input, mut files, way, own_words, folders, past } = made;
        if self.wires.cancel.is_cancelled() || self.wires.events.is_closed() {
            return Err(ContainerFailure::Cancelled);
        }
        // Whoever comes later has the same files, or another container.
        if let Some(files) = files.as_mut().filter(|_| past.calls == 0) {
            files.fill(&self.order.files).map_err(|problem| ContainerFailure::Files { problem })?;
        }
        let may_stay = self.may_stay(past);
        let bytes = self.frame(&own_words, &mut output, may_stay.then_some(&folders))?;
        let deadline = Instant::now() + self.order.plan.timeout;
        let program = self.order.command(&own_words).0.into_iter().next().unwrap_or_default();
        let feeding = Box::pin(feed_shared(Arc::clone(&input), bytes.into(), may_stay));
        let stay = may_stay.then_some(Staying { input, own_words, folders, past });
        Ok((Alive { connection, output, feeding, deadline, files, way }, program, stay))
    }

    /// All that the container is told, and what the command reads.
    fn frame(
        &mut self,
        own_words: &OwnWords,
        output: &mut Output,
        folders: Option<&Vec<String>>,
    ) -> Result<Vec<u8>, ContainerFailure> {
        let refused =
            |problem: String| ContainerFailure::Refused { doing: "to start the container", problem };
        let nonce = Nonce::new().map_err(|error| refused(format!("/dev/urandom: {error}")))?;
        let (words, variables) = self.order.command(own_words);
        if words.is_empty() {
            let image = &self.order.plan.image;
            return Err(refused(format!("`{image}` has no program of its own; name one")));
        }
        let has_input = self.order.stdin.is_some();
        let input = self.order.stdin.as_ref().map_or(0, Bytes::len);
        let stay = folders.map(|folders| Stay { input, folders });
        let frame = Frame { words: &words, variables, folder: None, has_input, stay };
        let mut bytes = frame.encode(&nonce).map_err(|problem| refused(problem.to_owned()))?;
        bytes.extend(self.order.stdin.take().unwrap_or_default());
        output.strain(nonce);
        Ok(bytes)
    }

    /// Waits until the command is executed, or says why it cannot be. Whoever must not wait longer
    /// finds a command that runs.
    async fn begun(&self, alive: &mut Alive, program: &str) -> Option<ContainerFailure> {
        let Wires { events, cancel, .. } = &self.wires;
        let told = tokio::select! {
            biased;
            told = alive.output.begun() => told?,
            () = &mut alive.feeding => return None,
            () = cancel.cancelled() => return None,
            () = events.closed() => return None,
            () = sleep_until(alive.deadline) => return None,
        };
        not_begun(&self.order.plan, program, told)
    }
}
