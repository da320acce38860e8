//! Where records go besides a file: standard output, the log of the system, and who follows them.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use serde_json::{Value, json};
use sha2::Digest as _;

use super::{COMMANDS, fitting, recording};
use crate::server::house::{House, PATIENCE, answer, call};
use crate::support::server::Server;

#[tokio::test]
async fn standard_output_has_every_record_in_one_chain_and_nothing_else() {
    let mut house = House::start(&format!("audit: {{ stdout: true }}\n{COMMANDS}")).await;
    for who in ["ann", "ben", "eve"] {
        answer(house.plain(&call(1, "greet", json!({ "who": who }))).send().await.unwrap()).await;
    }
    house.server.signal(nix::sys::signal::Signal::SIGTERM);
    house.server.ended().await;
    let text = house.server.client.rest_as_text().await;
    let records = fitting(&text);
    let events: Vec<&str> = records.iter().filter_map(|record| record["event"].as_str()).collect();
    let each = ["call.began", "call.ended"];
    assert_eq!(events, [&["server.started"][..], &each, &each, &each, &["server.stopped"]].concat());
    let who: Vec<&Value> = records.iter().map(|record| &record["arguments"]["who"]).collect();
    assert_eq!([who[1], who[3], who[5]], [&json!("ann"), &json!("ben"), &json!("eve")]);
    let mut prev = "0".repeat(64);
    for (number, (line, record)) in text.lines().zip(&records).enumerate() {
        let content = line.split_once(r#","hash":""#).unwrap().0;
        let digest: String = sha2::Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((record["seq"].as_u64(), &record["prev"]), (Some(number as u64 + 1), &json!(prev)));
        assert_eq!(record["hash"], digest);
        prev = digest;
    }
}

/// The record in the next datagram.
fn next(socket: &UnixDatagram) -> Value {
    let mut bytes = vec![0; 1 << 16];
    let length = socket.recv(&mut bytes).expect("a datagram");
    let message = std::str::from_utf8(&bytes[..length]).unwrap();
    assert!(message.starts_with("<158>") && message.contains(" tools["), "{message}");
    fitting(message.split_once("]: ").unwrap().1).remove(0)
}

fn listening(path: &Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

#[tokio::test]
async fn a_call_that_the_log_of_the_system_does_not_take_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sock");
    let socket = listening(&path);
    let syslog = format!("{{ syslog: {{ socket: {}, facility: local3, tag: tools }} }}", path.display());
    let mut server = Server::start(&format!("audit: {syslog}\n{COMMANDS}"));
    server.client.initialize().await;
    let who = json!({ "who": "x" });
    assert_eq!(server.client.call(1, "greet", who.clone()).await["isError"], false);
    let events: Vec<Value> = (0..3).map(|_| next(&socket)["event"].clone()).collect();
    assert_eq!(events, ["server.started", "call.began", "call.ended"]);

    drop(socket);
    std::fs::remove_file(&path).unwrap();
    let refused = server.client.call(2, "greet", who.clone()).await;
    let text = refused["content"][0]["text"].as_str().unwrap();
    assert!(
        refused["isError"] == true && text.contains("`greet` is not run, because calls cannot be"),
        "{text}"
    );
    assert!(text.contains("the log of the system at"), "{text}");

    let socket = listening(&path);
    assert_eq!(server.client.call(3, "greet", who).await["isError"], false);
    let first = next(&socket);
    assert_eq!(
        (&first["event"], first["lost"].as_u64().is_some_and(|lost| lost > 0)),
        (&json!("log.gap"), true)
    );
    assert_eq!(
        (next(&socket)["event"].clone(), next(&socket)["event"].clone()),
        (json!("call.began"), json!("call.ended"))
    );

    let said = recording(&["greet", "who=x"], "{ syslog: { socket: /nowhere/log } }").ends_with(6).run();
    assert!(
        said.stdout.is_empty() && said.stderr.contains("the log of the system at `/nowhere/log`"),
        "{}",
        said.stderr
    );
    recording(&["greet", "who=x"], "{ syslog: { socket: /nowhere/log }, on_failure: warn }").may_talk().run();
}

/// `audit tail --follow`, until it is dropped.
struct Follower {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Follower {
    fn of(log: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.args(["audit", "tail", "--follow", "--json", "-n", "1000"]).arg(log).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.unwrap())));
        Self { child, lines }
    }

    /// Numbers of records up to this one.
    fn numbers(&self, last: u64) -> Vec<u64> {
        let (mut numbers, begun) = (Vec::new(), Instant::now());
        while numbers.last() != Some(&last) {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let line =
                self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no {last} after {numbers:?}"));
            numbers.push(serde_json::from_str::<Value>(&line).unwrap()["seq"].as_u64().unwrap());
        }
        numbers
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn who_follows_a_log_sees_each_record_once_however_often_files_are_put_aside() {
    let audit = "{ file: audit.jsonl, rotate: { size: 16KiB, keep: 50 } }";
    let house = House::start(&format!("audit: {audit}\n{COMMANDS}")).await;
    let log = house.server.folder.path().join("audit.jsonl");
    let greet = async |times: usize| {
        for _ in 0..times {
            let message = call(1, "greet", json!({ "who": "x".repeat(500) }));
            answer(house.plain(&message).send().await.unwrap()).await;
        }
    };
    greet(1).await;
    let follower = Follower::of(&log);
    assert_eq!(follower.numbers(2), [1, 2]);
    // Many more than go into one file, faster than somebody looks.
    greet(100).await;
    let records = super::until(&house, "call.ended", 1).await;
    let last = records.last().unwrap()["seq"].as_u64().unwrap();
    let files = std::fs::read_dir(house.server.folder.path()).unwrap().flatten();
    let aside = files.filter(|file| file.file_name().to_string_lossy().starts_with("audit.jsonl.0")).count();
    assert!(aside > 2, "{aside}");
    assert_eq!(follower.numbers(last), (3..=last).collect::<Vec<_>>());
}
