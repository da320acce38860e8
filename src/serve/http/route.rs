//! From a request to its answer: guard, preflight, probes, key, and then the protocol.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName};
use http::{Method, Request};
use hyper::body::Incoming;

use crate::auth::{self, Certificate};
use crate::engine::{Engine, State};
use crate::mcp::{Asked, Beginning, Exchange, Framing, Headers, Reaction, Remote};
use crate::model::{HttpServer, Principal};

use super::answer::{Answer, come_back, empty, refusal, secure, set, whole, with_body};
use super::aside::{self, last};
use super::bodies::Bodies;
use super::body::{self, Bounds, Unread};
use super::door::{Door, texts};
use super::held::{Held, Holding};
use super::hooks::Hooks;
use super::leaving::Leaving;
use super::listen::Address;
use super::proxy::{self, Seen};
use super::{account, announce, cors, guard, older, probes, rates, stream};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const TRACE: HeaderName = HeaderName::from_static("traceparent");
/// How long an answer may take and still be sent with a status and a length of its own.
const PATIENCE: Duration = Duration::from_millis(100);

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// `None` over a socket in the file system.
    pub address: Option<IpAddr>,
    /// What its client has shown on a connection with TLS.
    pub certificate: Option<Arc<Certificate>>,
}

/// Everything that answers.
pub struct House {
    engine: Arc<Engine>,
    pub remote: Remote,
    address: Address,
    door: Door,
    leaving: Leaving,
    bodies: Bodies,
    pub(super) held: Held,
    hooks: Hooks,
}

impl House {
    pub fn new(engine: Arc<Engine>, remote: Remote, address: Address, leaving: Leaving) -> Self {
        let (door, bodies, held) = (Door::default(), Bodies::default(), Held::default());
        Self { engine, remote, address, door, leaving, bodies, held, hooks: Hooks::default() }
    }

    /// What is served now.
    pub fn state(&self) -> Arc<State> {
        self.engine.state()
    }

    pub async fn answer(&self, request: Request<Incoming>, peer: Peer) -> Answer {
        let state = self.engine.state();
        let settings = settings(&state);
        let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let origin = origin.map(str::to_owned);
        let is_trying = account::offers_credential(request.headers());
        let seen = proxy::seen(settings, request.headers(), peer.address);
        let peer = Peer { address: seen.address, ..peer };
        let heard = announce::heard(settings, request.headers(), &seen);
        let mut answer = match self.judge(&state, settings, &request, &seen) {
            Some(answer) => self.aside(settings, request, answer).await,
            None if Hooks::is_one(&request) => match rates::by_address(&state, &peer) {
                // What few requests come to has a place of its own, so that the others take little.
                None => {
                    let bounds = (settings, &self.bodies);
                    Box::pin(self.hooks.answer(&self.engine, &state, bounds, request)).await
                }
                Some(late) => self.aside(settings, request, late).await,
            },
            None => match rates::let_in(&self.door, &state, request.headers(), &peer).await {
                Ok(caller) => self.speak(settings, request, caller).await,
                Err(refused) => self.aside(settings, request, refused).await,
            },
        };
        account::note(self.engine.audit(), is_trying, peer.address, &answer);
        announce::point(settings, &heard, &mut answer);
        cors::share(settings, origin.as_deref(), &mut answer);
        secure(answer.headers_mut(), settings);
        if self.leaving.told.is_cancelled() {
            // The next request comes on a connection that may lead elsewhere.
            answer = last(answer);
        }
        answer
    }

    /// The answer to a request of which only the head counts. It has a place of its own, so that calls take little.
    async fn aside(&self, settings: &HttpServer, request: Request<Incoming>, answer: Answer) -> Answer {
        Box::pin(aside::without_body(request, settings.limits.body, answer)).await
    }

