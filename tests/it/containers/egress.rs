//! A container that may reach a few destinations: what comes through and what does not, tried from
//! inside with the programs that are there.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use mcpfier::model::{Destination, DestinationHost, HostName, Network};
use mcpfier::runner::End;
use tokio_util::sync::CancellationToken;

use super::{Bench, LONG, first_words, shell, to_the_end};

/// A server of this host, on a thread of its own for each connection.
struct Server {
    at: SocketAddr,
    /// What came first on each connection.
    said: Receiver<String>,
}

/// Sees one connection through, of which this is what was said first.
type Serve = fn(first: &[u8], stream: &mut TcpStream);

fn server(serve: Serve) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (tell, said) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), tell) = (stream, tell.clone()) else { continue };
            std::thread::spawn(move || {
                let mut first = vec![0; 4096];
                let count = stream.read(&mut first).unwrap_or_default();
                first.truncate(count);
                let _ = tell.send(String::from_utf8_lossy(&first).into_owned());
                serve(&first, &mut stream);
            });
        }
    });
    Server { at, said }
}

/// Answers any request of HTTP with a word.
fn web(_first: &[u8], stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n");
}

fn entry(host: &str, port: u16, private: bool) -> Destination {
    let host = match (host.strip_prefix("*."), HostName::parse(host)) {
        (Some(below), _) => DestinationHost::Below(below.to_owned()),
        (None, Ok(HostName::Name(name))) => DestinationHost::Name(name),
        (None, Ok(HostName::Address(address))) => DestinationHost::Address(address),
        (None, Err(problem)) => panic!("{problem}"),
    };
    Destination { host, port, private }
}

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

impl Bench {
    fn may_reach(self, list: &[Destination], hosts: &[(&str, Ipv4Addr)]) -> Self {
        let mut list = list.to_vec();
        list.sort();
        self.with(|plan| {
            plan.network = Network::Only(list);
            plan.hosts = hosts.iter().map(|(name, at)| ((*name).to_owned(), (*at).into())).collect();
        })
    }
}

/// A line of the shell that says this to the proxy and prints what it answers.
fn by_proxy(said: &str) -> String {
    format!("printf '{said}' | nc 127.77.0.1 3128 2>&1")
}

/// Sends back whatever comes.
fn echo(first: &[u8], stream: &mut TcpStream) {
    let _ = stream.write_all(first);
    let _ = std::io::copy(&mut stream.try_clone().unwrap(), stream);
    let _ = stream.shutdown(std::net::Shutdown::Write);
}

#[tokio::test]
async fn a_name_is_reached_by_programs_that_know_no_proxy() {
    let server = server(echo);
    let port = server.at.port();
    let script =
        format!("head -c 16777216 /dev/zero | nc db.test {port} | tee /dev/stderr 2>/dev/null | wc -c");
    let Some(bench) = shell(&script) else { return };
    let ran = bench.may_reach(&[entry("db.test", port, false)], &[("db.test", HERE)]).run().await;
    ran.says("16777216\n");
    assert_eq!(ran.stderr, "");
}

#[tokio::test]
async fn a_name_below_one_is_reached_by_a_tunnel() {
    let server = server(echo);
    let port = server.at.port();
    let tunnel = "HTTP/1.1 200 Connection established\r\n\r\n";
    let script = format!(
        "{{ printf 'CONNECT a.db.test:{port} HTTP/1.1\\r\\n\\r\\n'; head -c 16777216 /dev/zero; }} | nc 127.77.0.1 3128 | wc -c"
    );
    let Some(bench) = shell(&script) else { return };
    let ran = bench.may_reach(&[entry("*.db.test", port, false)], &[("a.db.test", HERE)]).run().await;
    ran.says(&format!("{}\n", 16_777_216 + tunnel.len()));
    assert_eq!(ran.stderr, "");
}

#[tokio::test]
async fn a_request_goes_to_the_host_that_was_judged_and_alone() {
    let server = server(web);
    let port = server.at.port();
    let two = format!(
        "GET http://db.test:{port}/x HTTP/1.1\\r\\nHost: evil.example\\r\\nConnection: keep-alive\\r\\n\\r\\n\
         GET http://evil.example/ HTTP/1.1\\r\\nHost: evil.example\\r\\n\\r\\n"
    );
    let Some(bench) = shell(&by_proxy(&two)) else { return };
    let ran = bench.may_reach(&[entry("db.test", port, false)], &[("db.test", HERE)]).run().await;
    assert!(ran.text().ends_with("\r\n\r\nhello\n"), "{ran:?}");
    assert_eq!(ran.text().matches("HTTP/1.1").count(), 1, "{ran:?}");
    let said = server.said.recv().unwrap();
    assert_eq!(said, format!("GET /x HTTP/1.1\r\nHost: db.test:{port}\r\nConnection: close\r\n\r\n"));
}

