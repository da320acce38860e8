//! What headers have to say beside a message: its version, its method, what it is about.
//!
//! From 2026-07-28 on whoever stands between reads them instead of the body, so both must agree.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rmcp::model::{CallToolRequestMethod, ClientRequest, ConstString, GetMeta, ProtocolVersion, RequestId};
use serde::Deserialize;
use smallvec::SmallVec;

use super::super::wire::refusal::{INVALID_PARAMS, INVALID_REQUEST, Refusal, written};
use super::version_in;

pub(super) const HEADER_MISMATCH: i32 = -32020;

/// Of one header; as a rule there is one.
type Values<'a> = SmallVec<[&'a str; 2]>;

/// The headers that belong to the protocol; each as often as it came.
#[derive(Debug, Clone, Default)]
pub struct Headers<'a> {
    pub versions: Values<'a>,
    pub methods: Values<'a>,
    pub names: Values<'a>,
    /// What follows `mcp-param-`, and the value; `None` if that is no plain text.
    pub params: Vec<(&'a str, Option<&'a str>)>,
    pub session: Option<&'a str>,
    /// `traceparent`.
    pub trace: Option<&'a str>,
}

impl<'a> Headers<'a> {
    pub(super) fn version(&self) -> Option<&'a str> {
        self.versions.first().copied()
    }
}

/// Whether a request stands for itself, as those of the newer era do.
pub(super) fn is_modern(request: &ClientRequest) -> bool {
    let is_newer = |version: &str| version >= ProtocolVersion::V_2026_07_28.as_str();
    version_in(request).is_some_and(is_newer) || matches!(request, ClientRequest::DiscoverRequest(_))
}

/// A version that this program knows.
pub(super) fn known(text: &str) -> Option<ProtocolVersion> {
    ProtocolVersion::KNOWN_VERSIONS.iter().find(|known| known.as_str() == text).cloned()
}

/// Judges headers and body of a request together. An error is a status and what is said.
pub(super) fn judge(
    headers: &Headers<'_>,
    body: &[u8],
    id: &RequestId,
    request: &ClientRequest,
) -> Result<(), (u16, Refusal)> {
    let refuse = |code: i32, message: &str| Err((400, Refusal::new(&written(id), code, message)));
    let mismatch = |message: &str| refuse(HEADER_MISMATCH, message);
    if headers.versions.len() > 1 || headers.methods.len() > 1 || headers.names.len() > 1 {
        return mismatch("a header of the protocol stands twice");
    }
    let (in_header, in_body) = (headers.version(), version_in(request));
    let newer = ProtocolVersion::V_2026_07_28;
    if let ClientRequest::InitializeRequest(initialize) = request {
        let asked = initialize.params.protocol_version.as_str();
        return match in_header {
            Some(version) if version != asked => refuse(
                INVALID_REQUEST,
                &format!(
                    "`MCP-Protocol-Version` is `{version}` and `protocolVersion` in the body is `{asked}`"
                ),
            ),
            _ => judge_method(headers, "initialize", false).or_else(|problem| mismatch(&problem)),
        };
    }
    match (in_header, in_body) {
        (None, Some(_)) => return mismatch("expected the header `MCP-Protocol-Version`, as in `_meta`"),
        (Some(header), Some(body)) if header != body => {
            return mismatch(&format!("`MCP-Protocol-Version` is `{header}` and `_meta` says `{body}`"));
        }
        (Some(header), None) if header >= newer.as_str() => {
            let missing = request.get_meta().missing_required_keys(&newer).join(", ");
            return refuse(INVALID_PARAMS, &format!("expected these in the request's `_meta`: {missing}"));
        }
        (Some(header), None) if known(header).is_none() => {
            let versions: Vec<&str> =
                ProtocolVersion::KNOWN_VERSIONS.iter().map(|known| known.as_str()).collect();
            let message =
                format!("`MCP-Protocol-Version` is `{header}`; expected one of {}", versions.join(", "));
            return refuse(INVALID_REQUEST, &message);
        }
        _ => {}
    }
    if !is_modern(request) {
        return Ok(());
    }
    let missing = request.get_meta().missing_required_keys(&newer);
    if !missing.is_empty() {
        let message = format!("expected these in the request's `_meta`: {}", missing.join(", "));
        return refuse(INVALID_PARAMS, &message);
    }
    let about = About::read(request, body);
    judge_method(headers, &about.method, true)
        .and_then(|()| judge_name(headers, &about))
        .or_else(|problem| mismatch(&problem))
}