    /// The answer to what needs no key, or may not have one.
    fn judge(
        &self,
        state: &State,
        settings: &HttpServer,
        request: &Request<Incoming>,
        seen: &Seen,
    ) -> Option<Answer> {
        let headers = request.headers();
        let mut hosts = texts(headers, "host");
        // A request line may name it, too; then that is what counts.
        if let Some(authority) = request.uri().authority() {
            hosts.push(authority.as_str());
            hosts.dedup();
        }
        if let Some(host) = &seen.host {
            hosts.clear();
            hosts.push(host.as_str());
        }
        let mut origins = texts(headers, "origin");
        let document = announce::asked(settings, request);
        if document.is_some() || seen.site.as_deref().is_some_and(|site| origins[..] == [site]) {
            // What everybody may read; or a page from the very place that the proxy serves.
            origins.clear();
        }
        if let Err(foreign) = guard::judge(settings, &self.address, &hosts, &origins) {
            return Some(account::because(refusal(403, &foreign.to_string()), foreign, None));
        }
        if let Some(document) = document {
            return Some(announce::answer(state, settings, request, seen, document));
        }
        match *request.method() {
            Method::OPTIONS => Some(cors::preflight(settings, headers)),
            Method::GET | Method::HEAD => {
                probes::answer(request.uri().path(), self.leaving.told.is_cancelled())
            }
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
        if older::is_stream(settings, request.method(), request.uri()) {
            return self.mailbox(settings, request.headers(), &caller);
        }
        if let Some(session) = &session
            && let Err(problem) = Box::pin(self.remote.recall(session, &caller)).await
        {
            return self.aside(settings, request, come_back(&problem.to_string())).await;
        }
        let answer = match (request.method(), session) {
            (&Method::POST, _) => return self.post(settings, request, caller).await,
            (&Method::GET, Some(session)) => self.listen(settings, request.headers(), &session, &caller),
            (&Method::DELETE, Some(session)) if self.remote.end(&session, &caller) => empty(204),
            (&Method::DELETE, Some(_)) => refusal(404, "there is no such session"),
            _ => {
                let mut answer = refusal(405, "expected a POST with a JSON-RPC message, at /mcp");
                set(&mut answer, header::ALLOW, "POST, OPTIONS");
                answer
            }
        };
        self.aside(settings, request, answer).await
    }

    /// The stream of events of a session.
    fn listen(
        &self,
        settings: &HttpServer,
        headers: &HeaderMap,
        session: &str,
        caller: &Arc<Principal>,
    ) -> Answer {
        if !accepts(headers, "text/event-stream") {
            return refusal(406, "events are sent as `text/event-stream`, which `Accept` does not name");
        }
        let holding = match self.held.begin(caller, settings.limits.streams) {
            Ok(holding) => holding,
            Err(too_many) => return too_many.answer(),
        };
        match self.remote.events(session, caller) {
            Some(events) => {
                let body = stream::body((events, holding), Framing::Events);
                with_body(200, Framing::Events.content_type(), body)
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
        if !is_json(request.headers()) {
            let refused = refusal(415, "expected `Content-Type: application/json`");
            return self.aside(settings, request, refused).await;
        }
        let (parts, body) = request.into_parts();
        let limits = settings.limits;
        if let Some(refused) = self.held.refused(&caller, limits.streams) {
            return last(refused);
        }
        let bounds = Bounds::of(&limits, limits.body, parts.version);
        let body = match body::read(body, &self.bodies, bounds).await {
            Ok(body) => body,
            Err(Unread(503, text)) => return last(come_back(&text)),
            Err(Unread(status, text)) => return last(refusal(status, &text)),
        };
        if self.leaving.refusing.is_cancelled() {
            return last(come_back("the server is stopping"));
        }
        let takes_events = accepts(&parts.headers, "text/event-stream");
        let headers = Headers {
            versions: texts(&parts.headers, "mcp-protocol-version"),
            methods: texts(&parts.headers, "mcp-method"),
            names: texts(&parts.headers, "mcp-name"),
            params: repeated(&parts.headers),
            session: text(&parts.headers, &SESSION),
            trace: text(&parts.headers, &TRACE),
        };
        let asked = Asked { body: &body.bytes, headers, caller: Arc::clone(&caller), takes_events };
        let reaction = match older::session(settings, &parts.uri) {
            Some(session) => self.remote.letter(session, asked),
            None => self.remote.post(asked),
        };
        // What was asked for is read, and need not be held as long as it is answered.
        drop((parts, body));
        match reaction {
            Reaction::Accepted => empty(202),
            Reaction::Refused { status, body } => whole(status, "application/json", body),
            Reaction::Lacking { scopes, body } => {
                let mut answer = whole(403, "application/json", body);
                let scopes = scopes.iter().map(String::as_str);
                set(&mut answer, header::WWW_AUTHENTICATE, &auth::step_up(scopes));
                account::recorded(answer)
            }
            Reaction::Begun { exchange, session } => {
                if let Some(session) = &session {
                    Box::pin(self.remote.share(session, &caller)).await;
                }
                // Others can have come since it was asked for, and this takes nothing but a stream.
                let held = exchange.is_endless().then(|| self.held.begin(&caller, limits.streams));
                let held = match held.transpose() {
                    Ok(held) => held,
                    Err(too_many) => return too_many.answer(),
                };
                let hold = || held.unwrap_or_else(|| self.held.hold(&caller));
                let mut answer = begun(exchange, hold, takes_events).await;
                if let Some(session) = session {
                    set(&mut answer, SESSION, &session);
                }
                answer
            }
        }
    }
}

/// Values of a call that are repeated in headers.
fn repeated(headers: &HeaderMap) -> Vec<(&str, Option<&str>)> {
    let named =
        headers.iter().filter_map(|(name, value)| Some((name.as_str().strip_prefix("mcp-param-")?, value)));
    named.map(|(name, value)| (name, value.to_str().ok())).collect()
}

/// `hold` counts an answer that becomes a stream.
async fn begun(mut exchange: Box<Exchange>, hold: impl FnOnce() -> Holding, takes_events: bool) -> Answer {
    match exchange.begin(PATIENCE).await {
        Beginning::Whole { body, .. } if body.is_empty() => empty(202),
        Beginning::Whole { status, body } => whole(status, "application/json", body),
        Beginning::Going => {
            let framing = if takes_events { Framing::Events } else { Framing::Json };
            exchange.framed(framing);
            with_body(200, framing.content_type(), stream::body((exchange, hold()), framing))
        }
    }
}

fn settings(state: &State) -> &HttpServer {
    &state.catalog().server.http
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
pub fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let ranges = texts(headers, "accept");
    ranges.iter().flat_map(|ranges| ranges.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_wanted = parts.next().is_some_and(|range| range.eq_ignore_ascii_case(wanted));
        let is_none = |weight: &str| weight.trim_end_matches(['0', '.']).is_empty();
        is_wanted && !parts.any(|part| part.strip_prefix("q=").is_some_and(is_none))
    })
}
