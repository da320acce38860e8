//! Proxies that the file names: what they are asked for, and what they never are.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::get;
use crate::support::program::mcpfier;
use crate::support::web::{Web, answer, reply, send};

#[test]
fn a_plain_call_is_handed_to_the_proxy() {
    let web = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"direct")));
    let proxy = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"proxied")));
    let keys = format!(", proxy: \"{}\"", proxy.url());
    assert_eq!(
        mcpfier(&["call", "get"]).tools(&get(&format!("{}/x", web.url()), &keys)).run().stdout,
        "proxied"
    );
    assert_eq!(proxy.heard()[0].target, format!("{}/x", web.url()));
    assert!(web.heard().is_empty());
    let plan = mcpfier(&["--dry-run", "get"]).tools(&get(&web.url(), &keys)).run().stdout;
    assert!(plan.contains(&format!("--proxy {}", proxy.url())), "{plan}");
}

#[test]
fn the_proxy_of_all_commands_can_be_left_out() {
    let web = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"direct")));
    let proxy = Web::start(|_, stream| reply(stream, &answer("200 OK", &[], b"proxied")));
    for (keys, expected) in [("", "proxied"), (", proxy: none", "direct")] {
        let tools = get(&web.url(), keys)
            .replace("commands:", &format!("defaults: {{ proxy: \"{}\" }}\ncommands:", proxy.url()));
        assert_eq!(mcpfier(&["call", "get"]).tools(&tools).run().stdout, expected);
    }
}

#[test]
fn a_private_address_is_not_asked_of_a_proxy() {
    let proxy = Web::start(|_, stream| {
        reply(stream, &answer("302 Found", &[("Location", "http://169.254.169.254/latest/")], b""));
    });
    let tools = get("http://shop.example.com/", &format!(", proxy: \"{}\"", proxy.url()));
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
    assert!(said.stderr.contains("`169.254.169.254` leads to the private address"), "{}", said.stderr);
    let tools =
        tools.replace(", allow_private: true", "").replace("shop.example.com", "localhost.localdomain");
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let asked = proxy.heard().len();
    assert_eq!(asked, 1);
    if hosts.contains("localhost.localdomain") {
        let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
        assert!(said.stderr.contains("leads to the private address"), "{}", said.stderr);
        assert_eq!(proxy.heard().len(), asked);
    }
}

#[test]
fn a_proxy_that_is_none_is_told() {
    for (proxy, told) in [
        ("socks5://a.example.com", "begins with `https://` or `http://`"),
        ("http://a.example.com/path", "a proxy has no path"),
        ("http://me:pw@a.example.com", "user names and passwords have no place in a URL"),
    ] {
        let tools = get("https://shop.example.com", &format!(", proxy: \"{proxy}\""));
        let said = mcpfier(&["--validate"]).tools(&tools).ends_with(3).run();
        assert!(
            said.stderr.contains("error[E0233]") && said.stderr.contains(told),
            "{proxy}: {}",
            said.stderr
        );
    }
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let tools = get("http://127.0.0.1:1/", &format!(", proxy: \"http://{closed}\""));
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
    assert!(said.stderr.starts_with("mcpfier: no answer: "), "{}", said.stderr);
}

/// Goes between: hears what it is asked to reach, and lets both speak.
pub fn tunnels() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let ears = Arc::clone(&ears);
            std::thread::spawn(move || tunnel(stream, &ears));
        }
    });
    (address, asked)
}

fn tunnel(mut near: TcpStream, ears: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && near.read(&mut byte).is_ok_and(|count| count > 0) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let Some(target) = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else { return };
    ears.lock().expect("nobody panicked with it").push(target.to_owned());
    let Ok(mut far) = TcpStream::connect(target) else {
        send(&mut near, b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
        return;
    };
    send(&mut near, b"HTTP/1.1 200 Connected\r\n\r\n");
    let (mut near_in, mut far_in) = (near.try_clone().expect("a socket"), far.try_clone().expect("a socket"));
    let there = std::thread::spawn(move || {
        let _ = std::io::copy(&mut near_in, &mut far_in);
        let _ = far_in.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut far, &mut near);
    let _ = near.flush();
    let _ = near.shutdown(std::net::Shutdown::Both);
    let _ = there.join();
}
