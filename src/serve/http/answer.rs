//! Answers, and the headers that all of them have.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use crate::model::HttpServer;

pub type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;
pub type Answer = Response<Body>;

/// What no answer of ours needs, so no browser shall do it with one.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Of most answers.
const HEADERS: usize = 12;

/// A short answer.
pub fn whole(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let body = Full::new(body.into()).boxed_unsync();
    with_body(status, content_type, body)
}

pub fn with_body(status: u16, content_type: &'static str, body: Body) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // Its own, those of every answer, and what hyper adds.
    answer.headers_mut().reserve(HEADERS);
    if !content_type.is_empty() {
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    answer
}

/// A status that says it all.
pub fn empty(status: u16) -> Answer {
    whole(status, "", Bytes::new())
}

/// A refusal below the protocol, in words.
pub fn refusal(status: u16, text: &str) -> Answer {
    let body = serde_json::json!({ "error": text });
    whole(status, "application/json", body.to_string())
}

/// For who may try again in a moment, here or elsewhere: nothing was begun.
pub fn come_back(text: &str) -> Answer {
    let mut answer = refusal(503, text);
    set(&mut answer, header::RETRY_AFTER, "1");
    answer
}

pub fn set(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Puts the headers in that all answers have; those of the file win over ours.
pub fn secure(headers: &mut HeaderMap, settings: &HttpServer) {
    for (name, value) in ALWAYS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    for (name, value) in &settings.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}
