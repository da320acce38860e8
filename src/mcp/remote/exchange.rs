//! One request and what belongs to it, until it is answered: rmcp's view of a client that asks once.
//!
//! Who holds an [`Exchange`] takes its bytes piece by piece; nobody else waits meanwhile. If it is
//! dropped before its end, its call is cancelled, unless it belongs to a session: there the protocol
//! has clients say so.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, GetExtensions, InitializeRequestParams, JsonRpcMessage, RequestId,
    ServerJsonRpcMessage,
};
use rmcp::service::{RunningService, serve_directly_with_ct};
use rmcp::transport::Transport;
use tokio_util::sync::CancellationToken;

use super::super::reply::Reply;
use super::super::server::Server;
use super::super::wire::Answers;
use super::super::wire::in_flight::InFlight;
use super::super::wire::outbox::{Gone, Outbox};
use super::framing::{Framer, Framing};
use super::session::Session;

/// What is held of an answer that is sent whole.
const WHOLE: usize = 64 << 10;

/// A request in flight, for those who may cancel it.
#[derive(Clone)]
pub(super) struct Running {
    outbox: Arc<Outbox>,
    in_flight: Arc<InFlight>,
    stop: CancellationToken,
}

impl Running {
    pub(super) fn cancel(&self, id: &RequestId) {
        self.in_flight.cancel(id);
        self.stop.cancel();
        self.outbox.close();
    }
}

/// A request's place in its session, if it has one.
pub(super) struct Seat {
    id: RequestId,
    session: Option<Arc<Session>>,
    running: Running,
}

impl Seat {
    /// `None` if the id belongs to another request of that session.
    pub(super) fn take(id: &RequestId, session: Option<Arc<Session>>) -> Option<Self> {
        let outbox = Outbox::new();
        let stop =
            session.as_ref().map_or_else(CancellationToken::new, |session| session.ended.child_token());
        // Who asks without a session cannot be asked.
        let desk = session.as_ref().map_or_else(Arc::default, |session| Arc::clone(&session.desk));
        let running = Running { in_flight: InFlight::new(Arc::clone(&outbox), desk), outbox, stop };
        if session.as_ref().is_some_and(|session| !session.admit(id, running.clone())) {
            return None;
        }
        Some(Self { id: id.clone(), session, running })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            session.leave(&self.id);
        }
    }
}

/// Everything that an exchange begins with.
pub(super) struct Begin {
    pub server: Server,
    /// Who asks, where requests do not say so themselves.
    pub peer: Option<InitializeRequestParams>,
    pub id: RequestId,
    pub request: Box<ClientRequest>,
    pub seat: Seat,
    pub stop: CancellationToken,
    pub closing: CancellationToken,
    pub is_modern: bool,
}

impl Begin {
    pub(super) fn begin(self) -> Exchange {
        let Self { server, peer, id, mut request, seat, stop, closing, is_modern } = self;
        let Running { outbox, in_flight, stop: own } = seat.running.clone();
        if let Some(ticket) = in_flight.admit(&id) {
            request.extensions_mut().insert(ticket);
        }
        let code = Arc::new(AtomicI32::new(0));
        let transport = Once {
            message: Some(JsonRpcMessage::request(*request, id)),
            answers: Answers { outbox: Arc::clone(&outbox), in_flight },
            answered: CancellationToken::new(),
            closing: closing.clone(),
            code: Arc::clone(&code),
        };
        let service = serve_directly_with_ct(server, transport, peer, stop.clone());
        // What ends the session, or the request alone, ends what rmcp runs for it.
        let leash = seat.session.is_some().then(|| {
            Leash(tokio::spawn(async move {
                own.cancelled().await;
                stop.cancel();
            }))
        });
        Exchange {
            outbox,
            rest: None,
            framer: Framer::new(Framing::Json),
            code,
            is_modern,
            work: Some(Work { service, seat, closing, leash }),
        }
    }
}

/// A task that ends with whoever holds this.
struct Leash(tokio::task::JoinHandle<()>);

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What goes on for an exchange; dropped, it is cancelled.
struct Work {
    service: RunningService<RoleServer, Server>,
    seat: Seat,
    closing: CancellationToken,
    leash: Option<Leash>,
}

