//! Many clients for a while, with files that are saved and servers that are exchanged under them: no call is
//! lost, and nothing grows.
//!
//! A few seconds of it in every run; as many as `MCPFIER_SOAK_SECONDS` says in those of the night.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::house::{House, PATIENCE, call, messages, request};
use crate::support::client::{modern_meta, text};
use crate::support::server::{Server, Wire};

const FILE: &str = r#"version: 1
server: { drain: 30s, http: { limits: { header_timeout: 5s, stall_timeout: 2s } } }
audit: { file: audit.jsonl, checkpoint: { every: 500, key: audit.key } }
commands:
  - name: note
    description: Notes that it has run, and says so.
    shell: sh
    run: echo "$PARAM_which" >>notes; sleep 0.0"$PARAM_pause"; echo "noted $PARAM_which"
    params: { which: { type: string, pattern: "[a-z0-9-]+" }, pause: { type: integer, minimum: 0, maximum: 9 } }
  - name: hang
    description: Until somebody ends it.
    script: sleep
    args: ["1000"]
"#;

/// What clients do and what comes of it.
#[derive(Default)]
struct Tally {
    over: AtomicBool,
    answered: AtomicUsize,
    /// Asked where nobody took it: between two servers.
    refused: AtomicUsize,
    left: AtomicUsize,
    strange: std::sync::Mutex<Vec<String>>,
}

impl Tally {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::SeqCst)
    }

    fn is_strange(&self, what: String) {
        self.strange.lock().unwrap().push(what);
    }
}

