//! One request and what belongs to it, until it is answered.
//!
//! Who holds an [`Exchange`] takes its bytes piece by piece; nobody else waits meanwhile. If it is
//! dropped before its end, its call is cancelled, unless it belongs to a session: there the protocol
//! has clients say so.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rmcp::model::{ClientRequest, InitializeRequestParams, RequestId};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::super::reply::Reply;
use super::super::server::Server;
use super::super::wire::in_flight::InFlight;
use super::super::wire::outbox::Outbox;
use super::framing::{Framer, Framing};
use super::session::Session;
use super::work::Work;

/// What is kept of an answer that is sent whole.
const WHOLE: usize = 64 << 10;

/// A request in flight, for those who may cancel it.
#[derive(Clone)]
pub(super) struct Running {
    pub outbox: Arc<Outbox>,
    pub in_flight: Arc<InFlight>,
    pub stop: CancellationToken,
}

impl Running {
    pub(super) fn cancel(&self, id: &RequestId) {
        self.in_flight.cancel(id);
        self.stop.cancel();
        self.outbox.close();
    }
}

/// When requests end that have no answer yet.
pub(super) struct Ends {
    /// Cancelled when what waits for nothing but changes has to end.
    pub closing: Arc<CancellationToken>,
    /// Cancelled when calls must not go on.
    pub stop: CancellationToken,
}

/// A request's place in its session, if it has one.
pub(super) struct Seat {
    id: RequestId,
    session: Option<Arc<Session>>,
    pub running: Running,
}

impl Seat {
    /// `None` if the id belongs to another request of that session.
    pub(super) fn take(id: &RequestId, session: Option<Arc<Session>>, ends: &Ends) -> Option<Self> {
        let outbox = Outbox::new();
        // What ends the session ends what runs for it.
        let stop = session.as_ref().map_or(&ends.stop, |session| &session.ended).child_token();
        // Who asks without a session cannot be asked.
        let desk = session.as_ref().map_or_else(Arc::default, |session| Arc::clone(&session.desk));
        // What only waits for changes, or for an answer, ends when the server closes.
        let in_flight = InFlight::until(Arc::clone(&ends.closing), Arc::clone(&outbox), desk);
        let running = Running { in_flight, outbox, stop };
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
    pub peer: Option<Arc<InitializeRequestParams>>,
    pub id: RequestId,
    pub request: Box<ClientRequest>,
    pub seat: Seat,
    pub closing: Arc<CancellationToken>,
    pub is_modern: bool,
}

impl Begin {
    pub(super) fn begin(self) -> Exchange {
        let Self { server, peer, id, request, seat, closing, is_modern } = self;
        let code = Arc::new(AtomicI32::new(0));
        let outbox = Arc::clone(&seat.running.outbox);
        let mut is_endless = false;
        let work = match *request {
            ClientRequest::CallToolRequest(call) => {
                Work::call(server, peer, (id, call), &seat.running, Arc::clone(&code))
            }
            request => {
                is_endless = request.method() == "subscriptions/listen";
                let peer = peer.map(Arc::unwrap_or_clone);
                Work::other(server, peer, (id, request), &seat.running, Arc::clone(&code))
            }
        };
        let underway = Underway { work, seat, closing };
        let framer = Framer::new(Framing::Json);
        Exchange { outbox, rest: None, framer, code, is_modern, is_endless, underway: Some(underway) }
    }
}

/// What goes on for an exchange, and its place.
struct Underway {
    work: Work,
    seat: Seat,
    closing: Arc<CancellationToken>,
}

impl Underway {
    /// Goes on without anybody who would read the answer, until the server says that it closes.
    async fn finish(self) {
        let Self { work, seat, closing } = self;
        let mut done = pin!(work.done());
        tokio::select! {
            () = &mut done => return,
            () = closing.cancelled() => seat.running.stop.cancel(),
        }
        done.await;
    }
}

/// One request on its way to its answer.
pub struct Exchange {
    outbox: Arc<Outbox>,
    /// What is left of an answer that is large.
    rest: Option<Reply>,
    framer: Framer,
    /// Of the error that answers it; 0 for none.
    code: Arc<AtomicI32>,
    is_modern: bool,
    is_endless: bool,
    underway: Option<Underway>,
}

/// How an exchange has begun.
pub enum Beginning {
    /// The answer is there, and short. Empty if the request was cancelled.
    Whole { status: u16, body: Vec<u8> },
    /// It will take a while, or the answer is long.
    Going,
}

impl Exchange {
    /// Whether it goes on until somebody ends it.
    pub fn is_endless(&self) -> bool {
        self.is_endless
    }

    /// Waits a moment for the answer, so that it can have a status of its own.
    pub async fn begin(&mut self, patience: Duration) -> Beginning {
        let begun = tokio::time::timeout(patience, self.begun()).await;
        if !matches!(begun, Ok(true)) || self.outbox.waiting() > WHOLE {
            self.go_aside();
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

    /// Whether all is said when something is.
    async fn begun(&mut self) -> bool {
        match &mut self.underway {
            Some(underway) => tokio::select! {
                biased;
                () = underway.work.here() => self.outbox.begun().await,
                is_all = self.outbox.begun() => is_all,
            },
            None => self.outbox.begun().await,
        }
    }

    /// From now on the call waits for nobody who reads.
    fn go_aside(&mut self) {
        if let Some(underway) = &mut self.underway {
            underway.work.go_aside();
        }
    }

    /// How the messages are framed from now on.
    pub fn framed(&mut self, framing: Framing) {
        self.framer = Framer::new(framing);
    }

    /// The next bytes; `None` at the end. May be dropped at any await.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        self.go_aside();
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
        let Some(mut underway) = self.underway.take() else { return };
        if self.is_modern || underway.seat.session.is_none() || self.outbox.is_closed() {
            underway.seat.running.stop.cancel();
            // It comes to its end by itself, and leaves nothing behind.
            underway.work.go_aside();
            return;
        }
        // A session's call goes on; nobody will read its answer.
        self.outbox.give_up();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(underway.finish());
        }
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
