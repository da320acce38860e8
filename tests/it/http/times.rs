//! Times within the timeout of a call.

use std::io::Read;
use std::time::{Duration, Instant};

use super::get;
use crate::support::program::mcpfier;
use crate::support::web::{Web, send};

#[test]
fn a_server_that_takes_a_connection_and_nothing_more_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a call");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    });
    let begun = Instant::now();
    let tools = get(&format!("https://{address}"), ", connect_timeout: 300ms");
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
    assert!(said.stderr.starts_with("mcpfier: no answer: cannot connect to "), "{}", said.stderr);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    server.join().expect("the call hung up");
}

#[test]
fn a_try_has_its_own_time() {
    let web = Web::start(|_, stream| {
        let _ = stream.read(&mut [0; 64]);
    });
    let tools = get(&web.url(), ", try_timeout: 300ms");
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(124).run();
    assert!(
        said.stderr.starts_with("mcpfier: timed out after 300ms: the call was given up"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_server_that_falls_silent_is_given_up_with_what_it_said() {
    let web = Web::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
        let _ = stream.read(&mut [0; 64]);
    });
    let tools = get(&web.url(), ", read_timeout: 300ms");
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
    assert_eq!(said.stdout, "half of it");
    let told = format!(
        "mcpfier: no answer: `{}` fell silent inside of its answer for 300ms (read_timeout)",
        web.address
    );
    assert!(said.stderr.starts_with(&told), "{}", said.stderr);
}
