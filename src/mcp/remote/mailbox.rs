//! The transport of 2024-11-05: a client opens one stream, is told where to post its messages, and is
//! sent all answers on that stream. The session ends with its stream.

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::ClientRequest;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use crate::model::Principal;

use super::super::changes::Changes;
use super::super::server::Caller;
use super::super::wire::inbound::{self, Inbound};
use super::super::wire::refusal::{INVALID_REQUEST, Refusal};
use super::exchange::{Begin, Exchange, Seat};
use super::framing::{Framer, Framing};
use super::session::{Session, Sessions};
use super::{Asked, NO_SESSION, Reaction, Remote, rules, written};

/// Pieces of answers that wait for the stream; each has 64 KiB at most.
const WAITING: usize = 8;
/// Requests in flight of one session.
const MOST: usize = 256;
/// What may wait for the stream besides the largest answer, as on stdio: beyond it nothing more is asked
/// for, and who takes nothing for a while is let go.
const FULL: usize = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the last answer of a server that stops is sent.
const GLANCE: Duration = Duration::from_millis(20);

/// The way into a stream. Who has the turn sends one message to its end.
pub(super) struct Letters {
    sender: mpsc::Sender<Vec<u8>>,
    turn: Mutex<()>,
}

/// The stream of one session.
pub struct Mailbox {
    /// Where messages are posted; said first.
    endpoint: Option<Vec<u8>>,
    letters: mpsc::Receiver<Vec<u8>>,
    changes: Changes,
    is_within: bool,
    name: String,
    session: Arc<Session>,
    sessions: Arc<Sessions>,
    closing: Arc<CancellationToken>,
}

impl Remote {
    /// Opens a session and its stream; messages are posted to `endpoint` with its name behind.
    /// `None` if there is no room.
    pub fn mailbox(&self, caller: &Arc<Principal>, endpoint: &str) -> Option<Mailbox> {
        if self.ends.closing.is_cancelled() {
            return None;
        }
        let (sender, letters) = mpsc::channel(WAITING);
        let session = Session::by(Letters { sender, turn: Mutex::new(()) }, caller.id(), &self.ends.stop);
        let (name, session) = self.sessions.open(&self.prefix, session)?;
        // Its stream is open, so it is in use.
        session.listen();
        let due = Arc::clone(session.told.due());
        Some(Mailbox {
            endpoint: Some(format!("event: endpoint\ndata: {endpoint}{name}\n\n").into_bytes()),
            letters,
            changes: Changes::of(&self.engine, Caller::Known(Arc::clone(caller)), due),
            is_within: false,
            name,
            session,
            sessions: Arc::clone(&self.sessions),
            closing: Arc::clone(&self.ends.closing),
        })
    }

    /// Takes one message of such a session. Needs a tokio runtime.
    pub fn letter(&self, session: &str, asked: Asked<'_>) -> Reaction {
        let found = self.sessions.find(session, &asked.caller).filter(|session| session.letters.is_some());
        let Some(session) = found else {
            return Reaction::refused(404, Refusal::new("null", INVALID_REQUEST, NO_SESSION));
        };
        match inbound::read(asked.body) {
            Inbound::Request(id, request) => {
                if let Err((status, refusal)) = rules::judge(&asked.headers, asked.body, &id, &request) {
                    return Reaction::refused(status, refusal);
                }
                if let Some(text) = too_much(&session) {
                    return Reaction::refused(429, Refusal::new(&written(&id), INVALID_REQUEST, text));
                }
                let server = self.server(Arc::clone(&session.told), &asked.caller, false);
                if let ClientRequest::InitializeRequest(initialize) = &*request
                    && let Ok(peer) = Self::agreed(&server, &initialize.params)
                {
                    let _ = session.peer.set(Arc::new(peer));
                }
                let Some(seat) = Seat::take(&id, Some(Arc::clone(&session)), &self.ends) else {
                    return Reaction::refused(400, Refusal::duplicate(&id));
                };
                let closing = Arc::clone(&self.ends.closing);
                let peer = session.peer.get().cloned();
                let begin =
                    Begin { server, peer, id, request, seat, closing: closing.clone(), is_modern: false };
                tokio::spawn(deliver(begin.begin(), session, closing));
                Reaction::Accepted
            }
            Inbound::Notification(_, cancelled) => {
                session.told.session();
                cancelled.map(|id| session.cancel(&id));
                Reaction::Accepted
            }
            Inbound::Answer(id, said) => {
                session.desk.answer(&id, said);
                Reaction::Accepted
            }
            Inbound::Nothing => Reaction::Accepted,
            Inbound::Refused(refusal) => Reaction::refused(400, refusal),
        }
    }
}

/// Why a session may ask for nothing more now.
fn too_much(session: &Session) -> Option<&'static str> {
    if session.running() >= MOST {
        return Some("as many requests of this session run as may; wait for an answer");
    }
    (session.gathered() > FULL).then_some("more waits on the stream of this session than may; read it")
}

/// Brings an answer, and what is said before it, to the stream.
async fn deliver(mut exchange: Exchange, session: Arc<Session>, closing: Arc<CancellationToken>) {
    exchange.framed(Framing::Events);
    let all = async {
        let Some(letters) = &session.letters else { return };
        let mut turn = None;
        while let Some(piece) = exchange.next().await {
            if piece.is_empty() {
                continue;
            }
            if turn.is_none() {
                turn = Some(letters.turn.lock().await);
            }
            if !send(letters, &session, piece).await {
                return;
            }
            if !exchange.is_within() {
                turn = None;
            }
        }
    };
    let over = async {
        session.ended.cancelled().await;
        // Those whose calls a server cuts off when it stops are still told so.
        if closing.is_cancelled() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = all => {}
        () = over => {}
    }
}

/// Sends a piece as soon as there is room for it; `false` if there never will be.
async fn send(letters: &Letters, session: &Session, piece: Vec<u8>) -> bool {
    loop {
        match tokio::time::timeout(PATIENCE, letters.sender.reserve()).await {
            Ok(Ok(room)) => {
                room.send(piece);
                return true;
            }
            Ok(Err(_)) => return false,
            Err(_) if session.gathered() > FULL => {
                tracing::info!("a session ends whose client does not read: too much waits for it");
                session.ended.cancel();
                return false;
            }
            Err(_) => {}
        }
    }
}

impl Mailbox {
    /// The next bytes; `None` at the end. May be dropped at any await.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        if let Some(endpoint) = self.endpoint.take() {
            return Some(endpoint);
        }
        loop {
            let is_closing = self.closing.is_cancelled();
            if is_closing && !self.session.is_busy() && self.letters.is_empty() {
                return None;
            }
            tokio::select! {
                biased;
                letter = self.letters.recv() => {
                    let letter = letter?;
                    self.is_within = !letter.ends_with(b"\n\n");
                    return Some(letter);
                }
                () = self.session.ended.cancelled(), if !is_closing => return None,
                news = self.changes.next(), if !self.is_within => {
                    let message = format!("{}\n", news.message()).into_bytes();
                    return Some(Framer::new(Framing::Events).frame(message));
                }
                () = self.closing.cancelled(), if !is_closing => {}
                () = tokio::time::sleep(GLANCE), if is_closing => {}
            }
        }
    }

    pub fn is_within(&self) -> bool {
        self.is_within
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        // Its calls end with it: nobody is left to be told how they went.
        self.sessions.drop_one(&self.name);
    }
}
