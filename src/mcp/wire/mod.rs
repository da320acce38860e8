//! The connection to one client over a pair of byte streams: rmcp's transport, made for results of
//! any size and for clients of any kind.
//!
//! It reads lines with a cap and never ends because of one. It writes deposited results itself. It
//! holds the end of the input back from rmcp until running calls have been answered, as long as
//! [`Closing::drain`] allows. It does not know what the streams are.

mod answers;
pub(super) mod desk;
pub(super) mod in_flight;
pub(super) mod inbound;
mod lines;
pub(super) mod outbox;
pub(super) mod refusal;

use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, GetExtensions, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use desk::Desk;
use in_flight::InFlight;
use inbound::Inbound;
use lines::{Line, Lines};
use outbox::Outbox;
use refusal::Refusal;

pub(super) use answers::Answers;
pub(super) use in_flight::Ticket;
pub use outbox::Gone;

/// How long a client may take nothing before the end is not held up for it any longer.
const STALL: Duration = Duration::from_secs(5);

/// How often the end looks whether anybody is still there.
const GLANCE: Duration = Duration::from_millis(100);

/// What happens when the input has ended.
pub struct Closing {
    /// How long running calls may go on; asked when it comes to that.
    pub drain: Box<dyn Fn() -> Duration + Send + Sync>,
    /// Whether the client has closed its side of our output, too.
    pub hung_up: Box<dyn Fn() -> bool + Send + Sync>,
    /// Cancelled when calls must not go on: nobody is left to answer, or the drain is over.
    pub stop: CancellationToken,
}

/// rmcp's view of one client.
pub struct Connection<R> {
    lines: Lines<R>,
    answers: Answers,
    desk: Arc<Desk>,
    writer: JoinHandle<()>,
    closing: Closing,
    /// When the input ended.
    ended: Option<Instant>,
}

impl<R: AsyncRead + Unpin + Send + Sync + 'static> Connection<R> {
    /// Needs a tokio runtime, where it writes from a task of its own.
    pub fn new(input: R, output: impl AsyncWrite + Unpin + Send + 'static, closing: Closing) -> Self {
        let outbox = Outbox::new();
        let (queue, stop) = (Arc::clone(&outbox), closing.stop.clone());
        let writer = tokio::spawn(async move {
            queue.write_to(output).await;
            // Nobody reads our answers any more, so nobody wants the calls to go on.
            stop.cancel();
        });
        let desk = Arc::<Desk>::default();
        let in_flight = InFlight::new(Arc::clone(&outbox), Arc::clone(&desk));
        Self {
            lines: Lines::new(input, lines::LONGEST),
            answers: Answers { outbox, in_flight },
            desk,
            writer,
            closing,
            ended: None,
        }
    }

    /// The next message for rmcp; `None` at the end of the input.
    async fn next(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            self.answers.outbox.room().await.ok()?;
            let inbound = match self.lines.next().await {
                Ok(Some(Line::Whole(line))) => inbound::read(&line),
                Ok(Some(Line::TooLong { head, tail })) => {
                    Inbound::Refused(Refusal::too_long(&head, &tail, lines::LONGEST))
                }
                Ok(None) => return None,
                Err(error) => {
                    tracing::warn!(%error, "the input cannot be read any further");
                    return None;
                }
            };
            if let Some(message) = self.admit(inbound) {
                return Some(message);
            }
        }
    }

    fn admit(&self, inbound: Inbound) -> Option<ClientJsonRpcMessage> {
        match inbound {
            Inbound::Request(id, mut request) => match self.answers.in_flight.admit(&id) {
                Some(ticket) => {
                    request.extensions_mut().insert(ticket);
                    return Some(JsonRpcMessage::request(*request, id));
                }
                None => self.refuse(Refusal::duplicate(&id)),
            },
            Inbound::Notification(message, cancelled) => {
                if let Some(id) = cancelled {
                    self.answers.in_flight.cancel(&id);
                }
                return Some(*message);
            }
            Inbound::Answer(id, said) => drop(self.desk.answer(&id, said)),
            Inbound::Refused(refusal) => self.refuse(refusal),
            Inbound::Nothing => {}
        }
        None
    }

    fn refuse(&self, refusal: Refusal) {
        tracing::debug!(code = refusal.code, message = refusal.message, "refused a message");
        self.answers.outbox.put(|out| out.append(&mut refusal.into_json()));
    }

    /// Waits until every request is answered, as long as that is allowed and of any use, and then
    /// for as long as the client takes the answers.
    async fn drain(&mut self) {
        let deadline = *self.ended.get_or_insert_with(Instant::now) + (self.closing.drain)();
        self.answers.in_flight.end_of_input();
        let answered = tokio::select! {
            () = self.answered() => true,
            () = self.abandoned() => false,
            () = tokio::time::sleep_until(deadline) => false,
        };
        if answered {
            // If it failed, nobody is left to be told.
            let _ = self.delivered().await;
        } else {
            self.closing.stop.cancel();
        }
    }

    async fn answered(&self) {
        loop {
            let emptied = self.answers.in_flight.emptied();
            if self.answers.in_flight.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    /// Waits until everything is written; an error if the client does not take it.
    async fn delivered(&self) -> Result<(), Gone> {
        tokio::select! {
            flushed = self.answers.outbox.flushed() => flushed,
            () = self.abandoned() => Err(Gone),
        }
    }

    /// Resolves when the client is not there any more, or does not read.
    async fn abandoned(&self) {
        while !(self.closing.hung_up)() && self.answers.outbox.stalled_for() < STALL {
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl<R: AsyncRead + Unpin + Send + Sync + 'static> Transport<RoleServer> for Connection<R> {
    type Error = Gone;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Gone>> + Send + 'static {
        self.answers.send(&message)
    }

    /// May be dropped and called again at any await: nothing read is lost.
    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        if self.ended.is_none()
            && let Some(message) = self.next().await
        {
            return Some(message);
        }
        self.drain().await;
        None
    }

    async fn close(&mut self) -> Result<(), Gone> {
        if self.delivered().await.is_err() {
            tracing::info!("the client did not take its last answers");
        }
        self.writer.abort();
        Ok(())
    }
}

impl<R> Drop for Connection<R> {
    fn drop(&mut self) {
        self.writer.abort();
    }
}
