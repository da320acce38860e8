//! One line → a message for rmcp, a refusal, or nothing.
//!
//! Nothing that a client sends ends the connection: what is no JSON, no message, or too long is
//! answered with a JSON-RPC error, with the id of its request where it has a legible one.
//!
//! `tools/call` is read here in one pass; rmcp would try a line against every request it knows. All
//! other methods are rare and take rmcp's way, and what is wrong with a line is found out by a second
//! look at it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientJsonRpcMessage, ClientRequest, CustomRequest, GetMeta,
    InputResponses, JsonObject, JsonRpcMessage, ProtocolVersion, RequestId, RequestMetaObject,
};
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::era::version_of;
use super::desk::Said;
use super::refusal::{INVALID_PARAMS, INVALID_REQUEST, Refusal, written};

const CALL: &str = "tools/call";

/// What a line turned out to be.
#[derive(Debug)]
pub(in crate::mcp) enum Inbound {
    Request(RequestId, Box<ClientRequest>),
    /// A notification for rmcp. With the id of the request that it cancels, if it does.
    Notification(Box<ClientJsonRpcMessage>, Option<RequestId>),
    /// What the client says to a question of ours.
    Answer(String, Said),
    /// Nothing to do, and nothing to answer.
    Nothing,
    Refused(Refusal),
}

/// The outermost object of a message; everything else is looked at when it is known what it is.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "present")]
    result: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    error: Option<IgnoredAny>,
}

/// A whole `tools/call`, which most messages are.
#[derive(Deserialize)]
struct Call<'a> {
    id: RequestId,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(deserialize_with = "object")]
    params: CallParams,
}

/// An answer to a question of ours.
#[derive(Deserialize)]
struct Answer {
    /// Ours are texts.
    id: String,
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    #[serde(default)]
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerError {
    #[serde(default)]
    message: String,
}

/// `null` is there, too.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Nothing but an object, where a derived reader would take an array, too.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
}

#[derive(Deserialize)]
struct CallParams {
    name: String,
    #[serde(default)]
    arguments: Option<JsonObject>,
    #[serde(default)]
    _meta: Option<JsonObject>,
    #[serde(default, rename = "inputResponses")]
    input_responses: Option<InputResponses>,
    #[serde(default, rename = "requestState")]
    request_state: Option<String>,
    #[serde(default)]
    task: Option<IgnoredAny>,
}

/// The client of a call wants it to be a task, as the revision 2025-11-25 has them. Travels in the
/// request's extensions.
#[derive(Clone, Copy)]
pub(in crate::mcp) struct WantsTask;

/// Reads one line.
pub(in crate::mcp) fn read(line: &[u8]) -> Inbound {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Inbound::Nothing;
    }
    read_at_once(line).unwrap_or_else(|| read_by_parts(line))
}

/// A call in which nothing is wrong.
fn read_at_once(line: &[u8]) -> Option<Inbound> {
    let Call { id, method, params } = whole(line).ok()?;
    (method == CALL).then(|| Inbound::Request(id, Box::new(ClientRequest::CallToolRequest(params.into()))))
}

fn read_by_parts(line: &[u8]) -> Inbound {
    let envelope: Envelope<'_> = match whole(line) {
        Ok(envelope) => envelope,
        Err(error) => return Inbound::Refused(Refusal::of_line(line, &error)),
    };
    match (envelope.id, &envelope.method) {
        (Some(id), Some(method)) => match serde_json::from_str::<RequestId>(id.get()) {
            Ok(request) => read_request(line, request, method, envelope.params),
            Err(_) => Inbound::Refused(Refusal::new(
                short(id),
                INVALID_REQUEST,
                "expected an `id` that is a string or a whole number",
            )),
        },
        (None, Some(_)) => read_notification(line),
        (_, None) if envelope.result.is_some() || envelope.error.is_some() => read_answer(line),
        (id, None) => Inbound::Refused(Refusal::new(
            id.map_or("null", short),
            INVALID_REQUEST,
            "expected a JSON-RPC message, which has a `method`",
        )),
    }
}

/// An id that is none is given back where it can do no harm: what is deep ends a client's reader.
fn short(id: &RawValue) -> &str {
    const SHORT: usize = 100;
    if id.get().len() > SHORT { "null" } else { id.get() }
}

/// Reads an object. A derived reader alone would take an array for its fields, too.
fn whole<'a, T: Deserialize<'a>>(json: &'a [u8]) -> serde_json::Result<T> {
    if json.first() == Some(&b'[') {
        let _: IgnoredAny = serde_json::from_slice(json)?;
        return Err(serde::de::Error::custom("found an array where an object has to be"));
    }
    serde_json::from_slice(json)
}