fn judge_method(headers: &Headers<'_>, method: &str, is_required: bool) -> Result<(), String> {
    match headers.methods.first() {
        Some(header) if *header != method => {
            Err(format!("`Mcp-Method` is `{header}` and the body's method is `{method}`"))
        }
        None if is_required => Err(format!("expected the header `Mcp-Method: {method}`")),
        _ => Ok(()),
    }
}

fn judge_name(headers: &Headers<'_>, about: &About<'_>) -> Result<(), String> {
    let Some(expected) = about.name() else { return Ok(()) };
    let Some(header) = headers.names.first() else {
        return Err("expected the header `Mcp-Name`, as in the body".to_owned());
    };
    match decoded(header) {
        Some(name) if name == expected => Ok(()),
        Some(_) => Err("`Mcp-Name` is not what the body names".to_owned()),
        None => Err("`Mcp-Name` is neither a plain text nor `=?base64?…?=`".to_owned()),
    }
}

/// A header's text, which is packed if it does not fit into one as it is.
pub(super) fn decoded(header: &str) -> Option<String> {
    let packed = header.strip_prefix("=?base64?").and_then(|packed| packed.strip_suffix("?="));
    let Some(packed) = packed else { return Some(header.to_owned()) };
    String::from_utf8(BASE64_STANDARD.decode(packed).ok()?).ok()
}

/// What of a body stands in headers, too.
#[derive(Deserialize, Default)]
struct About<'a> {
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Params<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    task_id: Option<String>,
}

impl<'a> About<'a> {
    fn read(request: &'a ClientRequest, body: &'a [u8]) -> Self {
        if let ClientRequest::CallToolRequest(call) = request {
            // The body of a call may be large, and was read as a whole already.
            let params = Params { name: Some(Cow::Borrowed(&call.params.name)), ..Params::default() };
            return Self { method: Cow::Borrowed(CallToolRequestMethod::VALUE), params };
        }
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        serde_json::from_slice(body).unwrap_or_default()
    }

    fn name(&self) -> Option<&str> {
        match &*self.method {
            "tools/call" | "prompts/get" => self.params.name.as_deref(),
            "resources/read" => self.params.uri.as_deref(),
            "tasks/get" | "tasks/update" | "tasks/cancel" => self.params.task_id.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use smallvec::smallvec;

    use super::*;
    use crate::mcp::wire::inbound::{Inbound, read};

    const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

    fn judged(headers: &Headers<'_>, params: &str) -> Result<(), i32> {
        let body =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a"{params}}}}}"#);
        let Inbound::Request(id, request) = read(body.as_bytes()) else { panic!("no request: {body}") };
        judge(headers, body.as_bytes(), &id, &request).map_err(|(status, refusal)| {
            assert_eq!(status, 400);
            refusal.code
        })
    }

    #[test]
    fn headers_and_body_have_to_agree_in_the_newer_era() {
        let meta = &format!(",{META}");
        let all = |version, method, name| Headers {
            versions: smallvec![version],
            methods: smallvec![method],
            names: smallvec![name],
            params: vec![],
            session: None,
            trace: None,
        };
        let right = all("2026-07-28", "tools/call", "a");
        assert_eq!(judged(&right, meta), Ok(()));
        assert_eq!(judged(&all("2026-07-28", "tools/call", "=?base64?YQ==?="), meta), Ok(()));
        for wrong in [
            Headers::default(),
            all("2025-11-25", "tools/call", "a"),
            all("2026-07-28", "tools/list", "a"),
            all("2026-07-28", "tools/call", "b"),
            all("2026-07-28", "tools/call", "=?base64?%%?="),
            Headers { methods: smallvec![], ..right.clone() },
            Headers { names: smallvec![], ..right.clone() },
            Headers { names: smallvec!["a", "a"], ..right.clone() },
        ] {
            assert_eq!(judged(&wrong, meta), Err(HEADER_MISMATCH), "{wrong:?}");
        }
        assert_eq!(judged(&right, ""), Err(INVALID_PARAMS), "the header alone is not enough");
    }

    #[test]
    fn older_clients_need_no_headers() {
        assert_eq!(judged(&Headers::default(), ""), Ok(()));
        let said = |version| Headers { versions: smallvec![version], ..Headers::default() };
        assert_eq!(judged(&said("2025-06-18"), ""), Ok(()));
        assert_eq!(judged(&said("1999-01-01"), ""), Err(INVALID_REQUEST));
    }
}