/// Tries a way out, and says which it was if it led somewhere.
fn attempt(way: &str, line: &str) -> String {
    format!("{line} 2>/dev/null | grep -q hello && echo '{way} leads out'; ")
}

#[tokio::test]
async fn nothing_else_is_reached_in_any_way() {
    // Answers before it is asked, whatever it is asked.
    let server = server(web);
    let port = server.at.port();
    let own: Vec<String> = own_addresses();
    let mut script = String::new();
    let names = ["127.0.0.1", "[::1]", "localhost", "0.0.0.0", "db.test.", "evil.example", "169.254.169.254"];
    for name in names.into_iter().map(str::to_owned).chain(own.iter().cloned()) {
        let direct = name.trim_matches(['[', ']']);
        script += &attempt(&format!("{name} directly"), &format!("echo x | timeout 3 nc {direct} {port}"));
        let tunnel = format!("CONNECT {name}:{port} HTTP/1.1\\r\\n\\r\\nGET / HTTP/1.0\\r\\n\\r\\n");
        script += &attempt(&format!("{name} by a tunnel"), &by_proxy(&tunnel));
        let request = format!("GET http://{name}:{port}/ HTTP/1.1\\r\\nHost: db.test\\r\\n\\r\\n");
        script += &attempt(&format!("{name} by a request"), &by_proxy(&request));
    }
    for target in [
        format!("db.test@127.0.0.1:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f.1:{port}"),
        format!("127.1:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
    ] {
        script += &attempt(&target, &by_proxy(&format!("CONNECT {target} HTTP/1.1\\r\\n\\r\\nx")));
    }
    script += &attempt(
        "origin form",
        &by_proxy(&format!("GET / HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n")),
    );
    script += "echo tried";
    let Some(bench) = shell(&script) else { return };
    // The right name with another port, and nothing below it.
    let ran = bench.may_reach(&[entry("db.test", 1, true)], &[("db.test", HERE)]).run().await;
    ran.says("tried\n");
    assert!(server.said.try_recv().is_err(), "somebody came");
    let denied =
        |what: &str| format!("mcpfier: denied `{what}:{port}`, which `network.allow` does not list\n");
    for what in ["127.0.0.1", "[::1]", "localhost", "db.test", "evil.example", "169.254.169.254"] {
        assert!(ran.stderr.contains(&denied(what)), "{what}: {}", ran.stderr);
        assert_eq!(ran.stderr.matches(&denied(what)).count(), 1);
    }
}

/// Addresses of this machine that others see.
fn own_addresses() -> Vec<String> {
    let found = std::process::Command::new("hostname").arg("-I").output();
    let text = found.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let bracketed =
        |address: &str| if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    text.split_whitespace().map(bracketed).chain(["172.17.0.1".to_owned()]).collect()
}

#[tokio::test]
async fn a_name_that_leads_to_this_host_is_refused_unless_its_entry_says_so() {
    let server = server(web);
    let port = server.at.port();
    let request = format!("GET http://localhost:{port}/ HTTP/1.1\\r\\n\\r\\n");
    let Some(bench) = shell(&by_proxy(&request)) else { return };
    let bench = bench.may_reach(&[entry("localhost", port, false)], &[]);
    let ran = bench.run().await;
    assert!(ran.text().starts_with("HTTP/1.1 403 Forbidden\r\n"), "{ran:?}");
    assert!(ran.text().contains("leads to the private address"), "{ran:?}");
    assert!(ran.stderr.contains("its entry lacks `private: true`\n"), "{ran:?}");
    assert!(server.said.try_recv().is_err(), "somebody came");
    let ran = bench.may_reach(&[entry("localhost", port, true)], &[]).run().await;
    assert!(ran.text().ends_with("hello\n"), "{ran:?}");
}

#[tokio::test]
async fn names_are_answered_here_and_asked_nowhere() {
    let script = "nslookup db.test | grep -c 127.77.1.1; \
                  for name in evil.example secret.evil.example a.allowed.test; do nslookup $name >/dev/null 2>&1 && echo $name is known; done; \
                  cat /etc/resolv.conf";
    let Some(bench) = shell(script) else { return };
    let list = [entry("db.test", 5432, false), entry("*.allowed.test", 443, false)];
    let ran = bench.may_reach(&list, &[]).run().await;
    ran.says("1\nnameserver 127.77.0.1\n");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "mcpfier: the name `evil.example` is not resolved: `network.allow` does not list it",
            "mcpfier: the name `secret.evil.example` is not resolved: `network.allow` does not list it",
            "mcpfier: the name `a.allowed.test` is not resolved: it is reached by the proxy only",
        ]
    );
}