fn read_request(line: &[u8], id: RequestId, method: &str, params: Option<&RawValue>) -> Inbound {
    if method == CALL {
        return match read_call(params) {
            Ok(call) => Inbound::Request(id, Box::new(ClientRequest::CallToolRequest(call))),
            Err(problem) => Inbound::Refused(Refusal::new(&written(&id), INVALID_PARAMS, &problem)),
        };
    }
    match serde_json::from_slice::<ClientJsonRpcMessage>(line) {
        Ok(JsonRpcMessage::Request(message)) => {
            Inbound::Request(message.id, Box::new(with_tasks(older(message.request), params)))
        }
        Ok(_) => Inbound::Refused(Refusal::new(&written(&id), INVALID_REQUEST, "expected a request")),
        Err(error) => {
            Inbound::Refused(Refusal::new(&written(&id), INVALID_REQUEST, &format!("not a request: {error}")))
        }
    }
}

/// Two methods of the newer era were there before, for another kind of tasks. rmcp refuses those, so they
/// pass by it as methods that it does not know.
fn older(request: ClientRequest) -> ClientRequest {
    let newer = ProtocolVersion::V_2026_07_28;
    if version_of(request.get_meta()).is_some_and(|version| version >= newer.as_str()) {
        return request;
    }
    let (method, task, extensions) = match request {
        ClientRequest::GetTaskRequest(get) => ("tasks/get", get.params.task_id, get.extensions),
        ClientRequest::CancelTaskRequest(cancel) => {
            ("tasks/cancel", cancel.params.task_id, cancel.extensions)
        }
        other => return other,
    };
    let mut custom = CustomRequest::new(method, Some(json!({ "taskId": task })));
    custom.extensions = extensions;
    ClientRequest::CustomRequest(custom)
}

/// A subscription that names tasks passes by rmcp, which knows none there.
fn with_tasks(request: ClientRequest, params: Option<&RawValue>) -> ClientRequest {
    let ClientRequest::SubscriptionsListenRequest(listen) = request else { return request };
    let params: Option<Value> = params.and_then(|params| serde_json::from_str(params.get()).ok());
    let names_tasks = |params: &Value| params.get("notifications")?.get("taskIds").map(|_| ());
    if params.as_ref().and_then(names_tasks).is_none() {
        return ClientRequest::SubscriptionsListenRequest(listen);
    }
    let mut custom = CustomRequest::new("subscriptions/listen", params);
    custom.extensions = listen.extensions;
    ClientRequest::CustomRequest(custom)
}

fn read_call(params: Option<&RawValue>) -> Result<CallToolRequest, String> {
    let params = params.ok_or("expected `params` with the `name` of a tool")?;
    whole(params.get().as_bytes())
        .map(|params: CallParams| params.into())
        .map_err(|error| format!("expected `params` with `name` and `arguments`: {error}"))
}

impl From<CallParams> for CallToolRequest {
    fn from(params: CallParams) -> Self {
        let CallParams { name, arguments, _meta, input_responses, request_state, task } = params;
        let mut params = CallToolRequestParams::new(name);
        (params.arguments, params.input_responses, params.request_state) =
            (arguments, input_responses, request_state);
        let mut request = Self::new(params);
        if task.is_some() {
            request.extensions.insert(WantsTask);
        }
        if let Some(meta) = _meta {
            request.extensions.insert(RequestMetaObject::from(meta));
        }
        request
    }
}

/// One that belongs to none of ours is nothing that anybody could be told of.
fn read_answer(line: &[u8]) -> Inbound {
    match serde_json::from_slice(line) {
        Ok(Answer { id, result: Some(result), error: None }) => Inbound::Answer(id, Said::Result(result)),
        Ok(Answer { id, error: Some(error), .. }) => Inbound::Answer(id, Said::Error(error.message)),
        _ => Inbound::Nothing,
    }
}

fn read_notification(line: &[u8]) -> Inbound {
    #[derive(Deserialize)]
    struct Cancelled {
        method: String,
        params: CancelledParams,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct CancelledParams {
        request_id: RequestId,
    }
    let Ok(message) = serde_json::from_slice::<ClientJsonRpcMessage>(line) else { return Inbound::Nothing };
    let cancelled = serde_json::from_slice::<Cancelled>(line).ok();
    let cancelled = cancelled.filter(|cancelled| cancelled.method == "notifications/cancelled");
    Inbound::Notification(Box::new(message), cancelled.map(|cancelled| cancelled.params.request_id))
}

#[cfg(test)]
mod tests;
