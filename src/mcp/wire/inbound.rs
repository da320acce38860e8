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
mod tests {
    use rmcp::model::NumberOrString;

    use super::super::refusal::PARSE_ERROR;
    use super::*;

    fn refused(line: &str) -> (String, i32) {
        match read(line.as_bytes()) {
            Inbound::Refused(Refusal { id, code, message }) => {
                assert!(!message.is_empty());
                (id, code)
            }
            other => panic!("{line} was not refused: {other:?}"),
        }
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_id_if_it_has_one() {
        for (line, id, code) in [
            ("nonsense", "null", PARSE_ERROR),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":", "null", PARSE_ERROR),
            ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", "null", INVALID_REQUEST),
            ("17", "null", INVALID_REQUEST),
            ("{}", "null", INVALID_REQUEST),
            ("{\"id\":7}", "7", INVALID_REQUEST),
            ("{\"id\":7,\"method\":5}", "7", INVALID_REQUEST),
            ("{\"id\":1.5,\"method\":\"ping\"}", "1.5", INVALID_REQUEST),
            ("{\"id\":null,\"method\":\"ping\"}", "null", INVALID_REQUEST),
            ("{\"id\":{\"a\":1},\"method\":\"ping\"}", "{\"a\":1}", INVALID_REQUEST),
            ("{\"id\":\"a\\\"b\",\"method\":\"tools/call\"}", "\"a\\\"b\"", INVALID_PARAMS),
            ("{\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":5}}", "3", INVALID_PARAMS),
            ("{\"id\":3,\"method\":\"tools/call\",\"params\":[\"name\",{}]}", "3", INVALID_PARAMS),
            ("[1,", "null", PARSE_ERROR),
            (
                "{\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"a\",\"arguments\":[1]}}",
                "3",
                INVALID_PARAMS,
            ),
            ("{\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"\\ud800\"}}", "3", INVALID_PARAMS),
        ] {
            assert_eq!(refused(line), (id.to_owned(), code), "{line}");
        }
        let deep = format!("{{\"id\":{}{},\"method\":\"ping\"}}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(refused(&deep), ("null".to_owned(), INVALID_REQUEST), "nobody's reader goes so deep");
        assert!(matches!(read(b"\xff\xfe{}"), Inbound::Refused(Refusal { code: PARSE_ERROR, .. })));
        let deep = format!("{{\"id\":3,\"method\":\"tools/call\",\"params\":{}", "[".repeat(100_000));
        assert_eq!(refused(&deep).1, PARSE_ERROR);
    }

    #[test]
    fn a_refusal_is_one_json_message() {
        let Inbound::Refused(refusal) = read(b"{\"id\":\"\\u0001\",\"method\":\"tools/call\"}") else {
            panic!()
        };
        let json: serde_json::Value = serde_json::from_slice(&refusal.into_json()).unwrap();
        assert_eq!((&json["id"], &json["error"]["code"]), (&"\u{1}".into(), &(-32602).into()));
    }

    #[test]
    fn a_call_is_read_with_its_arguments_and_its_meta() {
        let line = br#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"t","arguments":{"a":1},"_meta":{"progressToken":9}}}"#;
        let Inbound::Request(id, request) = read(line) else { panic!() };
        let ClientRequest::CallToolRequest(call) = *request else { panic!() };
        assert_eq!(id, RequestId::String("x".into()));
        assert_eq!(call.params.name, "t");
        assert_eq!(call.params.arguments.unwrap()["a"], 1);
        let meta = call.extensions.get::<RequestMetaObject>().unwrap();
        assert_eq!(meta.get_progress_token().unwrap().0, NumberOrString::Number(9));
    }

