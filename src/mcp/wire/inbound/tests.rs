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
    let Inbound::Refused(refusal) = read(b"{\"id\":\"\\u0001\",\"method\":\"tools/call\"}") else { panic!() };
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
        (call(r#","jsonrpc":"2.0","params":{"name":"t","arguments":null,"_meta":null,"more":[1]}"#), true),
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
                assert_eq!((custom.method.as_str(), custom.params), (method, Some(json!({ "taskId": "t" }))));
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
        assert!(matches!(read(line.as_bytes()), Inbound::Nothing | Inbound::Notification(_, None)), "{line}");
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
