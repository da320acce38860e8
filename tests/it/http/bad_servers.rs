//! Servers that stall, drip, lie, redirect for ever or send bombs: each call ends in time, and says
//! what was wrong.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::text;
use crate::support::program::{Said, mcpfier};
use crate::support::server::Server;
use crate::support::web::{Heard, Web, answer, reply, send};

/// Calls the server once, with one second for it.
fn call(web: &Web, keys: &str, status: i32) -> Said {
    call_of(web, "", keys, status)
}

fn call_of(web: &Web, webhook: &str, keys: &str, status: i32) -> Said {
    let url = web.url();
    let tools = format!(
        "version: 1\ncommands:\n  - name: get\n    description: Get it.\n    timeout: 1s\n    webhook: {{ url: \"{url}/x\", allow_private: true{webhook} }}\n{keys}"
    );
    let begun = Instant::now();
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(status).run();
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    said
}

/// Reads until whoever called is gone.
fn wait_for_the_end(stream: &mut TcpStream) {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).is_ok_and(|count| count > 0) {}
}

#[test]
fn a_server_that_stalls_is_given_up_at_the_timeout() {
    let web = Web::start(|_, stream| wait_for_the_end(stream));
    let said = call(&web, "", 124);
    assert_eq!(said.stderr, "mcpfier: timed out after 1s: the call was given up\n");
}

#[test]
fn a_server_that_stalls_inside_of_its_answer_is_given_up_with_what_it_said() {
    let web = Web::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
        wait_for_the_end(stream);
    });
    let said = call(&web, "", 124);
    assert_eq!(said.stdout, "half of it");
    assert!(said.stderr.starts_with("mcpfier: timed out after 1s"), "{}", said.stderr);
}

#[test]
fn a_server_that_drips_is_given_up_at_the_timeout() {
    let web = Web::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while send(stream, b"1\r\n.\r\n") {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let said = call(&web, "", 124);
    assert!(said.stdout.starts_with("....."), "{}", said.stdout);
    let web = Web::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\n");
        let header = |_| {
            std::thread::sleep(Duration::from_millis(20));
            send(stream, b"X")
        };
        let _ = (0..10_000).all(header);
    });
    let said = call(&web, "", 124);
    assert!(said.stderr.starts_with("mcpfier: timed out after 1s"), "{}", said.stderr);
}

#[test]
fn an_answer_that_is_shorter_than_it_says_is_an_error() {
    let web = Web::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
    });
    let said = call(&web, "", 125);
    assert_eq!(said.stdout, "half of it");
    let told = format!("mcpfier: no answer: the answer of `{}` broke off: ", web.address);
    assert!(said.stderr.starts_with(&told), "{}", said.stderr);
    // What is beyond the length belongs to nobody.
    let web = Web::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhalf of it");
    });
    assert_eq!(call(&web, "", 0).stdout, "half");
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    for (bytes, told) in [
        (&b""[..], "gave no answer that can be read"),
        (b"hello\r\n\r\n", "gave no answer that can be read"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "broke off"),
    ] {
        let web = Web::start(move |_, stream| reply(stream, bytes));
        let said = call(&web, "", 125);
        assert!(said.stderr.contains(told), "{}", said.stderr);
    }
    let headers = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(4 << 20));
    let web = Web::start(move |_, stream| reply(stream, headers.as_bytes()));
    let said = call(&web, "", 125);
    assert!(said.stderr.contains("gave no answer that can be read"), "{}", said.stderr);
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let web = Web::start(|_, _| ());
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let tools = format!(
        "version: 1\ncommands:\n  - name: get\n    description: Get it.\n    webhook: {{ url: \"http://{closed}/\", allow_private: true }}\n"
    );
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
    assert!(
        said.stderr.starts_with(&format!("mcpfier: no answer: cannot connect to `{closed}`: ")),
        "{}",
        said.stderr
    );
    // Spoken to in TLS, a server without it is told apart from one that is not there.
    let tools = tools.replace(&format!("http://{closed}"), &web.url().replace("http:", "https:"));
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
    assert!(said.stderr.starts_with("mcpfier: no answer: cannot connect to `127.0.0.1:"), "{}", said.stderr);
}

#[test]
fn redirects_are_followed_so_far_and_no_farther() {
    let web = Web::start(|heard, stream| {
        let count: usize = heard.target.trim_start_matches("/x").trim_start_matches('/').parse().unwrap_or(0);
        let next = format!("/x/{}", count + 1);
        match count {
            3 => send(stream, &answer("200 OK", &[], b"there")),
            _ => send(stream, &answer("302 Found", &[("Location", &next)], b"")),
        };
    });
    assert_eq!(call(&web, "", 0).stdout, "there");
    let said = call_of(&web, ", max_redirects: 2", "", 125);
    let told = format!("mcpfier: no answer: more than 2 redirects; the next one leads to `{}`", web.address);
    assert!(said.stderr.starts_with(&told), "{}", said.stderr);
    let said = call_of(&web, ", follow_redirects: false", "", 22);
    assert!(said.stderr.starts_with("mcpfier: HTTP status 302 Found"), "{}", said.stderr);
    let web =
        Web::start(|_, stream| reply(stream, &answer("307 Temporary Redirect", &[("Location", "/x")], b"")));
    let said = call(&web, "", 125);
    assert!(said.stderr.contains("more than 5 redirects"), "{}", said.stderr);
    assert_eq!(web.heard().len(), 6);
}