#[tokio::test]
async fn what_is_told_holds_nothing_that_the_container_made_up() {
    let script = by_proxy("CONNECT \\033[31mred\\nmcpfier: all is well:1 HTTP/1.1\\r\\n\\r\\n");
    let Some(bench) = shell(&format!("{script} >/dev/null")) else { return };
    let ran = bench.may_reach(&[entry("db.test", 1, false)], &[]).run().await;
    assert_eq!(
        ran.stderr,
        "mcpfier: a request to the proxy was refused: it is no request of HTTP/1.0 or 1.1\n"
    );
}

#[tokio::test]
async fn many_attempts_are_counted() {
    let said = "CONNECT x$number.example:443 HTTP/1.1\\r\\n\\r\\n";
    let script =
        format!("for number in $(seq 50); do {} >/dev/null; done", by_proxy(said).replace('\'', "\""));
    let Some(bench) = shell(&script) else { return };
    let ran = bench.may_reach(&[entry("db.test", 1, false)], &[]).run().await;
    assert_eq!(ran.stderr.lines().count(), 21, "{}", ran.stderr);
    assert!(ran.stderr.ends_with("mcpfier: 30 other attempts were in vain\n"), "{}", ran.stderr);
}

#[tokio::test]
async fn two_hundred_connections_at_once_all_come_through() {
    let server = server(echo);
    let port = server.at.port();
    // All of them are open before the first says anything.
    let script = format!(
        "for number in $(seq 200); do {{ sleep 2; echo word $number; }} | nc db.test {port} & done >/tmp/said; wait; sort -u /tmp/said | wc -l"
    );
    let Some(bench) = shell(&script) else { return };
    let bench = bench.may_reach(&[entry("db.test", port, false)], &[("db.test", HERE)]).with(|plan| {
        plan.limits.pids = Some(1000);
        plan.limits.memory = Some(mcpfier::model::ByteSize::mib(512));
    });
    let ran = bench.run().await;
    ran.says("200\n");
    assert_eq!(server.said.try_iter().count(), 200);
}

#[tokio::test]
async fn a_head_without_end_is_refused_and_one_that_does_not_come_holds_nobody() {
    let server = server(web);
    let port = server.at.port();
    let script = format!(
        "for number in $(seq 20); do sleep 60 | nc 127.77.0.1 3128 & done; \
         {{ printf 'GET http://db.test/ HTTP/1.1\\r\\nA: '; head -c 1000000 /dev/zero; }} | nc 127.77.0.1 3128 | head -n 1; \
         {} | tail -n 1",
        by_proxy(&format!("GET http://db.test:{port}/ HTTP/1.1\\r\\n\\r\\n"))
    );
    let Some(bench) = shell(&script) else { return };
    let ran = bench.may_reach(&[entry("db.test", port, false)], &[("db.test", HERE)]).run().await;
    ran.says("HTTP/1.1 400 Bad Request\r\nhello\n");
}

#[tokio::test]
async fn what_nobody_answers_at_is_told_to_whoever_called() {
    // Every user may listen at any port in the container.
    let Some(bench) = shell("echo x | nc db.test 1; nc db.test 2; true") else { return };
    let ran = bench.may_reach(&[entry("db.test", 1, false)], &[("db.test", HERE)]).run().await;
    assert!(ran.stderr.contains("mcpfier: `db.test:1` is not reached: connection refused\n"), "{ran:?}");
    assert!(ran.stderr.contains("can't connect to remote host (127.77.1.1): Connection refused"), "{ran:?}");
}

