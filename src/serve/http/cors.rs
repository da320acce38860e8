//! What pages of other origins are told: what they may ask, and that they may read the answer.

use http::header::{self, HeaderMap, HeaderName};

use crate::model::{Cors, HttpServer};

use super::answer::{Answer, empty, set};
use super::guard::may_share;

/// Headers of the protocol, which a page needs whatever the file says.
const PROTOCOL: [&str; 6] =
    ["Accept", "MCP-Protocol-Version", "Mcp-Session-Id", "Mcp-Method", "Mcp-Name", "Last-Event-ID"];
/// A page repeats values of a call in headers of these names, which the schemas of its tools say.
const REPEATED: &str = "mcp-param-";
const READABLE: &str = "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After";

/// The answer to a preflight, which has no key yet.
pub fn preflight(settings: &HttpServer, headers: &HeaderMap) -> Answer {
    let mut answer = empty(204);
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let Some((cors, _)) = settings.cors.as_ref().zip(origin.filter(|origin| may_share(settings, origin)))
    else {
        set(&mut answer, header::ALLOW, "GET, POST, DELETE, OPTIONS");
        return answer;
    };
    let Cors { methods, headers: allowed, .. } = cors;
    let allowed = allowed.iter().map(String::as_str).chain(PROTOCOL).chain(repeated(headers));
    let allowed: Vec<&str> = allowed.collect();
    set(&mut answer, header::ACCESS_CONTROL_ALLOW_METHODS, &methods.join(", "));
    set(&mut answer, header::ACCESS_CONTROL_ALLOW_HEADERS, &allowed.join(", "));
    set(&mut answer, header::ACCESS_CONTROL_MAX_AGE, "600");
    answer
}

/// The headers of repeated values that a page asks for.
fn repeated(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let asked = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let names = asked.filter_map(|names| names.to_str().ok()).flat_map(|names| names.split(','));
    names.map(str::trim).filter(|name| {
        let start = name.get(..REPEATED.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(REPEATED)) && HeaderName::try_from(*name).is_ok()
    })
}

/// Lets a page of an origin that may read this answer.
pub fn share(settings: &HttpServer, origin: Option<&str>, answer: &mut Answer) {
    if settings.cors.is_none() {
        return;
    }
    answer.headers_mut().append(header::VARY, http::HeaderValue::from_static("Origin"));
    if let Some(origin) = origin.filter(|origin| may_share(settings, origin)) {
        set(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(answer, HeaderName::from_static("access-control-expose-headers"), READABLE);
    }
}
