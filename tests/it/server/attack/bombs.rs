//! Heads, bodies and messages that are made to be too much.

use serde_json::json;

use super::super::house::{COMMANDS, House, call, request};
use super::{let_go, memory, plain, serves, statuses};

#[tokio::test]
async fn heads_that_are_too_much_are_refused_and_kept_by_nobody() {
    let house = House::start(COMMANDS).await;
    serves(&house, "at first").await;
    let memory_before = memory(&house);
    let host = format!("Host: {}\r\n", house.address);
    for (what, head) in [
        ("a long header", format!("GET /livez HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(1 << 20))),
        ("a header without an end", format!("GET /livez HTTP/1.1\r\n{host}X: {}", "x".repeat(1 << 20))),
        ("many headers", format!("GET /livez HTTP/1.1\r\n{host}{}\r\n", "X: y\r\n".repeat(10_000))),
        ("a long name", format!("GET /livez HTTP/1.1\r\n{host}{}: y\r\n\r\n", "x".repeat(1 << 20))),
        ("a long address", format!("GET /{} HTTP/1.1\r\n{host}\r\n", "x".repeat(1 << 20))),
        ("a long method", format!("{} / HTTP/1.1\r\n{host}\r\n", "X".repeat(1 << 20))),
        ("empty lines", "\r\n".repeat(1 << 19)),
        ("zeros", "\0".repeat(1 << 20)),
        ("a long host", format!("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(20_000))),
        ("a long origin", format!("GET /livez HTTP/1.1\r\n{host}Origin: {}\r\n\r\n", "x".repeat(20_000))),
        (
            "a long session",
            format!("GET /mcp HTTP/1.1\r\n{host}Mcp-Session-Id: {}\r\n\r\n", "x".repeat(20_000)),
        ),
    ] {
        let mut streams = Vec::new();
        for _ in 0..5 {
            let mut stream = house.connect();
            let _ = std::io::Write::write_all(&mut stream, head.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            streams.push(stream);
        }
        for mut stream in streams {
            let mut answered = Vec::new();
            let _ = std::io::Read::read_to_end(&mut stream, &mut answered);
            let answered = statuses(&String::from_utf8_lossy(&answered));
            assert!(answered.iter().all(|status| (400..500).contains(status)), "{what}: {answered:?}");
            assert!(answered.len() <= 1, "{what}: {answered:?}");
        }
    }
    let_go(&house).await;
    serves(&house, "after bombs in heads").await;
    let more = memory(&house).saturating_sub(memory_before);
    assert!(more < 16 << 20, "{more} bytes are kept");
}

#[tokio::test]
async fn bodies_that_lie_about_their_size_are_refused() {
    let limits = "server: { http: { limits: { body: 64KiB, body_timeout: 1s } } }";
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    let head = format!("POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n", house.address);
    let endless = format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", "1\r\n \r\n".repeat(100_000));
    let extended = format!("1;{}\r\n \r\n0\r\n\r\n", "x".repeat(1 << 20));
    let trailed = format!("1\r\n \r\n0\r\n{}\r\n", "X: y\r\n".repeat(100_000));
    for (what, request) in [
        ("2^64 - 1 bytes", format!("{head}Content-Length: 18446744073709551615\r\n\r\n{{}}")),
        ("more digits than fit", format!("{head}Content-Length: 99999999999999999999999\r\n\r\n{{}}")),
        ("less than nothing", format!("{head}Content-Length: -1\r\n\r\n{{}}")),
        ("a chunk of 2^64 - 1", format!("{head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{{}}")),
        ("a chunk of more", format!("{head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{{}}")),
        ("chunks without end", endless),
        ("a chunk's extension", format!("{head}Transfer-Encoding: chunked\r\n\r\n{extended}")),
        ("trailers", format!("{head}Transfer-Encoding: chunked\r\n\r\n{trailed}")),
        ("less than was said", format!("{head}Content-Length: 5000\r\n\r\n{{}}")),
    ] {
        let answered = statuses(&house.raw(request.as_bytes()));
        assert!(
            answered.len() <= 1 && answered.iter().all(|status| (400..500).contains(status)),
            "{what}: {answered:?}"
        );
    }
    serves(&house, "after bombs in bodies").await;
}

/// Twenty bytes of gzip for each kibibyte of zeros; nobody unpacks them.
#[tokio::test]
async fn what_is_packed_is_not_unpacked() {
    let house = House::start(COMMANDS).await;
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    packed.extend([0xed, 0xc1, 1, 1].iter().cycle().take(10_000));
    for encoding in ["gzip", "deflate", "br", "gzip, gzip"] {
        let sent = house
            .request(reqwest::Method::POST, "/")
            .header("Content-Type", "application/json")
            .header("Content-Encoding", encoding)
            .body(packed.clone());
        assert!((400..500).contains(&sent.send().await.unwrap().status().as_u16()), "{encoding}");
    }
}

#[tokio::test]
async fn messages_that_are_made_to_hurt_a_reader_are_answered_and_hurt_nobody() {
    let house = House::start(COMMANDS).await;
    serves(&house, "at first").await;
    let memory_before = memory(&house);
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let with = |arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{arguments}}}}}"#
        )
    };
    let keys: Vec<String> = (0..50_000).map(|number| format!("\"k{number}\":1")).collect();
    let numbers = "1".repeat(1 << 20);
    for (what, body) in [
        ("deep lists", deep(1_000_000)),
        ("deep lists without an end", "[".repeat(1_000_000)),
        ("deep objects", objects(200_000)),
        ("deep arguments", with(&format!(r#"{{"what":{}}}"#, deep(100_000)))),
        (
            "deep meta",
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{}}}}}"#,
                objects(100_000)
            ),
        ),
        ("a deep id", format!(r#"{{"jsonrpc":"2.0","id":{},"method":"ping"}}"#, deep(100_000))),
        ("many keys", with(&format!("{{{}}}", keys.join(",")))),
        ("a key many times", with(&format!("{{{}}}", r#""what":"x","#.repeat(50_000) + r#""what":"y""#))),
        ("a long number", with(&format!(r#"{{"what":{numbers}}}"#))),
        ("a number beyond all", with(r#"{"what":1e999999999}"#)),
        ("a long text", with(&format!(r#"{{"what":"{}"}}"#, "x".repeat(2 << 20)))),
        ("half a pair", with(r#"{"what":"\ud800"}"#)),
        ("a zero", with(r#"{"what":"a\u0000b"}"#)),
        ("a long method", format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "x".repeat(2 << 20))),
        ("a long id", format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(1 << 20))),
        (
            "a batch",
            format!("[{}]", vec![call(1, "echo", json!({ "what": "x" })).to_string(); 1000].join(",")),
        ),
        (
            "half a message",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ec"#.to_owned(),
        ),
        ("two messages", format!("{0}\n{0}", call(1, "echo", json!({ "what": "x" })))),
        ("no text", "\u{fffd}\u{0}\u{1}".to_owned()),
    ] {
        let answered = house.raw(plain(&house, "Connection: close\r\n", &body).as_bytes());
        let status = statuses(&answered);
        assert!(matches!(status[..], [200 | 400 | 413]), "{what}: {status:?}");
        let said = body_of(&answered);
        let message: serde_json::Value =
            serde_json::from_str(&said).unwrap_or_else(|_| panic!("{what}: no JSON: {said:.300}"));
        let is_refused = !message["error"].is_null() || message["result"]["isError"] == true;
        assert!(is_refused || ["a key many times", "a long id"].contains(&what), "{what}: {said:.300}");
    }
    let answered =
        house.raw(plain(&house, "Connection: close\r\n", "\u{0}").replace('\u{0}', "\u{7f}").as_bytes());
    assert_eq!(statuses(&answered), [400]);
    serves(&house, "after bombs in messages").await;
    let more = memory(&house).saturating_sub(memory_before);
    assert!(more < 48 << 20, "{more} bytes are kept");
}

#[tokio::test]
async fn what_clients_say_of_themselves_is_remembered_within_bounds() {
    let house = House::start(COMMANDS).await;
    serves(&house, "at first").await;
    let hello = |size: usize| {
        let client = json!({ "name": "x".repeat(size), "version": "1" });
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
        house.post(&request(0, "initialize", params)).send()
    };
    let refused = hello(1 << 20).await.unwrap();
    assert_eq!(refused.status(), 400);
    assert!(!refused.headers().contains_key("mcp-session-id"));
    let memory_before = memory(&house);
    for _ in 0..200 {
        assert_eq!(hello(4 << 10).await.unwrap().status(), 200);
    }
    let each = memory(&house).saturating_sub(memory_before) / 200;
    assert!(each < 32 << 10, "each session costs {each} bytes");
}

/// The body of an answer, which is in pieces if it took a moment.
fn body_of(answered: &str) -> String {
    let (head, mut rest) = answered.split_once("\r\n\r\n").unwrap_or_default();
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return rest.to_owned();
    }
    let mut whole = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size of a piece");
        whole.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    whole
}
