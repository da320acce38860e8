//! Several copies of a server behind a real nginx, set up as `examples/deploy/nginx.conf` says: what a
//! client sees of it, also when one copy is killed, and while one after the other is restarted.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::house::{COMMANDS, House, PATIENCE, answer, call, request};
use crate::support::client::{modern_meta, text};
use crate::support::server::{Server, Wire};
use crate::support::skip::skip;

/// An nginx of a test's own.
pub struct Nginx {
    child: Child,
    pub port: u16,
    pub client: reqwest::Client,
    folder: TempDir,
}

impl Nginx {
    /// `None` after saying that there is none. `locations` are the servers of a file like the example.
    pub fn start(sites: &str) -> Option<Self> {
        let program =
            ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists());
        let Some(program) = program else {
            skip("copies behind a proxy (there is no nginx; tests/run installs it)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a scratch folder");
        let port = free_port();
        let sites = sites.replace("listen PORT", &format!("listen 127.0.0.1:{port}"));
        let place = folder.path().display();
        let scratch: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
            .concat();
        let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
        let whole = format!(
            "{user}\ndaemon off;\nmaster_process off;\npid {place}/pid;\nerror_log {place}/error.log;\n\
             events {{ worker_connections 512; }}\nhttp {{\naccess_log {place}/access.log;\n{scratch}\n{sites}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, whole).expect("a file");
        let mut nginx = Command::new(program);
        nginx.arg("-c").arg(&file).arg("-p").arg(folder.path()).stderr(Stdio::inherit());
        let child = nginx.spawn().expect("nginx starts");
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(PATIENCE).build();
        Some(Self { child, port, client: client.expect("a client"), folder })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it has complained of.
    fn troubles(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    fn post(&self, message: &Value) -> reqwest::RequestBuilder {
        let sent = self.client.post(self.url("/mcp")).header("Content-Type", "application/json");
        sent.header("Accept", "application/json, text/event-stream").body(message.to_string())
    }

    /// A call of the newer era: the status, and the text that came of it.
    async fn call(&self, tool: &str, arguments: Value) -> (u16, String) {
        let mut message = call(1, tool, arguments);
        message["params"]["_meta"] = modern_meta();
        let sent = self.post(&message).header("MCP-Protocol-Version", "2026-07-28");
        let sent = sent.header("Mcp-Method", "tools/call").header("Mcp-Name", tool).send().await;
        let Ok(response) = sent else { return (0, "no answer".to_owned()) };
        let status = response.status().as_u16();
        if status != 200 {
            return (status, response.text().await.unwrap_or_default());
        }
        // A copy that is killed may cut its answer off.
        let Ok(body) = response.text().await else { return (0, "half an answer".to_owned()) };
        let last = body.lines().rev().find_map(|line| line.strip_prefix("data: ")).unwrap_or(&body);
        match serde_json::from_str::<Value>(last) {
            Ok(message) => (status, text(&message["result"]).to_owned()),
            Err(_) => (0, body),
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("its address").port()
}

/// One copy, at a port of its own that it has again when it is started anew.
struct Copy {
    name: &'static str,
    port: u16,
    more: &'static str,
    server: Server,
}

impl Copy {
    async fn start(name: &'static str, more: &'static str) -> Self {
        let port = free_port();
        Self { name, port, more, server: Self::run(name, port, more).await }
    }

    async fn run(name: &str, port: u16, more: &str) -> Server {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let where_ = format!(
            "  - {{ name: where, description: Which copy this is., script: echo, args: [{name}] }}\n"
        );
        let http =
            format!("server: {{ http: {{ legacy_sse: true, sessions: {{ copy: {name} }}, {more} }} }}\n");
        let file = format!("version: 1\n{COMMANDS}{where_}{http}");
        std::fs::write(folder.path().join("tools.yaml"), file).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.env_remove("PORT").arg("--config").arg(folder.path().join("tools.yaml"));
        command.args(["--server", "--port", &port.to_string()]);
        let mut server = Server::run(Wire::Pipes, folder, command);
        server.says("/mcp").await;
        server
    }

    /// Stops it as an init would, and starts another one in its place.
    async fn restart(&mut self) {
        self.server.signal(Signal::SIGTERM);
        let (status, _) = self.server.ended().await;
        assert!(status.success(), "{status}: {}", self.server.stderr());
        self.server = Self::run(self.name, self.port, self.more).await;
    }
}

/// The example, for copies at these ports and without the certificates.
fn sites(copies: [&Copy; 2]) -> String {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy/nginx.conf");
    let mut sites = std::fs::read_to_string(example).expect("the example");
    for (address, copy) in ["10.0.0.11:8080", "10.0.0.12:8080"].into_iter().zip(copies) {
        assert!(sites.contains(address));
        sites = sites.replace(address, &format!("127.0.0.1:{}", copy.port));
    }
    let plain = sites.lines().filter(|line| !line.trim_start().starts_with("ssl_"));
    plain.map(|line| line.replace("listen 443 ssl", "listen PORT") + "\n").collect()
}

async fn two(more: &'static str) -> Option<(Copy, Copy, Arc<Nginx>)> {
    let (a, b) = (Copy::start("a", more).await, Copy::start("b", more).await);
    let nginx = Nginx::start(&sites([&a, &b]))?;
    Some((a, b, Arc::new(nginx)))
}

#[tokio::test]
async fn clients_of_the_newer_era_ask_any_copy_and_sessions_stay_with_theirs() {
    let Some((_a, _b, nginx)) = two("").await else { return };
    let mut seen = BTreeSet::new();
    for _ in 0..12 {
        let (status, copy) = nginx.call("where", json!({})).await;
        assert_eq!(status, 200);
        seen.insert(copy);
    }
    assert_eq!(seen, BTreeSet::from(["a\n".to_owned(), "b\n".to_owned()]));
    let mut homes = BTreeSet::new();
    for _ in 0..6 {
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let opened = nginx.post(&request(0, "initialize", params)).send().await.unwrap();
        let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        let home = session.split('.').next().unwrap().to_owned();
        for id in 1..4 {
            let sent = nginx.post(&call(id, "where", json!({}))).header("Mcp-Session-Id", &session);
            assert_eq!(text(&answer(sent.send().await.unwrap()).await["result"]).trim(), home);
        }
        homes.insert(home);
    }
    assert_eq!(homes.len(), 2, "sessions begin at both copies");
    for _ in 0..4 {
        let opened = nginx.client.get(nginx.url("/sse")).header("Accept", "text/event-stream");
        let mut stream = opened.send().await.unwrap();
        let mut heard = String::new();
        while !heard.contains("sessionId=") || !heard.ends_with("\n\n") {
            heard.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
        }
        let endpoint = heard.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let sent = nginx.client.post(nginx.url(endpoint)).header("Content-Type", "application/json");
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(sent.body(note.to_string()).send().await.unwrap().status(), 202);
    }
}

#[tokio::test]
async fn progress_goes_through_when_it_is_there_and_a_client_that_goes_takes_its_call_with_it() {
    let Some((a, b, nginx)) = two("").await else { return };
    let mut message = call(1, "hang", json!({}));
    message["params"]["_meta"] = modern_meta();
    let sent = nginx.post(&message).header("MCP-Protocol-Version", "2026-07-28");
    let begun = Instant::now();
    let response = sent.header("Mcp-Method", "tools/call").header("Mcp-Name", "hang").send().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "the head goes through");
    let folders = [a.server.folder.path(), b.server.folder.path()];
    let pids = loop {
        let found = folders.iter().find(|folder| folder.join("ready").exists());
        if let Some(folder) = found {
            break std::fs::read_to_string(folder.join("hanging")).unwrap();
        }
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    drop(response);
    super::house::until("the tree is gone", || {
        !pids.lines().any(|pid| crate::support::server::is_alive(pid.parse().unwrap()))
    })
    .await;
}

/// Calls, a few at a time, until it is told to stop; gives what went wrong and how many went well.
struct Load {
    over: Arc<AtomicBool>,
    callers: Vec<tokio::task::JoinHandle<(usize, Vec<String>)>>,
}

const CALLERS: usize = 6;

impl Load {
    fn begin(nginx: &Arc<Nginx>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let callers = (0..CALLERS).map(|caller| {
            let (nginx, over) = (Arc::clone(nginx), Arc::clone(&over));
            tokio::spawn(async move {
                let (mut well, mut wrong) = (0, Vec::new());
                while !over.load(Ordering::SeqCst) {
                    let slow = caller % 2 == 0;
                    let done = if slow {
                        nginx.call("slow", json!({ "seconds": 0.2 })).await
                    } else {
                        nginx.call("echo", json!({ "what": "x" })).await
                    };
                    let expected = if slow { "started\ndone\n" } else { "x\n" };
                    match done {
                        (200, said) if said == expected => well += 1,
                        (status, said) => wrong.push(format!("{status}: {said}")),
                    }
                }
                (well, wrong)
            })
        });
        Self { callers: callers.collect(), over }
    }

    async fn end(self) -> (usize, Vec<String>) {
        self.over.store(true, Ordering::SeqCst);
        let (mut well, mut wrong) = (0, Vec::new());
        for caller in self.callers {
            let (more, other) = caller.await.unwrap();
            well += more;
            wrong.extend(other);
        }
        (well, wrong)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_copy_after_the_other_is_restarted_and_no_call_is_lost() {
    for more in ["", "notice: 300ms"] {
        let Some((mut a, mut b, nginx)) = two(more).await else { return };
        let load = Load::begin(&nginx);
        for _ in 0..2 {
            for copy in [&mut a, &mut b] {
                tokio::time::sleep(Duration::from_millis(300)).await;
                copy.restart().await;
                // Until the proxy tries it again.
                tokio::time::sleep(Duration::from_millis(1200)).await;
            }
        }
        let (well, wrong) = load.end().await;
        assert!(well > 20 && wrong.is_empty(), "{more}: {well} went well, {wrong:?}\n{}", nginx.troubles());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_killed_takes_its_running_calls_with_it_and_no_others() {
    let Some((mut a, _b, nginx)) = two("").await else { return };
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let session = loop {
        let opened = nginx.post(&request(0, "initialize", params.clone())).send().await.unwrap();
        let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        if session.starts_with("a.") {
            break session;
        }
    };
    let load = Load::begin(&nginx);
    tokio::time::sleep(Duration::from_millis(500)).await;
    a.server.signal(Signal::SIGKILL);
    a.server.ended().await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (well, wrong) = load.end().await;
    assert!(well > 10 && wrong.len() <= CALLERS, "{well} went well, {wrong:?}");
    let lost = nginx.post(&call(1, "where", json!({}))).header("Mcp-Session-Id", &session);
    assert_eq!(lost.send().await.unwrap().status(), 404, "its client begins anew");
    assert_eq!(nginx.call("where", json!({})).await, (200, "b\n".to_owned()));
}

#[tokio::test]
async fn without_a_name_copies_are_as_before() {
    let house = House::start(COMMANDS).await;
    assert!(!house.initialize().await.contains('.'));
    assert_eq!(house.request(Method::GET, "/readyz").send().await.unwrap().status(), 200);
}
