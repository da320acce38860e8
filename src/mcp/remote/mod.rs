//! Clients that ask by single requests: one message comes in, and what belongs to it goes out.
//!
//! Every request is an [`Exchange`] of its own, also those of a session, so no answer waits behind
//! another one. A session is what has to be remembered between them, and that is little. Knows the
//! rules of the protocol over HTTP, and nothing of HTTP itself: headers come in as texts, a status
//! goes out as a number.

mod events;
mod exchange;
mod framing;
mod rules;
mod session;

use std::sync::Arc;
use std::time::Duration;

use rmcp::ServerHandler;
use rmcp::model::{
    ClientCapabilities, ClientRequest, GetMeta, Implementation, InitializeRequestParams, ProtocolVersion,
    RequestId,
};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::model::Principal;

use super::changes::Told;
use super::server::{Face, Server};
use super::wire::inbound::{self, Inbound};
use super::wire::refusal::{INVALID_REQUEST, Refusal};

use exchange::{Begin, Seat};
use session::Sessions;

pub use events::Events;
pub use exchange::{Beginning, Exchange};
pub use framing::Framing;
pub use rules::Headers;

/// What may be remembered of clients.
#[derive(Debug, Clone, Copy)]
pub struct SessionCaps {
    pub max: usize,
    /// How long one lives that nobody uses.
    pub idle: Duration,
}

/// One engine's tools for any number of clients.
pub struct Remote {
    engine: Arc<Engine>,
    face: Arc<Face>,
    sessions: Sessions,
    /// Cancelled when what waits for nothing but changes has to end.
    closing: CancellationToken,
    /// Cancelled when calls must not go on.
    stop: CancellationToken,
}

/// One message, and how its answer may come.
pub struct Asked<'a> {
    pub body: &'a [u8],
    pub headers: Headers<'a>,
    pub caller: Arc<Principal>,
    /// Whether anything but the answer may be sent.
    pub takes_events: bool,
}

/// What comes of one message.
pub enum Reaction {
    /// It was no request.
    Accepted,
    Refused {
        status: u16,
        body: Vec<u8>,
    },
    Begun {
        exchange: Box<Exchange>,
        /// The session that this opens.
        session: Option<String>,
    },
}

impl Reaction {
    fn refused(status: u16, refusal: Refusal) -> Self {
        Self::Refused { status, body: refusal.into_json() }
    }
}

impl Remote {
    /// Calls end when `stop` is cancelled.
    pub fn new(engine: Arc<Engine>, caps: SessionCaps, stop: CancellationToken) -> Self {
        let face = Arc::new(Face::new(&engine));
        Self { engine, face, sessions: Sessions::new(caps), closing: stop.child_token(), stop }
    }

    /// Ends what would never end by itself, and takes no new sessions.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Takes one message. Needs a tokio runtime.
    pub fn post(&self, asked: Asked<'_>) -> Reaction {
        match inbound::read(asked.body) {
            Inbound::Request(id, request) => self.request(asked, id, request),
            Inbound::Notification(_, cancelled) => self.notification(&asked, cancelled),
            Inbound::Nothing if asked.body.trim_ascii().is_empty() => Reaction::refused(
                400,
                Refusal::new("null", INVALID_REQUEST, "expected a JSON-RPC message in the body"),
            ),
            Inbound::Nothing => Reaction::Accepted,
            Inbound::Refused(refusal) => Reaction::refused(400, refusal),
        }
    }