/// One request on its way to its answer.
pub struct Exchange {
    outbox: Arc<Outbox>,
    /// What is left of an answer that is large.
    rest: Option<Reply>,
    framer: Framer,
    code: Arc<AtomicI32>,
    is_modern: bool,
    work: Option<Work>,
}

/// How an exchange has begun.
pub enum Beginning {
    /// The answer is there, and short. Empty if the request was cancelled.
    Whole { status: u16, body: Vec<u8> },
    /// It will take a while, or the answer is long.
    Going,
}

impl Exchange {
    /// Waits a moment for the answer, so that it can have a status of its own.
    pub async fn begin(&mut self, patience: Duration) -> Beginning {
        let begun = tokio::time::timeout(patience, self.outbox.begun()).await;
        if !matches!(begun, Ok(true)) || self.outbox.waiting() > WHOLE {
            return Beginning::Going;
        }
        let mut body = Vec::new();
        while let Some(mut part) = self.outbox.part(&mut self.rest).await {
            body.append(&mut part);
        }
        if body.iter().filter(|byte| **byte == b'\n').count() > 1 {
            // Something was said before the answer: a stream, after all.
            self.outbox = Outbox::holding(body);
            return Beginning::Going;
        }
        Beginning::Whole { status: self.status(), body }
    }

    /// How the messages are framed from now on.
    pub fn framed(&mut self, framing: Framing) {
        self.framer = Framer::new(framing);
    }

    /// The next bytes; `None` at the end. May be dropped at any await.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        let part = self.outbox.part(&mut self.rest).await?;
        Some(self.framer.frame(part))
    }

    /// Whether a sign of life would stand within a message.
    pub fn is_within(&self) -> bool {
        self.framer.is_within()
    }

    /// Only the newer era says by a status what was wrong.
    fn status(&self) -> u16 {
        if self.is_modern { status_of(self.code.load(Ordering::SeqCst)) } else { 200 }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        if self.is_modern || work.seat.session.is_none() || self.outbox.is_closed() {
            return;
        }
        // A session's call goes on; nobody will read its answer.
        self.outbox.give_up();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(work.finish());
        }
    }
}

impl Work {
    async fn finish(self) {
        let Self { service, seat, closing, leash } = self;
        tokio::select! {
            _ = service.waiting() => {}
            () = closing.cancelled() => {}
        }
        drop((seat, leash));
    }
}

/// The status of an error: the protocol names one for headers that do not fit the body, for a
/// capability that the client would have to have, and for a version that we do not know.
fn status_of(code: i32) -> u16 {
    match code {
        -32022..=-32020 => 400,
        -32601 => 404,
        _ => 200,
    }
}

/// A transport with one message in, and whatever belongs to it out.
struct Once {
    message: Option<ClientJsonRpcMessage>,
    answers: Answers,
    answered: CancellationToken,
    closing: CancellationToken,
    /// Of the error that answered it; 0 for none.
    code: Arc<AtomicI32>,
}

impl Transport<RoleServer> for Once {
    type Error = Gone;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Gone>> + Send + 'static {
        if let JsonRpcMessage::Error(error) = &message {
            self.code.store(error.error.code.0, Ordering::SeqCst);
        }
        let is_answer = matches!(message, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let sent = self.answers.send(&message);
        if is_answer {
            self.answers.outbox.close();
            self.answered.cancel();
        }
        sent
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        if let Some(message) = self.message.take() {
            return Some(message);
        }
        tokio::select! {
            () = self.answered.cancelled() => {}
            () = self.closing.cancelled() => {
                // What only waits for changes ends now; everything else is answered first.
                self.answers.in_flight.end_of_input();
                self.answered.cancelled().await;
            }
        }
        None
    }

    async fn close(&mut self) -> Result<(), Gone> {
        // Nothing may be waited for that does not come any more.
        self.answers.outbox.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;

    use super::*;

    #[test]
    fn errors_of_the_protocol_have_a_status_and_errors_of_a_call_have_none() {
        for (code, status) in [
            (ErrorCode::HEADER_MISMATCH, 400),
            (ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY, 400),
            (ErrorCode::UNSUPPORTED_PROTOCOL_VERSION, 400),
            (ErrorCode::METHOD_NOT_FOUND, 404),
            (ErrorCode::INVALID_PARAMS, 200),
            (ErrorCode::INTERNAL_ERROR, 200),
        ] {
            assert_eq!(status_of(code.0), status, "{code:?}");
        }
    }
}