fn seconds() -> u64 {
    std::env::var("MCPFIER_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

/// A client that keeps its connection and asks again and again. Nobody's call may be lost: each is answered,
/// or was not taken.
async fn work(tally: Arc<Tally>, address: SocketAddr, name: usize, is_modern: bool) -> Vec<String> {
    let client = Client::builder().timeout(PATIENCE).build().unwrap();
    let (mut done, mut session, mut number) = (Vec::new(), None, 0);
    while tally.goes_on() {
        if !is_modern && session.is_none() {
            session = open(&client, address).await;
            continue;
        }
        number += 1;
        let which = format!("{name}-{number}");
        let arguments = json!({ "which": which, "pause": number % 10 });
        let sent = match (is_modern, &session) {
            (true, _) => modern(&client, address, number, "note", arguments),
            (false, session) => {
                let session = session.clone().unwrap_or_default();
                post(&client, address, &call(number, "note", arguments)).header("Mcp-Session-Id", session)
            }
        };
        match sent.send().await {
            Ok(response) if response.status() == 200 => match said(response).await {
                Ok(said) if said == format!("noted {which}\n") => {
                    tally.answered.fetch_add(1, Ordering::SeqCst);
                    done.push(which);
                }
                other => tally.is_strange(format!("{which}: {other:?}")),
            },
            // The server that had the session is gone, or goes.
            Ok(response) if [404, 503].contains(&response.status().as_u16()) => {
                session = None;
                tally.refused.fetch_add(1, Ordering::SeqCst);
            }
            Ok(response) => tally.is_strange(format!("{which}: {}", response.status())),
            Err(_) => {
                session = None;
                tally.refused.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    done
}

async fn said(response: Response) -> Result<String, Value> {
    let message = messages(response).await.pop().unwrap_or_default();
    match &message["result"] {
        Value::Null => Err(message),
        result if result["isError"] == true => Err(message),
        result => Ok(text(result).to_owned()),
    }
}

fn post(client: &Client, address: SocketAddr, message: &Value) -> reqwest::RequestBuilder {
    let sent = client.post(format!("http://{address}/mcp")).header("Content-Type", "application/json");
    sent.header("Accept", "application/json, text/event-stream").body(message.to_string())
}

fn modern(
    client: &Client,
    address: SocketAddr,
    id: u32,
    tool: &str,
    arguments: Value,
) -> reqwest::RequestBuilder {
    let params = json!({ "name": tool, "arguments": arguments, "_meta": modern_meta() });
    post(client, address, &request(id, "tools/call", params))
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", tool)
}

async fn open(client: &Client, address: SocketAddr) -> Option<String> {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "soak", "version": "1" } });
    let opened = post(client, address, &request(0, "initialize", params)).send().await.ok()?;
    let session = opened.headers().get("mcp-session-id")?.to_str().ok()?.to_owned();
    opened.bytes().await.ok()?;
    Some(session)
}

/// A client that leaves in the middle, and one that talks nonsense.
async fn harm(tally: Arc<Tally>, address: SocketAddr) {
    let client = Client::builder().pool_max_idle_per_host(0).build().unwrap();
    while tally.goes_on() {
        let leaving = modern(&client, address, 1, "hang", json!({})).send();
        if let Ok(Ok(begun)) = tokio::time::timeout(Duration::from_millis(150), leaving).await {
            drop(begun);
            tally.left.fetch_add(1, Ordering::SeqCst);
        }
        if let Ok(mut stream) = TcpStream::connect(address) {
            let _ = std::io::Write::write_all(&mut stream, b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Le");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

struct Size {
    memory: usize,
    descriptors: usize,
    processes: usize,
}

fn size(server: &Server) -> Size {
    let pid = server.pid().to_string();
    let status = std::fs::read_to_string(Path::new("/proc").join(&pid).join("status")).expect("it is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    let kibibytes: usize =
        line.split_whitespace().next().and_then(|text| text.parse().ok()).expect("a number");
    let descriptors = std::fs::read_dir(Path::new("/proc").join(&pid).join("fd")).map_or(0, Iterator::count);
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    Size { memory: kibibytes << 10, descriptors, processes: children.split_whitespace().count() }
}

fn start(folder: &Path, port: u16) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").current_dir(folder).arg("--config").arg(folder.join("tools.yaml"));
    command.args(["--server", "--port", &port.to_string()]);
    Server::run(Wire::Pipes, tempfile::tempdir().unwrap(), command)
}

/// Saves the file with one more comment, or one more tool, so that it is another one.
fn save(folder: &Path, number: usize) {
    let more = format!("# saved {number} times\n");
    let tool = "  - { name: sometimes, description: Is there or not., script: \"true\" }\n";
    let text = if number.is_multiple_of(2) { format!("{FILE}{more}") } else { format!("{FILE}{tool}{more}") };
    std::fs::write(folder.join("next.yaml"), text).unwrap();
    std::fs::rename(folder.join("next.yaml"), folder.join("tools.yaml")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_and_nothing_grows_while_files_are_saved_and_servers_exchanged() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    let public = audit(folder, &["key", "--ed25519", "audit.key"]);
    std::fs::write(folder.join("audit.pub"), public).unwrap();
    save(folder, 0);
    let first = House::of(start(folder, 0)).await;
    let (mut server, address) = (first.server, first.address);
    let tally = Arc::new(Tally::default());
    let working = (0..8).map(|name| tokio::spawn(work(Arc::clone(&tally), address, name, name % 2 == 0)));
    let working: Vec<_> = working.collect();
    let harming = tokio::spawn(harm(Arc::clone(&tally), address));
    let lives = u32::try_from(seconds() / 120).unwrap_or_default().max(3);
    let life = Duration::from_secs(seconds()) / lives;
    let mut saved = 0;
    for number in 0..lives {
        let (born, mut early) = (Instant::now(), None);
        while born.elapsed() < life {
            tokio::time::sleep(Duration::from_millis(300)).await;
            saved += 1;
            save(folder, saved);
            if early.is_none() && born.elapsed() > life / 3 {
                early = Some(size(&server));
            }
        }
        let (early, late) = (early.expect("it lived"), size(&server));
        let said = format!("life {number}: {} then {} bytes", early.memory, late.memory);
        println!("{said}, {} then {} descriptors", early.descriptors, late.descriptors);
        assert!(late.memory < early.memory + (8 << 20), "{said}");
        assert!(
            late.descriptors < early.descriptors + 100,
            "{} then {}",
            early.descriptors,
            late.descriptors
        );
        assert!(late.processes < early.processes + 30, "{} then {}", early.processes, late.processes);
        if number + 1 < lives {
            server.signal(Signal::SIGTERM);
            let (status, _) = server.ended().await;
            assert!(status.success(), "{status}: {}", server.stderr());
            assert!(!server.stderr().contains("panicked"), "{}", server.stderr());
            server = start(folder, address.port());
            server.says("/mcp").await;
        }
    }
    tally.over.store(true, Ordering::SeqCst);
    let mut answered = Vec::new();
    for working in working {
        answered.append(&mut working.await.unwrap());
    }
    harming.await.unwrap();
    server.signal(Signal::SIGTERM);
    assert!(server.ended().await.0.success());
    judge(folder, &tally, answered, saved);
    judge_records(folder);
}

fn audit(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    let output = command.arg("audit").args(words).current_dir(folder).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The records are one chain over all servers, which the public key verifies, and each call that began ended.
fn judge_records(folder: &Path) {
    let verdict = audit(folder, &["verify", "audit.jsonl", "--public-key", "audit.pub"]);
    println!("{verdict}");
    assert!(verdict.contains("checkpoints signed: as they were written"), "{verdict}");
    let mut open = BTreeSet::new();
    for line in audit(folder, &["export", "audit.jsonl"]).lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let call = record["call"].as_str().unwrap_or_default().to_owned();
        match record["event"].as_str() {
            Some("call.began") => assert!(open.insert(call), "{record} began twice"),
            Some("call.ended") => assert!(open.remove(&call), "{record} ended without having begun"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{} calls have no end, as {:?}", open.len(), open.first());
}

/// Every call that was answered has run once, and every one that ran was answered.
fn judge(folder: &Path, tally: &Tally, answered: Vec<String>, saved: usize) {
    let strange = tally.strange.lock().unwrap();
    assert!(strange.is_empty(), "{} strange answers, as {:?}", strange.len(), strange.first());
    let mut ran: BTreeMap<String, usize> = BTreeMap::new();
    for which in std::fs::read_to_string(folder.join("notes")).unwrap_or_default().lines() {
        *ran.entry(which.to_owned()).or_default() += 1;
    }
    let twice: Vec<&String> = ran.iter().filter(|(_, times)| **times > 1).map(|(which, _)| which).collect();
    assert!(twice.is_empty(), "they ran more than once: {twice:?}");
    for which in &answered {
        assert!(ran.remove(which).is_some(), "`{which}` was answered and never ran");
    }
    assert!(ran.is_empty(), "{} calls ran whose answers are lost: {:?}", ran.len(), ran.keys().next());
    let (refused, left) = (tally.refused.load(Ordering::SeqCst), tally.left.load(Ordering::SeqCst));
    println!("{} calls, {refused} refused, {left} left, {saved} saves", answered.len());
    assert!(answered.len() > 20 && left > 0, "{} calls and {left} left", answered.len());
}
