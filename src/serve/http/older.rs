//! The transport of 2024-11-05, for who asks for it: `GET /sse` is the stream of all answers, and says
//! where messages are posted.

use std::sync::Arc;

use http::header::HeaderMap;
use http::{Method, Uri};

use crate::mcp::Framing;
use crate::model::{HttpServer, Principal};

use super::answer::{Answer, refusal, with_body};
use super::route::{House, accepts};
use super::stream;

const STREAM: &str = "/sse";
const LETTERS: &str = "/messages";
/// What clients of this transport know the parameter by.
const SESSION: &str = "sessionId=";

/// Whether a request asks for the stream.
pub fn is_stream(settings: &HttpServer, method: &Method, uri: &Uri) -> bool {
    settings.legacy_sse && method == Method::GET && uri.path() == STREAM
}

/// The session that a message is posted to, if this transport is on and it is one of it.
pub fn session<'u>(settings: &HttpServer, uri: &'u Uri) -> Option<&'u str> {
    let is_ours = settings.legacy_sse && uri.path().trim_end_matches('/') == LETTERS;
    let mut parameters = uri.query().filter(|_| is_ours)?.split('&');
    parameters.find_map(|parameter| parameter.strip_prefix(SESSION))
}

impl House {
    /// Opens a session and its stream.
    pub(super) fn mailbox(
        &self,
        settings: &HttpServer,
        headers: &HeaderMap,
        caller: &Arc<Principal>,
    ) -> Answer {
        if !accepts(headers, "text/event-stream") {
            return refusal(406, "events are sent as `text/event-stream`, which `Accept` does not name");
        }
        let holding = match self.held.begin(caller, settings.limits.streams) {
            Ok(holding) => holding,
            Err(too_many) => return too_many.answer(),
        };
        match self.remote.mailbox(caller, &format!("{LETTERS}?{SESSION}")) {
            Some(mailbox) => {
                let body = stream::body((mailbox, holding), Framing::Events);
                with_body(200, Framing::Events.content_type(), body)
            }
            None => super::answer::come_back("as many sessions are open as may be"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_read_from_an_address_only_where_the_transport_is_on() {
        let on = HttpServer { legacy_sse: true, ..HttpServer::default() };
        let off = HttpServer::default();
        for (address, expected) in [
            ("/messages?sessionId=a.b-c_d", Some("a.b-c_d")),
            ("/messages/?x=1&sessionId=a", Some("a")),
            ("/messages", None),
            ("/messages?sessionid=a", None),
            ("/mcp?sessionId=a", None),
        ] {
            let address: Uri = address.parse().unwrap();
            assert_eq!((session(&on, &address), session(&off, &address)), (expected, None), "{address}");
        }
        assert!(is_stream(&on, &Method::GET, &"/sse".parse().unwrap()));
        assert!(!is_stream(&off, &Method::GET, &"/sse".parse().unwrap()));
    }
}