#[tokio::test]
async fn the_images_own_words_run_and_its_first_process_is_the_program() {
    let Some(bench) = super::bench(&[]) else { return };
    bench.may_reach(&[entry("db.test", 1, false)], &[]).run().await.says("the words of the image\n");
    let Some(bench) = super::bench(&["cat", "/proc/1/cmdline"]) else { return };
    let ran = bench.may_reach(&[entry("db.test", 1, false)], &[]).run().await;
    ran.says("cat\0/proc/1/cmdline\0");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    for (program, told) in [
        ("no-such-program", "there is no `no-such-program` in the image `mcpfier-test/busybox:1`"),
        ("/bin/locked", "`/bin/locked` of the image `mcpfier-test/busybox:1` cannot be executed"),
    ] {
        let Some(bench) = super::bench(&[program]) else { return };
        let failure = bench.may_reach(&[entry("db.test", 1, false)], &[]).failure().await.to_string();
        assert!(failure.starts_with(told), "{failure}");
    }
}

/// The folders with doors of a container.
fn folders(container: &str) -> usize {
    let places = ["/dev/shm", "/tmp"].map(|place| std::fs::read_dir(place).unwrap());
    let names = places.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.ends_with(&format!("+doors-{container}"))).count()
}

#[tokio::test]
async fn nothing_stays_behind_however_it_ends() {
    let Some(bench) = shell("echo up; sleep 60 | nc db.test 1; sleep 60") else { return };
    let bench = bench.may_reach(&[entry("db.test", 1, false)], &[("db.test", HERE)]);
    for is_cancelled in [true, false] {
        let cancel = CancellationToken::new();
        let mut running = bench.start(cancel.clone()).await;
        first_words(&mut running).await;
        let name = bench.inspected()["Name"].as_str().unwrap().trim_start_matches('/').to_owned();
        assert_eq!(folders(&name), 1);
        if is_cancelled {
            cancel.cancel();
            assert_eq!(to_the_end(&mut running).await.end, End::Cancelled);
        } else {
            drop(running);
        }
        bench.assert_nothing_left().await;
        wait_until(|| folders(&name) == 0).await;
    }
    let bench = bench.with(|plan| plan.timeout = Duration::from_secs(2));
    assert!(matches!(bench.run().await.end, End::TimedOut { .. }));
}

async fn wait_until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "it never happens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn files_are_there_beside_the_doors() {
    let Some(bench) = shell("cat /run/file; id -u; grep CapEff /proc/self/status") else { return };
    let ran = bench
        .may_reach(&[entry("db.test", 80, false)], &[])
        .with(|plan| plan.files = vec![("/run/file".to_owned(), super::known("text\n"))])
        .run()
        .await;
    ran.says("text\n65534\nCapEff:\t0000000000000000\n");
}

#[tokio::test]
async fn a_container_made_ahead_has_its_doors_open_for_its_call() {
    let server = server(echo);
    let port = server.at.port();
    let script = format!(
        "tr '\\0' ' ' < /proc/1/cmdline; echo word | nc db.test {port}; nslookup evil.example >/dev/null 2>&1; true"
    );
    let Some(bench) = shell(&script) else { return };
    let bench = bench.may_reach(&[entry("db.test", port, false)], &[("db.test", HERE)]).warmed(1).await;
    for _ in 0..2 {
        bench.until_there_wait(1).await;
        let ran = to_the_end(&mut bench.start(CancellationToken::new()).await).await;
        ran.says("/.mcpfier/init doors word\n");
        let told = "mcpfier: the name `evil.example` is not resolved: `network.allow` does not list it\n";
        assert_eq!(ran.stderr, told);
    }
    bench.shut_down().await;
}

#[tokio::test]
async fn an_engine_of_another_host_is_refused() {
    let Some(engine) = crate::support::engine::engine() else { return };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("tcp://{}", listener.local_addr().unwrap());
    let path = engine.host.strip_prefix("unix://").expect("a socket of this host").to_owned();
    let lead = tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let mut to = tokio::net::UnixStream::connect(&path).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
        }
    });
    let environment = mcpfier::plan::Environment::from([("DOCKER_HOST".to_owned(), host)]);
    let bench = Bench::on(engine, environment.into(), &["/bin/true"]);
    let told = bench.may_reach(&[entry("db.test", 1, false)], &[]).failure().await.to_string();
    lead.abort();
    assert_eq!(
        told,
        "`network: { allow }` cannot be kept: the engine is on another host, and connections are made by this one"
    );
}
