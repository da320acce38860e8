//! From a request to its answer: guard, preflight, probes, key, and then the protocol.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName};
use http::{Method, Request};
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, State};
use crate::mcp::{Asked, Beginning, Exchange, Framing, Headers, Reaction, Remote};
use crate::model::{HttpServer, Principal};

use super::answer::{Answer, empty, refusal, secure, set, whole, with_body};
use super::body::{self, Unread};
use super::door::{Door, texts};
use super::listen::Address;
use super::{cors, guard, probes, stream};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// How long an answer may take and still be sent with a status and a length of its own.
const PATIENCE: Duration = Duration::from_millis(100);

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// `None` over a socket in the file system.
    pub address: Option<IpAddr>,
}

/// Everything that answers.
pub struct House {
    engine: Arc<Engine>,
    pub remote: Remote,
    address: Address,
    door: Door,
    closing: CancellationToken,
}

impl House {
    pub fn new(engine: Arc<Engine>, remote: Remote, address: Address, closing: CancellationToken) -> Self {
        Self { engine, remote, address, door: Door::default(), closing }
    }

    pub async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Answer {
        let state = self.engine.state();
        let settings = settings(&state);
        let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let origin = origin.map(str::to_owned);
        let mut answer = match self.judge(settings, &request) {
            Some(answer) => answer,
            None => match self.door.open(settings, request.headers(), peer.address).await {
                Ok(caller) => self.speak(settings, request, caller).await,
                Err(refused) => refused,
            },
        };
        cors::share(settings, origin.as_deref(), &mut answer);
        secure(answer.headers_mut(), settings);
        answer
    }

    /// The answer to what needs no key, or may not have one.
    fn judge(&self, settings: &HttpServer, request: &Request<Incoming>) -> Option<Answer> {
        let headers = request.headers();
        let mut hosts = texts(headers, "host");
        // A request line may name it, too; then that is what counts.
        if let Some(authority) = request.uri().authority() {
            hosts.push(authority.as_str());
            hosts.dedup();
        }
        if let Err(foreign) = guard::judge(settings, &self.address, &hosts, &texts(headers, "origin")) {
            return Some(refusal(403, &foreign.to_string()));
        }
        match *request.method() {
            Method::OPTIONS => Some(cors::preflight(settings, headers)),
            Method::GET | Method::HEAD => probes::answer(request.uri().path(), self.closing.is_cancelled()),
            _ => None,
        }
    }

    async fn speak(
        &self,
        settings: &HttpServer,
        request: Request<Incoming>,
        caller: Arc<Principal>,
    ) -> Answer {
        let session = text(request.headers(), &SESSION).map(str::to_owned);
        match (request.method(), session) {
            (&Method::POST, _) => self.post(settings, request, caller).await,
            (&Method::GET, Some(session)) => self.listen(request.headers(), &session, &caller),
            (&Method::DELETE, Some(session)) if self.remote.end(&session, &caller) => empty(204),
            (&Method::DELETE, Some(_)) => refusal(404, "there is no such session"),
            _ => {
                let mut answer = refusal(405, "expected a POST with a JSON-RPC message, at /mcp");
                set(&mut answer, header::ALLOW, "POST, OPTIONS");
                answer
            }
        }
    }

    /// The stream of events of a session.
    fn listen(&self, headers: &HeaderMap, session: &str, caller: &Arc<Principal>) -> Answer {
        if !accepts(headers, "text/event-stream") {
            return refusal(406, "events are sent as `text/event-stream`, which `Accept` does not name");
        }
        match self.remote.events(session, caller) {
            Some(events) => {
                with_body(200, Framing::Events.content_type(), stream::body(events, Framing::Events))
            }
            None => refusal(404, "there is no such session"),
        }
    }

    async fn post(
        &self,
        settings: &HttpServer,
        request: Request<Incoming>,
        caller: Arc<Principal>,
    ) -> Answer {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return refusal(415, "expected `Content-Type: application/json`");
        }
        let limits = settings.limits;
        let body = match body::read(body, limits.body.0, limits.body_timeout).await {
            Ok(body) => body,
            Err(Unread(status, text)) => return last(refusal(status, &text)),
        };
        if self.closing.is_cancelled() {
            let mut answer = refusal(503, "the server is stopping");
            set(&mut answer, header::RETRY_AFTER, "1");
            return last(answer);
        }
        let takes_events = accepts(&parts.headers, "text/event-stream");
        let headers = Headers {
            versions: texts(&parts.headers, "mcp-protocol-version"),
            methods: texts(&parts.headers, "mcp-method"),
            names: texts(&parts.headers, "mcp-name"),
            session: text(&parts.headers, &SESSION),
        };
        let reaction = self.remote.post(Asked { body: &body, headers, caller, takes_events });
        drop(body);
        match reaction {
            Reaction::Accepted => empty(202),
            Reaction::Refused { status, body } => whole(status, "application/json", body),
            Reaction::Begun { exchange, session } => {
                let mut answer = begun(exchange, takes_events).await;
                if let Some(session) = session {
                    set(&mut answer, SESSION, &session);
                }
                answer
            }
        }
    }
}

async fn begun(mut exchange: Box<Exchange>, takes_events: bool) -> Answer {
    match exchange.begin(PATIENCE).await {
        Beginning::Whole { body, .. } if body.is_empty() => empty(202),
        Beginning::Whole { status, body } => whole(status, "application/json", body),
        Beginning::Going => {
            let framing = if takes_events { Framing::Events } else { Framing::Json };
            exchange.framed(framing);
            with_body(200, framing.content_type(), stream::body(exchange, framing))
        }
    }
}

fn settings(state: &State) -> &HttpServer {
    &state.catalog().server.http
}

/// What comes after this on the same connection is not to be trusted.
fn last(mut answer: Answer) -> Answer {
    set(&mut answer, header::CONNECTION, "close");
    answer
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_json(headers: &HeaderMap) -> bool {
    let [content_type] = texts(headers, "content-type")[..] else { return false };
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Whether `Accept` names a type.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let ranges = texts(headers, "accept");
    ranges.iter().flat_map(|ranges| ranges.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_wanted = parts.next().is_some_and(|range| range.eq_ignore_ascii_case(wanted));
        let is_none = |weight: &str| weight.trim_end_matches(['0', '.']).is_empty();
        is_wanted && !parts.any(|part| part.strip_prefix("q=").is_some_and(is_none))
    })
}
