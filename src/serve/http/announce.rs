//! Where clients learn who makes tokens for this server: documents that anybody may read, and a
//! pointer to them in every challenge.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};

use crate::auth::{self, Document};
use crate::engine::State;
use crate::model::{HttpServer, Issuer, ServiceUrl};

use super::answer::{Answer, empty, refusal, set, whole};
use super::proxy::Seen;

fn issuers(settings: &HttpServer) -> &[Issuer] {
    settings.auth.as_ref().map(|auth| auth.issuers.as_slice()).unwrap_or_default()
}

/// Which document is asked for, by those who read.
pub fn asked<B>(settings: &HttpServer, request: &Request<B>) -> Option<Document> {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let issuers = issuers(settings);
    reads.then(|| auth::document(request.uri().path(), issuers)).flatten()
}

/// The answer, which pages of all origins may read: it says nothing that is secret.
pub fn answer<B>(
    state: &State,
    settings: &HttpServer,
    request: &Request<B>,
    seen: &Seen,
    document: Document,
) -> Answer {
    let mut answer = match *request.method() {
        Method::OPTIONS => empty(204),
        _ => written(state, settings, heard(settings, request.headers(), seen), document),
    };
    set(&mut answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(&mut answer, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, OPTIONS");
    set(&mut answer, header::ACCESS_CONTROL_ALLOW_HEADERS, "*");
    answer
}

fn written(state: &State, settings: &HttpServer, heard: Option<ServiceUrl>, document: Document) -> Answer {
    let issuers = issuers(settings);
    let found = match document {
        Document::Issuer => auth::about_issuer(issuers),
        Document::Resource => heard.map(|resource| {
            let catalog = state.catalog();
            let scopes = catalog.offered().flat_map(|tool| tool.scopes.clone());
            auth::about_resource(issuers, &resource, &catalog.server.name, scopes)
        }),
    };
    match found {
        Some(document) => whole(200, "application/json", document.to_string()),
        None => refusal(404, "the issuer says it itself, or nothing says where this server is"),
    }
}

/// The address of this server: that of the file, or that by which a client has reached it. `None`
/// where nobody is announced.
pub fn heard(settings: &HttpServer, headers: &HeaderMap, seen: &Seen) -> Option<ServiceUrl> {
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let site = || seen.site.clone().unwrap_or_else(|| format!("{scheme}://{}", host()));
    auth::resource(issuers(settings), site)
}

/// Puts the pointer into the challenge of an answer, if it has one.
pub fn point(settings: &HttpServer, heard: &Option<ServiceUrl>, answer: &mut Answer) {
    const CHALLENGE: HeaderName = header::WWW_AUTHENTICATE;
    if !answer.headers().contains_key(CHALLENGE) {
        return;
    }
    let issuers = issuers(settings);
    let Some(resource) = heard else { return };
    let told: Vec<HeaderValue> = answer.headers().get_all(CHALLENGE).iter().cloned().collect();
    answer.headers_mut().remove(CHALLENGE);
    for challenge in told {
        let text = challenge.to_str().unwrap_or_default();
        let pointed = match text.starts_with("Bearer ") {
            true => HeaderValue::try_from(auth::pointed(text, issuers, resource)).ok(),
            false => None,
        };
        answer.headers_mut().append(CHALLENGE, pointed.unwrap_or(challenge));
    }
}
