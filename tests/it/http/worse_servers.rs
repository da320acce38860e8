//! Servers that go on lying once the head of their answer is there, or before.

use std::time::{Duration, Instant};

use super::get;
use crate::support::program::{Said, mcpfier};
use crate::support::web::{Web, answer, reply, send};

fn call(web: &Web, status: i32) -> Said {
    let tools = get(&format!("{}/x", web.url()), "").replace("timeout: 20s", "timeout: 2s")
        + "    limits: { output: 64KiB }\n";
    let begun = Instant::now();
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(status).run();
    assert!(begun.elapsed() < Duration::from_secs(15), "it took {:?}", begun.elapsed());
    said
}

#[test]
fn an_answer_that_ends_inside_of_a_piece_is_an_error_with_what_came() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf of it\r\n64\r\nan"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf of it\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf of it\r\nfffffffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf of it\r\n-1\r\n",
    ] {
        let web = Web::start(move |_, stream| reply(stream, bytes));
        let said = call(&web, 125);
        assert!(said.stdout.starts_with("half of it"), "{}", said.stdout);
        assert!(said.stderr.contains("broke off"), "{}", said.stderr);
    }
}

#[test]
fn two_lengths_and_old_versions_are_no_answer() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfour"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nfour",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nfour",
        b"<html>HTTP/0.9 had no head</html>",
        b"HTTP/1.1 99999 Much\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
    ] {
        let web = Web::start(move |_, stream| reply(stream, bytes));
        let said = call(&web, 125);
        assert!(said.stderr.contains("gave no answer that can be read"), "{}", said.stderr);
    }
}

#[test]
fn heads_without_an_end_are_no_answer() {
    for line in [
        "X-Many: headers\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n",
    ] {
        let web = Web::start(move |_, stream| {
            if line.starts_with('X') {
                send(stream, b"HTTP/1.1 200 OK\r\n");
            }
            while send(stream, line.repeat(64).as_bytes()) {}
        });
        let tools = get(&web.url(), "").replace("timeout: 20s", "timeout: 2s");
        let said = mcpfier(&["call", "get"]).tools(&tools).may_fail().run();
        let is_told =
            said.stderr.contains("gave no answer that can be read") || said.stderr.contains("timed out");
        assert!(is_told, "{line}: {}", said.stderr);
    }
}

#[test]
fn a_server_that_is_busy_for_ever_is_believed_once() {
    let web = Web::start(|_, stream| {
        reply(stream, &answer("429 Too Many Requests", &[("Retry-After", "0")], b"later"));
    });
    let said = call(&web, 22);
    assert!(said.stderr.starts_with("mcpfier: HTTP status 429 Too Many Requests"), "{}", said.stderr);
    assert_eq!((said.stdout.as_str(), web.heard().len()), ("later", 1));
}

#[test]
fn what_is_packed_twice_or_without_an_end_is_bounded() {
    let web = Web::start(|_, stream| {
        // A packed text that says nothing but "again", for ever: stored blocks without a last one.
        send(stream, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
        send(stream, b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
        let block = [&b"\0\x10\0\xef\xff"[..], b"0123456789abcdef"].concat();
        while send(stream, &block.repeat(100)) {}
    });
    let said = call(&web, 0);
    assert!((64 << 10..256 << 10).contains(&said.stdout.len()), "{}", said.stdout.len());
    let web = Web::start(|_, stream| {
        reply(stream, &answer("200 OK", &[("Content-Encoding", "gzip, gzip")], b"\x1f\x8b never"));
    });
    // What cannot be unpacked is shown as it is, or refused; never a crash.
    let tools = get(&web.url(), "");
    mcpfier(&["call", "get"]).tools(&tools).may_fail().run();
}

#[test]
fn dots_in_disguise_stay_what_a_caller_said() {
    let web = Web::start(|heard, stream| reply(stream, &answer("200 OK", &[], heard.target.as_bytes())));
    let tools = get(&format!("{}/a/{{{{part}}}}/b", web.url()), "")
        + "    params: { part: { type: string, description: A part } }\n";
    for (part, path) in [
        ("%2e%2e", "/a/%252e%252e/b"),
        ("%2E", "/a/%252E/b"),
        ("..%2f..", "/a/..%252f../b"),
        ("../..", "/a/..%2F../b"),
        ("..;x", "/a/..%3Bx/b"),
        ("..\\x", "/a/..%5Cx/b"),
        ("\u{ff0e}\u{ff0e}", "/a/%EF%BC%8E%EF%BC%8E/b"),
    ] {
        let said = mcpfier(&["call", "get", &format!("part={part}")]).tools(&tools).run();
        assert_eq!(said.stdout, path, "{part}");
    }
    for part in ["..", ".", ""] {
        mcpfier(&["call", "get", &format!("part={part}")]).tools(&tools).ends_with(2).run();
    }
}
