//! Requests of which two readers could make different things: one request within another.

use super::super::house::House;
use super::{TRACE, serves, statuses, traces};

/// A request that must not be taken for one.
fn hidden(house: &House) -> String {
    let body = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"trace"}}"#;
    format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        house.address,
        body.len()
    )
}

#[tokio::test]
async fn no_request_hides_in_another() {
    let limits = "server: { http: { limits: { body_timeout: 1s, header_timeout: 1s } } }";
    let house = House::start(&format!("{TRACE}\n{limits}\n")).await;
    let inner = hidden(&house);
    let head = format!("POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n", house.address);
    let length = inner.len();
    let chunks = format!("0\r\n\r\n{inner}");
    let all = chunks.len();
    for (what, lines) in [
        ("both lengths", format!("Content-Length: {all}\r\nTransfer-Encoding: chunked\r\n")),
        ("both, the other way round", format!("Transfer-Encoding: chunked\r\nContent-Length: {all}\r\n")),
        ("two lengths", format!("Content-Length: 0\r\nContent-Length: {length}\r\n")),
        ("a list of lengths", format!("Content-Length: 0, {length}\r\n")),
        ("a length with a sign", "Content-Length: +0\r\n".to_owned()),
        ("a length in sixteens", "Content-Length: 0x0\r\n".to_owned()),
        ("a length of nothing", "Content-Length: \r\n".to_owned()),
        ("two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned()),
        ("a coding after chunks", "Transfer-Encoding: chunked, identity\r\n".to_owned()),
        ("no such coding", "Transfer-Encoding: xchunked\r\n".to_owned()),
        ("a quoted coding", "Transfer-Encoding: \"chunked\"\r\n".to_owned()),
        ("a space before the colon", "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n".to_owned()),
        ("a folded line", format!("X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n")),
        ("a line that is no header", format!("nonsense\r\nContent-Length: {length}\r\n")),
        ("a bare return", "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 0\r\n".to_owned()),
        ("a zero in a header", "X: y\0z\r\nContent-Length: 0\r\n".to_owned()),
        ("a zero in a name", "X\0: y\r\nContent-Length: 0\r\n".to_owned()),
    ] {
        for body in [&chunks, &inner] {
            let answered = statuses(&house.raw(format!("{head}{lines}\r\n{body}").as_bytes()));
            // What is one request to everyone may be followed by another; what is not ends the connection.
            assert!(answered.iter().all(|status| *status >= 400), "{what}: {answered:?}");
            assert!(answered.len() <= 1, "{what}: {answered:?}");
        }
    }
    assert_eq!(traces(&house), 0, "a hidden request was taken for one");
    serves(&house, "after smuggling").await;
}

#[tokio::test]
async fn chunks_that_are_none_end_the_connection() {
    let limits = "server: { http: { limits: { body_timeout: 1s, header_timeout: 1s } } }";
    let house = House::start(&format!("{TRACE}\n{limits}\n")).await;
    let inner = hidden(&house);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        house.address
    );
    for (what, chunks) in [
        ("a size that is no number", "zz\r\n{}\r\n0\r\n\r\n"),
        ("a size with a sign", "+2\r\n{}\r\n0\r\n\r\n"),
        ("a size with a prefix", "0x2\r\n{}\r\n0\r\n\r\n"),
        ("no size", "\r\n{}\r\n0\r\n\r\n"),
        ("a bare line end in an extension", "2;a\nb\r\n{}\r\n0\r\n\r\n"),
        ("a bare return", "2\r{}\r\n0\r\n\r\n"),
        ("more than was said", "2\r\n{}{}\r\n0\r\n\r\n"),
        ("no end", "2\r\n{}0\r\n\r\n"),
    ] {
        let answered = statuses(&house.raw(format!("{head}{chunks}{inner}").as_bytes()));
        assert!(answered.len() <= 1 && answered.iter().all(|status| *status >= 400), "{what}: {answered:?}");
    }
    assert_eq!(traces(&house), 0);
    serves(&house, "after chunks").await;
}

#[tokio::test]
async fn what_a_request_line_names_is_judged_too() {
    let house = House::start(TRACE).await;
    let own = house.address;
    let body = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"trace"}}"#;
    let ask = |line: &str, host: &str| {
        let request = format!(
            "{line}\r\n{host}Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        statuses(&house.raw(request.as_bytes()))
    };
    let host = format!("Host: {own}\r\n");
    let elsewhere = "Host: evil.example.com\r\n";
    for (line, host) in [
        ("POST http://evil.example.com/ HTTP/1.1".to_owned(), host.as_str()),
        (format!("POST http://{own}/ HTTP/1.1"), elsewhere),
        ("POST / HTTP/1.1".to_owned(), elsewhere),
        ("POST / HTTP/1.1".to_owned(), ""),
        ("POST / HTTP/1.0".to_owned(), ""),
        ("POST / HTTP/1.1".to_owned(), "Host: \r\n"),
        ("POST / HTTP/1.1".to_owned(), "Host: 127.0.0.1, evil.example.com\r\n"),
        ("POST / HTTP/1.1".to_owned(), "Host: evil.example.com\r\nX-Forwarded-Host: localhost\r\n"),
        ("POST / HTTP/9.9".to_owned(), host.as_str()),
        ("POST /".to_owned(), host.as_str()),
        ("CONNECT evil.example.com:80 HTTP/1.1".to_owned(), host.as_str()),
        ("TRACE / HTTP/1.1".to_owned(), host.as_str()),
        ("PUT / HTTP/1.1".to_owned(), host.as_str()),
        ("PRI * HTTP/2.0".to_owned(), ""),
    ] {
        let answered = ask(&line, host);
        assert!(answered.iter().all(|status| *status >= 400), "{line} with {host}: {answered:?}");
    }
    assert_eq!(traces(&house), 0);
    assert_eq!(ask("POST / HTTP/1.1", &host), [200], "and this one is right");
    assert_eq!(traces(&house), 1);
}