    fn request(&self, asked: Asked<'_>, id: RequestId, request: Box<ClientRequest>) -> Reaction {
        let Asked { body, headers, caller, takes_events } = asked;
        if let Err((status, refusal)) = rules::judge(&headers, body, &id, &request) {
            return Reaction::refused(status, refusal);
        }
        let is_modern = rules::is_modern(&request);
        if matches!(*request, ClientRequest::SubscriptionsListenRequest(_)) && !takes_events {
            let text = "a subscription is answered by `text/event-stream`, which `Accept` does not name";
            return Reaction::refused(406, Refusal::new(&written(&id), INVALID_REQUEST, text));
        }
        let session = match headers.session.filter(|_| !is_modern) {
            Some(name) => match self.sessions.find(name, &caller) {
                Some(session) => Some(session),
                None => return unknown_session(&id),
            },
            None => None,
        };
        let told = session.as_ref().map_or_else(Arc::default, |session| Arc::clone(&session.told));
        let server = self.server(told, &caller, !takes_events);
        let (peer, opened) = match &*request {
            _ if is_modern => (None, None),
            ClientRequest::InitializeRequest(initialize) if takes_events && session.is_none() => {
                match self.open(&server, &initialize.params, &caller) {
                    Ok(opened) => (Some(initialize.params.clone()), opened),
                    Err(refusal) => return refusal,
                }
            }
            _ => (
                Some(session.as_ref().map_or_else(|| stranger(&headers), |session| session.peer.clone())),
                None,
            ),
        };
        let Some(seat) = Seat::take(&id, session) else {
            return Reaction::refused(400, Refusal::duplicate(&id));
        };
        let (stop, closing) = (self.stop.child_token(), self.closing.clone());
        let exchange = Begin { server, peer, id, request, seat, stop, closing, is_modern }.begin();
        Reaction::Begun { exchange: Box::new(exchange), session: opened }
    }

    fn server(&self, told: Arc<Told>, caller: &Arc<Principal>, is_quiet: bool) -> Server {
        let (engine, face) = (Arc::clone(&self.engine), Arc::clone(&self.face));
        Server::asked(engine, face, told, Arc::clone(caller), is_quiet)
    }

    /// Opens a session for who asks for one, if the versions go together; else the answer says so.
    fn open(
        &self,
        server: &Server,
        params: &InitializeRequestParams,
        caller: &Arc<Principal>,
    ) -> Result<Option<String>, Reaction> {
        let Ok(agreed) = server.negotiate_initialize(params) else { return Ok(None) };
        let peer = params.clone().with_protocol_version(agreed.protocol_version);
        let full = || {
            let text = "as many sessions are open as may be; try again later";
            Reaction::refused(503, Refusal::new("null", INVALID_REQUEST, text))
        };
        if self.closing.is_cancelled() {
            return Err(full());
        }
        self.sessions.open(peer, caller, &self.stop).map(Some).ok_or_else(full)
    }

    fn notification(&self, asked: &Asked<'_>, cancelled: Option<RequestId>) -> Reaction {
        let Some(name) = asked.headers.session else { return Reaction::Accepted };
        let Some(session) = self.sessions.find(name, &asked.caller) else {
            return Reaction::refused(404, Refusal::new("null", INVALID_REQUEST, NO_SESSION));
        };
        session.told.session();
        if let Some(id) = cancelled {
            session.cancel(&id);
        }
        Reaction::Accepted
    }

    /// What a session is told while it asks for nothing; `None` if there is no such session.
    pub fn events(&self, session: &str, caller: &Arc<Principal>) -> Option<Events> {
        let session = self.sessions.find(session, caller)?;
        Some(Events::of(&self.engine, session, caller, self.closing.clone()))
    }

    /// Ends a session and its calls; `false` if there is no such session.
    pub fn end(&self, session: &str, caller: &Arc<Principal>) -> bool {
        self.sessions.end(session, caller)
    }
}

const NO_SESSION: &str = "there is no such session; it has ended, or never was: send `initialize` again";

fn unknown_session(id: &RequestId) -> Reaction {
    Reaction::refused(404, Refusal::new(&written(id), INVALID_REQUEST, NO_SESSION))
}

fn written(id: &RequestId) -> String {
    super::wire::refusal::written(id)
}

/// Who asks without a session and without the newer era's `_meta`, as clients of the original do.
fn stranger(headers: &Headers<'_>) -> InitializeRequestParams {
    let version = headers.version().and_then(rules::known).unwrap_or(ProtocolVersion::V_2025_03_26);
    let unnamed = Implementation::new("unknown", "0");
    InitializeRequestParams::new(ClientCapabilities::default(), unnamed).with_protocol_version(version)
}

fn version_in(request: &ClientRequest) -> Option<ProtocolVersion> {
    match request {
        ClientRequest::InitializeRequest(_) => None,
        request => request.get_meta().protocol_version(),
    }
}
