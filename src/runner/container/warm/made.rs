//! The life of a container that is made ahead: made, waiting, and then that of its one call.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::runner::Teller;
use crate::runner::container::attached::{Output, feed};
use crate::runner::container::connection::{Connection, Connector};
use crate::runner::container::create::{Order, OwnWords};
use crate::runner::container::egress::OpenWay;
use crate::runner::container::failure::ContainerFailure;
use crate::runner::container::init::{Frame, InitFile, Nonce};
use crate::runner::container::life::{Alive, Input, Life, Prepared, Wires};
use crate::runner::container::private_files::PrivateFiles;
use crate::runner::container::verdict::not_begun;

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
    /// Gone when the pool is.
    pub cancel: CancellationToken,
    /// The file that is mounted as its first process has to stay.
    pub init: Arc<InitFile>,
}

/// A container that waits.
struct Made {
    connection: Connection,
    output: Output,
    input: Input,
    files: Option<PrivateFiles>,
    way: Option<OpenWay>,
    own_words: OwnWords,
}

/// Tells once whether it is there, and then waits for its call. Whatever happens, it is removed.
pub async fn lead(
    beginning: Beginning,
    ready: oneshot::Sender<Result<(), ContainerFailure>>,
    assigned: oneshot::Receiver<Assignment>,
) {
    let Beginning { order, connector, cancel, init } = beginning;
    // Nobody listens yet, and nobody has gone away.
    let (events, _nobody) = mpsc::channel(1);
    let mut life = Life::new(order, connector, Wires { events, cancel, news: Teller::default() });
    match life.make().await {
        Ok(made) => {
            let _ = ready.send(Ok(()));
            life.wait(made, assigned).await;
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
        let way = self.open(way, &connection).await?;
        Ok(Made { connection, output, input, files, way, own_words })
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

    async fn wait(self, mut made: Made, mut assigned: oneshot::Receiver<Assignment>) {
        let assignment = tokio::select! {
            biased;
            // It has nothing to say yet: that is its end.
            _ = made.output.next() => None,
            assignment = &mut assigned => assignment.ok(),
        };
        // Nobody takes it any more.
        drop(assigned);
        match assignment {
            None => {
                let connection = made.connection.clone();
                drop(made);
                self.remove(&connection).await;
            }
            Some(assignment) => self.carry_out(made, assignment).await,
        }
    }

    async fn carry_out(mut self, made: Made, assignment: Assignment) {
        let Assignment { order, wires, started } = assignment;
        // It has been another's only by name.
        self.order = Order { name: std::mem::take(&mut self.order.name), ..order };
        self.wires = wires;
        let connection = made.connection.clone();
        let failure = match self.hand_over(made) {
            Err(failure) => failure,
            Ok((mut alive, program)) => match self.begun(&mut alive, &program).await {
                Some(failure) => failure,
                None => {
                    let _ = started.send(Ok(()));
                    return self.go_on(alive).await;
                }
            },
        };
        let _ = started.send(Err(failure));
        self.remove(&connection).await;
    }

    /// With the program that is to be executed.
    fn hand_over(&mut self, made: Made) -> Result<(Alive, String), ContainerFailure> {
        let Made { connection, mut output, input, mut files, way, own_words } = made;
        if self.wires.cancel.is_cancelled() || self.wires.events.is_closed() {
            return Err(ContainerFailure::Cancelled);
        }
        if let Some(files) = &mut files {
            files.fill(&self.order.files).map_err(|problem| ContainerFailure::Files { problem })?;
        }
        let bytes = self.frame(&own_words, &mut output)?;
        let deadline = Instant::now() + self.order.plan.timeout;
        let program = self.order.command(&own_words).0.into_iter().next().unwrap_or_default();
        let feeding = Box::pin(feed(input, Some(bytes.into())));
        Ok((Alive { connection, output, feeding, deadline, files, way }, program))
    }

    /// All that the container is told, and what the command reads.
    fn frame(&mut self, own_words: &OwnWords, output: &mut Output) -> Result<Vec<u8>, ContainerFailure> {
        let refused =
            |problem: String| ContainerFailure::Refused { doing: "to start the container", problem };
        let nonce = Nonce::new().map_err(|error| refused(format!("/dev/urandom: {error}")))?;
        let (words, variables) = self.order.command(own_words);
        if words.is_empty() {
            let image = &self.order.plan.image;
            return Err(refused(format!("`{image}` has no program of its own; name one")));
        }
        let has_input = self.order.stdin.is_some();
        let frame = Frame { words: &words, variables, folder: None, has_input };
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
