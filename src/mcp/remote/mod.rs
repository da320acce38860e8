//! Clients that ask by single requests: one message comes in, and what belongs to it goes out.
//!
//! Every request is an [`Exchange`] of its own, also those of a session, so no answer waits behind
//! another one. A session is what has to be remembered between them, and that is little. Knows the
//! rules of the protocol over HTTP, and nothing of HTTP itself: headers come in as texts, a status
//! goes out as a number.

mod events;
mod exchange;
mod framing;
mod mailbox;
mod once;
mod param_headers;
mod rules;
mod session;
mod shelf;
mod step_up;
mod work;

use std::sync::Arc;
use std::time::Duration;

use rmcp::ServerHandler;
use rmcp::model::{
    ClientCapabilities, ClientRequest, GetMeta, Implementation, InitializeRequestParams, ProtocolVersion,
    RequestId,
};
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, Origin};
use crate::model::Principal;

use super::changes::Told;
use super::era::version_of;
use super::server::{Face, Server};
use super::wire::desk::Said;
use super::wire::inbound::{self, Inbound};
use super::wire::refusal::{INVALID_REQUEST, Refusal};

use exchange::{Begin, Ends, Seat};
use session::{Session, Sessions};
use shelf::Shared;

pub use events::Events;
pub use exchange::{Beginning, Exchange};
pub use framing::Framing;
pub use mailbox::Mailbox;
pub use rules::Headers;
pub use shelf::{Shelf, Unavailable};

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
    sessions: Arc<Sessions>,
    /// What names of its sessions begin with.
    prefix: String,
    /// What other copies of this server know of its sessions.
    shared: Option<Arc<Shared>>,
    ends: Ends,
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
    /// The caller's token is not good for this; all scopes that it has to have.
    Lacking {
        scopes: Vec<String>,
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
        Self {
            engine,
            face,
            sessions: Arc::new(Sessions::new(caps)),
            prefix: String::new(),
            shared: None,
            ends: Ends { closing: Arc::new(stop.child_token()), stop },
        }
    }

    /// As a copy of a name, one of several that share their sessions.
    pub fn as_copy(mut self, copy: Option<&str>, shelf: Option<Arc<dyn Shelf>>) -> Self {
        self.prefix = copy.map(|copy| format!("{copy}.")).unwrap_or_default();
        self.shared = shelf.map(|shelf| Arc::new(Shared::on(shelf)));
        if let Some(shared) = &self.shared {
            let shared = Arc::clone(shared);
            self.sessions.when_evicted(move |name| shared.end(name));
        }
        self
    }

    /// Has other copies know of a session before its client does.
    pub async fn share(&self, name: &str, caller: &Principal) {
        if let Some(shared) = &self.shared
            && let Some(session) = self.sessions.find(name, caller)
        {
            shared.keep(name, &session).await;
        }
    }

    /// Sees to it that a session is known here if it is at any copy.
    pub async fn recall(&self, name: &str, caller: &Principal) -> Result<(), Unavailable> {
        match &self.shared {
            Some(shared) => shared.recall(&self.sessions, name, caller, &self.ends.stop).await,
            None => Ok(()),
        }
    }

    /// Does what another copy has said.
    pub fn hear(&self, word: &str) {
        shelf::hear(&self.sessions, word);
    }

    /// Ends what would never end by itself, and takes no new sessions.
    pub fn close(&self) {
        self.ends.closing.cancel();
    }

    /// Takes one message. Needs a tokio runtime.
    pub fn post(&self, asked: Asked<'_>) -> Reaction {
        match inbound::read(asked.body) {
            Inbound::Request(id, request) => self.request(asked, id, request),
            Inbound::Notification(_, cancelled) => self.notification(&asked, cancelled),
            Inbound::Answer(id, said) => self.answer(&asked, &id, said),
            Inbound::Nothing if asked.body.trim_ascii().is_empty() => Reaction::refused(
                400,
                Refusal::new("null", INVALID_REQUEST, "expected a JSON-RPC message in the body"),
            ),
            Inbound::Nothing => Reaction::Accepted,
            Inbound::Refused(refusal) => Reaction::refused(400, refusal),
        }
    }

    fn request(&self, asked: Asked<'_>, id: RequestId, mut request: Box<ClientRequest>) -> Reaction {
        let Asked { body, headers, caller, takes_events } = asked;
        if let Err((status, refusal)) = rules::judge(&headers, body, &id, &request) {
            return Reaction::refused(status, refusal);
        }
        if let Some(trace) = headers.trace {
            // What the message itself says comes first.
            let meta = request.get_meta_mut();
            meta.entry("traceparent").or_insert_with(|| trace.into());
        }
        let origin = || self.origin(&headers, &caller, &request);
        if let Some(lacking) = step_up::judge(&self.engine, &caller, &id, &request, origin) {
            return lacking;
        }
        let is_modern = rules::is_modern(&request);
        if is_modern
            && let Some(mismatch) = param_headers::judge(&self.engine, &caller, &headers, &id, &request)
        {
            return mismatch;
        }
        if request.method() == "subscriptions/listen" && !takes_events {
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
            ClientRequest::InitializeRequest(_) if body.len() > MOST_SAID => {
                let text = format!("an `initialize` of more than {MOST_SAID} bytes is not taken");
                return Reaction::refused(400, Refusal::new(&written(&id), INVALID_REQUEST, &text));
            }
            ClientRequest::InitializeRequest(initialize) if takes_events && session.is_none() => {
                match self.open(&server, &initialize.params, &caller) {
                    Ok(opened) => (Some(Arc::new(initialize.params.clone())), opened),
                    Err(refusal) => return refusal,
                }
            }
            _ => (
                session
                    .as_ref()
                    .and_then(|session| session.peer.get().cloned())
                    .or_else(|| Some(Arc::new(stranger(&headers)))),
                None,
            ),
        };
        let Some(seat) = Seat::take(&id, session, &self.ends) else {
            return Reaction::refused(400, Refusal::duplicate(&id));
        };
        let closing = Arc::clone(&self.ends.closing);
        let exchange = Begin { server, peer, id, request, seat, closing, is_modern }.begin();
        Reaction::Begun { exchange: Box::new(exchange), session: opened }
    }

    /// Where a call comes from that is answered before it begins.
    fn origin(&self, headers: &Headers<'_>, caller: &Principal, request: &ClientRequest) -> Origin {
        let meta = request.get_meta();
        let opened = || {
            let session = self.sessions.find(headers.session?, caller)?;
            session.peer.get().map(|peer| peer.client_info.clone())
        };
        let client = meta.client_info().or_else(opened);
        let traceparent = meta.get("traceparent").and_then(|trace| trace.as_str());
        Origin {
            via: "http",
            client: client.map(|client| format!("{} {}", client.name, client.version)),
            traceparent: traceparent.map(str::to_owned),
        }
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
        let Ok(peer) = Self::agreed(server, params) else { return Ok(None) };
        let full = || {
            let text = "as many sessions are open as may be; try again later";
            Reaction::refused(503, Refusal::new("null", INVALID_REQUEST, text))
        };
        if self.ends.closing.is_cancelled() {
            return Err(full());
        }
        let session = Session::new(caller.id(), &self.ends.stop);
        let _ = session.peer.set(Arc::new(peer));
        self.sessions.open(&self.prefix, session).map(|(name, _)| Some(name)).ok_or_else(full)
    }

    /// What a client has said, with the version that comes of it.
    fn agreed(
        server: &Server,
        params: &InitializeRequestParams,
    ) -> Result<InitializeRequestParams, rmcp::ErrorData> {
        let agreed = server.negotiate_initialize(params)?;
        Ok(params.clone().with_protocol_version(agreed.protocol_version))
    }

    /// Takes what a client says to a question; it may have been asked at another copy.
    fn answer(&self, asked: &Asked<'_>, id: &str, said: Said) -> Reaction {
        let Some(name) = asked.headers.session else { return Reaction::Accepted };
        let Some(session) = self.sessions.find(name, &asked.caller) else {
            return Reaction::refused(404, Refusal::new("null", INVALID_REQUEST, NO_SESSION));
        };
        match &self.shared {
            Some(shared) if !session.desk.knows(id) => shared.answer(name, id, said),
            _ => drop(session.desk.answer(id, said)),
        }
        Reaction::Accepted
    }

    fn notification(&self, asked: &Asked<'_>, cancelled: Option<RequestId>) -> Reaction {
        let Some(name) = asked.headers.session else { return Reaction::Accepted };
        let Some(session) = self.sessions.find(name, &asked.caller) else {
            return Reaction::refused(404, Refusal::new("null", INVALID_REQUEST, NO_SESSION));
        };
        session.told.session();
        if let Some(id) = cancelled
            && !session.cancel(&id)
            && let Some(shared) = &self.shared
        {
            shared.cancel(name, id);
        }
        Reaction::Accepted
    }

    /// What a session is told while it asks for nothing; `None` if there is no such session.
    pub fn events(&self, session: &str, caller: &Arc<Principal>) -> Option<Events> {
        let session = self.sessions.find(session, caller)?;
        Some(Events::of(&self.engine, session, caller, Arc::clone(&self.ends.closing)))
    }

    /// Ends a session and its calls; `false` if there is no such session.
    pub fn end(&self, session: &str, caller: &Arc<Principal>) -> bool {
        let is_over = self.sessions.end(session, caller);
        if let Some(shared) = self.shared.as_ref().filter(|_| is_over) {
            shared.end(session);
        }
        is_over
    }
}

/// What a client may say of itself with `initialize`: it is remembered as long as its session.
const MOST_SAID: usize = 16 << 10;

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

fn version_in(request: &ClientRequest) -> Option<&str> {
    match request {
        ClientRequest::InitializeRequest(_) => None,
        request => version_of(request.get_meta()),
    }
}