    #[test]
    fn a_call_that_is_read_at_once_is_the_one_that_is_read_by_parts() {
        let call = |rest: &str| format!(r#"{{"id":1,"method":"tools/call"{rest}}}"#);
        for (line, is_whole) in [
            (call(r#","params":{"name":"a\u0062","arguments":{"z":1,"a":[{"b":null}]}}"#), true),
            (
                call(r#","jsonrpc":"2.0","params":{"name":"t","arguments":null,"_meta":null,"more":[1]}"#),
                true,
            ),
            (call(r#","params":{"name":"t","task":{},"inputResponses":{},"requestState":"s"}"#), true),
            (r#"{"params":{"name":"t"},"method":"tools\/call","id":"x"}"#.to_owned(), true),
            (call(""), false),
            (call(r#","params":["t",{}]"#), false),
            (call(r#","params":{"name":"t"},"params":{"name":"u"}"#), false),
            (call(r#","params":{"name":"t","arguments":{"a":1e999}}"#), false),
            (r#"{"method":"tools/call","params":{"name":"t"}}"#.to_owned(), false),
            (r#"{"id":1,"method":"prompts/get","params":{"name":"t"}}"#.to_owned(), false),
            (r#"[1,"tools/call",{"name":"t"}]"#.to_owned(), false),
        ] {
            let at_once = read_at_once(line.as_bytes());
            assert_eq!(at_once.is_some(), is_whole, "{line}");
            if let Some(at_once) = at_once {
                assert_eq!(format!("{at_once:?}"), format!("{:?}", read_by_parts(line.as_bytes())), "{line}");
            }
        }
    }

    #[test]
    fn tasks_of_the_older_era_pass_by_rmcp_and_those_of_the_newer_do_not() {
        let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
        for (method, meta, is_older) in [
            ("tasks/get", "", true),
            ("tasks/cancel", "", true),
            ("tasks/get", meta, false),
            ("tasks/cancel", meta, false),
        ] {
            let comma = if meta.is_empty() { "" } else { "," };
            let line = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"taskId":"t"{comma}{meta}}}}}"#
            );
            let Inbound::Request(_, request) = read(line.as_bytes()) else { panic!("{line}") };
            match *request {
                ClientRequest::CustomRequest(custom) => {
                    assert!(is_older, "{line}");
                    assert_eq!(
                        (custom.method.as_str(), custom.params),
                        (method, Some(json!({ "taskId": "t" })))
                    );
                }
                other => assert!(!is_older && other.method() == method, "{line}"),
            }
        }
        for (task, wants) in
            [(r#","task":{"ttl":1000}"#, true), (r#","task":{}"#, true), (r#","task":null"#, false)]
        {
            let line =
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"t"{task}}}}}"#);
            let Inbound::Request(_, request) = read(line.as_bytes()) else { panic!("{line}") };
            let ClientRequest::CallToolRequest(call) = *request else { panic!("{line}") };
            assert_eq!(call.extensions.get::<WantsTask>().is_some(), wants, "{line}");
        }
    }

    #[test]
    fn junk_that_expects_no_answer_gets_none() {
        for line in
            ["", "  \r", "{\"id\":1,\"result\":{}}", "{\"id\":null,\"error\":{\"code\":1,\"message\":\"\"}}"]
        {
            assert!(matches!(read(line.as_bytes()), Inbound::Nothing), "{line}");
        }
        for line in ["{\"method\":\"notifications/x\",\"params\":[1,2]}", "{\"method\":\"\"}"] {
            assert!(
                matches!(read(line.as_bytes()), Inbound::Nothing | Inbound::Notification(_, None)),
                "{line}"
            );
        }
    }

    #[test]
    fn an_answer_to_a_question_is_read_with_what_it_says() {
        for (line, expected) in [
            (
                r#"{"id":"q","result":{"action":"accept"}}"#,
                Said::Result(serde_json::json!({ "action": "accept" })),
            ),
            (r#"{"id":"q","error":{"code":-1,"message":"no"}}"#, Said::Error("no".to_owned())),
        ] {
            let Inbound::Answer(id, said) = read(line.as_bytes()) else { panic!("{line}") };
            assert_eq!((id.as_str(), said), ("q", expected));
        }
    }

    #[test]
    fn a_cancellation_names_its_request() {
        let line =
            br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5,"reason":"x"}}"#;
        assert!(matches!(read(line), Inbound::Notification(_, Some(NumberOrString::Number(5)))));
    }
}