#[test]
fn a_redirect_after_a_post_is_followed_as_the_status_says() {
    let web = Web::start(|heard, stream| {
        match heard.target.as_str() {
            "/see-other" => send(stream, &answer("303 See Other", &[("Location", "/end")], b"")),
            "/keep" => send(stream, &answer("308 Permanent Redirect", &[("Location", "end")], b"")),
            _ => send(stream, &answer("200 OK", &[], b"")),
        };
    });
    let url = web.url();
    for (path, method, body) in [("see-other", "GET", ""), ("keep", "POST", r#"{"a":1}"#)] {
        let tools = format!(
            "version: 1\ncommands:\n  - name: post\n    description: Post it.\n    webhook: {{ url: \"{url}/{path}\", body: {{ a: 1 }}, allow_private: true }}\n"
        );
        mcpfier(&["call", "post"]).tools(&tools).run();
        let last = web.heard().pop().expect("a request");
        assert_eq!((last.target.as_str(), last.method.as_str(), last.body.as_str()), ("/end", method, body));
    }
}

#[test]
fn a_bomb_is_not_unpacked_beyond_the_limit() {
    let bomb = bomb(64 << 20);
    assert!(bomb.len() < 200_000);
    let web = Web::start(move |_, stream| {
        reply(stream, &answer("200 OK", &[("Content-Encoding", "gzip")], &bomb));
    });
    let limits = "    limits: { output: 64KiB }\n";
    let said = call(&web, limits, 0);
    assert!((64 << 10..256 << 10).contains(&said.stdout.len()), "{}", said.stdout.len());
    assert!(said.stderr.contains("the answer goes on; no more than 64KiB of it are read"), "{}", said.stderr);
    let said = call(&web, "    limits: { output: 64KiB }\n    output: { on_overflow: kill }\n", 125);
    assert!(said.stderr.contains("too much output"), "{}", said.stderr);
}

#[test]
fn an_answer_without_an_end_is_cut_off() {
    let web = Web::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while send(stream, &[b'x'; 4096]) {}
    });
    let said = call(&web, "    limits: { output: 8KiB }\n    output: { format: json }\n", 0);
    assert!(said.stdout.len() < 1 << 20, "{}", said.stdout.len());
}

/// Zeros, packed.
fn bomb(size: usize) -> Vec<u8> {
    let mut child = std::process::Command::new("gzip")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("gzip");
    let mut stdin = child.stdin.take().expect("its input");
    let writer = std::thread::spawn(move || {
        for _ in 0..size >> 20 {
            stdin.write_all(&[0; 1 << 20]).expect("gzip reads");
        }
    });
    let output = child.wait_with_output().expect("gzip ends");
    writer.join().expect("all was written");
    output.stdout
}

/// A server that says when it was asked, and when whoever asked was gone.
fn patient() -> (Web, Receiver<&'static str>) {
    let (tell, told) = channel();
    let tell = std::sync::Mutex::new(tell);
    let web = Web::start(move |_: &Heard, stream| {
        let tell = tell.lock().expect("nobody panicked with it").clone();
        send(stream, b"HTTP/1.1 200 OK\r\n\r\nbegun");
        tell.send("asked").expect("the test listens");
        wait_for_the_end(stream);
        tell.send("gone").expect("the test listens");
    });
    (web, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_cancelled_hangs_up_at_once() {
    let (web, told) = patient();
    let url = web.url();
    let mut server = Server::start(&format!(
        "commands:\n  - name: wait\n    description: Wait.\n    webhook: {{ url: \"{url}\", allow_private: true }}\n"
    ));
    server.client.initialize().await;
    server.client.request(7, "tools/call", json!({ "name": "wait", "arguments": {} })).await;
    let told = tokio::task::spawn_blocking(move || (told.recv(), told)).await.expect("a thread");
    assert_eq!(told.0, Ok("asked"));
    let begun = Instant::now();
    server.client.notify("notifications/cancelled", json!({ "requestId": 7 })).await;
    let gone = tokio::task::spawn_blocking(move || told.1.recv()).await.expect("a thread");
    assert_eq!(gone, Ok("gone"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_model_is_told_how_much_of_an_answer_it_sees() {
    let body = "0123456789".repeat(10_000);
    let web = Web::start(move |_, stream| reply(stream, &answer("200 OK", &[], body.as_bytes())));
    let url = web.url();
    let mut server = Server::start(&format!(
        "commands:\n  - name: long\n    description: Long.\n    webhook: {{ url: \"{url}\", allow_private: true }}\n    limits: {{ output: 16KiB }}\n"
    ));
    server.client.initialize().await;
    let result = server.client.call(1, "long", json!({})).await;
    assert!(text(&result).contains("no more than 16KiB of it are read (limits.output)"), "{result:#}");
    assert_eq!(result["isError"], false);
}
