//! Sessions that copies share in a real Redis: any copy serves any request, and no copy is needed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::copies::{Nginx, free_port};
use super::house::{COMMANDS, House, PATIENCE, answer, call, request, until};
use crate::asking::house::next;
use crate::support::certificates::make_certificates;
use crate::support::client::text;
use crate::support::server::{STATE, Server, Wire, is_alive};
use crate::support::skip::skip;

const ANN: &str = "a-key-of-ann-that-is-long";
const BOB: &str = "a-key-of-bob-that-is-long";

/// A Redis of a test's own.
struct Redis {
    child: Option<Child>,
    port: u16,
    /// It speaks nothing but TLS.
    has_tls: bool,
    folder: TempDir,
}

impl Redis {
    fn start() -> Option<Self> {
        Self::start_with(false)
    }

    fn start_with_tls() -> Option<Self> {
        Self::start_with(true)
    }

    fn start_with(has_tls: bool) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let mut redis = Self { child: None, port: free_port(), has_tls, folder };
        if has_tls {
            make_certificates(redis.folder.path());
        }
        if !redis.run() {
            skip("sessions in Redis (there is no redis-server; tests/run installs it)");
            return None;
        }
        Some(redis)
    }

    fn run(&mut self) -> bool {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        if self.has_tls {
            command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
            for (flag, file) in [
                ("--tls-cert-file", "server.pem"),
                ("--tls-key-file", "server.key"),
                ("--tls-ca-cert-file", "ca.pem"),
            ] {
                command.arg(flag).arg(self.file(file));
            }
        } else {
            command.args(["--port", &port]);
        }
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--requirepass", "a-password"]).stdout(Stdio::null());
        let Ok(child) = command.spawn() else { return false };
        self.child = Some(child);
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "Redis does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn ask(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let mut command = Command::new("redis-cli");
        if self.has_tls {
            command.arg("--tls").arg("--cacert").arg(self.file("ca.pem"));
        }
        let asked = command.args(["-p", &port, "-a", "a-password"]).args(words).output();
        String::from_utf8(asked.expect("redis-cli comes with it").stdout).expect("text")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn copy(redis: &Redis, more: &str) -> House {
    House::start(&file(&format!("redis://:a-password@127.0.0.1:{}", redis.port), more)).await
}

fn file(store: &str, more: &str) -> String {
    let keys = format!("auth: {{ api_keys: [{{ name: ann, key: {ANN} }}, {{ name: bob, key: {BOB} }}] }}");
    let store = format!("sessions: {{ store: \"{store}\" }}");
    format!("{COMMANDS}\nserver: {{ http: {{ {store}, {keys}{more} }} }}\n")
}

/// A copy that believes this authority.
async fn copy_over_tls(redis: &Redis, authority: &str, password: &str) -> House {
    let folder = tempfile::tempdir().unwrap();
    let text = file(&format!("rediss://:{password}@127.0.0.1:{}", redis.port), "");
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{text}")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").env("XDG_STATE_HOME", STATE).env("SSL_CERT_FILE", redis.file(authority));
    command.arg("--config").arg(folder.path().join("tools.yaml")).args(["--server", "--port", "0"]);
    House::of(Server::run(Wire::Pipes, folder, command)).await
}

async fn opened(house: &House) -> String {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let opened = house.post(&request(0, "initialize", params)).header("X-API-Key", ANN).send().await.unwrap();
    opened.headers()["mcp-session-id"].to_str().unwrap().to_owned()
}

fn within(session: &str, key: &'static str, sent: RequestBuilder) -> RequestBuilder {
    sent.header("Mcp-Session-Id", session).header("X-API-Key", key)
}

async fn status(house: &House, session: &str, key: &'static str) -> u16 {
    let ping = within(session, key, house.post(&request(1, "ping", json!({}))));
    ping.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_session_is_its_owners_at_every_copy_until_it_ends_at_one() {
    let Some(redis) = Redis::start() else { return };
    let (a, b) = (copy(&redis, "").await, copy(&redis, "").await);
    let session = opened(&a).await;
    let said = within(&session, ANN, b.post(&call(1, "echo", json!({ "what": "over there" }))));
    assert_eq!(text(&answer(said.send().await.unwrap()).await["result"]), "over there\n");
    assert_eq!([status(&a, &session, BOB).await, status(&b, &session, BOB).await], [404, 404]);
    let listen = b.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
    let mut events = within(&session, ANN, listen).send().await.unwrap();
    assert_eq!(events.status(), 200);

    // What the store has says who it is, and not by which name the session goes.
    let keys = redis.ask(&["keys", "*"]);
    assert!(keys.starts_with("mcpfier:mcpfier:session:sha256:") && !keys.contains(&session), "{keys}");
    assert!(redis.ask(&["get", keys.trim()]).contains("key:ann"));

    // A call that runs at one copy is cancelled at the other.
    let hang = within(&session, ANN, a.post(&call(7, "hang", json!({})))).send().await.unwrap();
    let pids: Vec<i32> = {
        a.server.file("ready").await;
        a.server.file("hanging").await.lines().map(|pid| pid.parse().unwrap()).collect()
    };
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
    assert_eq!(within(&session, ANN, b.post(&note)).send().await.unwrap().status(), 202);
    until("the tree is gone", || !pids.iter().any(|&pid| is_alive(pid))).await;
    drop(hang);

    let ended = within(&session, ANN, a.request(Method::DELETE, "/mcp")).send().await.unwrap();
    assert_eq!(ended.status(), 204);
    while let Some(chunk) = events.chunk().await.unwrap() {
        assert!(!chunk.is_empty(), "the stream at the other copy ends");
    }
    assert_eq!(status(&b, &session, ANN).await, 404);
    assert_eq!(redis.ask(&["dbsize"]).trim(), "0");
}

#[tokio::test]
async fn a_question_of_one_copy_is_answered_at_another_by_its_caller_alone() {
    let Some(redis) = Redis::start() else { return };
    let file = format!(
        r#"
commands:
  - name: deploy
    description: Deploys a version.
    script: touch
    args: ["deployed-{{{{version}}}}"]
    params: {{ version: {{ type: string, pattern: "^[0-9]+$" }} }}
    confirm: "Deploy {{{{version}}}}?"
server:
  http:
    sessions: {{ store: "redis://:a-password@127.0.0.1:{}" }}
    auth: {{ api_keys: [{{ name: ann, key: {ANN} }}, {{ name: bob, key: {BOB} }}] }}
"#,
        redis.port
    );
    let (a, b) = (House::start(&file).await, House::start(&file).await);
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": { "elicitation": {} }, "clientInfo": { "name": "t", "version": "1" } });
    let opened = a.post(&request(0, "initialize", params)).header("X-API-Key", ANN).send().await.unwrap();
    let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let sent = within(&session, ANN, a.post(&call(1, "deploy", json!({ "version": "7" }))));
    let (mut stream, mut heard) = (sent.send().await.unwrap(), String::new());
    let asked = next(&mut stream, &mut heard).await;
    assert_eq!(asked["method"], "elicitation/create", "{asked}");
    let yes = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": { "action": "accept" } });
    assert_eq!(within(&session, BOB, b.post(&yes)).send().await.unwrap().status(), 404);
    assert!(!a.server.folder.path().join("deployed-7").exists(), "somebody else said yes");
    assert_eq!(within(&session, ANN, b.post(&yes)).send().await.unwrap().status(), 202);
    let result = next(&mut stream, &mut heard).await;
    assert_eq!(result["result"]["isError"], false, "{result}");
    assert!(a.server.folder.path().join("deployed-7").exists(), "it runs where it was called");
    assert!(!b.server.folder.path().join("deployed-7").exists());
}

#[tokio::test]
async fn over_tls_copies_share_sessions_by_a_store_that_they_believe_and_no_other() {
    let Some(redis) = Redis::start_with_tls() else { return };
    let a = copy_over_tls(&redis, "ca.pem", "a-password").await;
    let b = copy_over_tls(&redis, "ca.pem", "a-password").await;
    let session = opened(&a).await;
    assert_eq!([status(&b, &session, ANN).await, status(&b, &session, BOB).await], [200, 404]);
    assert!(redis.ask(&["dbsize"]).starts_with('1'));
    let ended = within(&session, ANN, b.request(Method::DELETE, "/mcp")).send().await.unwrap();
    assert_eq!(ended.status(), 204);
    // The other copy hears of it.
    let begun = Instant::now();
    while status(&a, &session, ANN).await != 404 {
        assert!(begun.elapsed() < PATIENCE);
    }

    for (authority, password, why) in [
        ("other-ca.pem", "a-password", "invalid peer certificate: UnknownIssuer"),
        ("ca.pem", "a-guess", "Password authentication failed"),
    ] {
        let mut stranger = copy_over_tls(&redis, authority, password).await;
        let said = stranger.server.says("the store of sessions does not answer").await;
        assert!(said.contains(why), "{said}");
        assert_eq!(said.contains("SSL_CERT_FILE"), authority == "other-ca.pem", "{said}");
        // It serves all the same, and what it has stays with it.
        let alone = opened(&stranger).await;
        assert_eq!([status(&stranger, &alone, ANN).await, status(&a, &alone, ANN).await], [200, 404]);
        assert!(!stranger.server.stderr().contains(password));
    }
}

#[tokio::test]
async fn a_session_outlives_the_copy_where_it_began() {
    let Some(redis) = Redis::start() else { return };
    let (a, b) = (copy(&redis, "").await, copy(&redis, "").await);
    let session = opened(&a).await;
    drop(a);
    assert_eq!(status(&b, &session, ANN).await, 200);
    let c = copy(&redis, "").await;
    assert_eq!(status(&c, &session, ANN).await, 200);
}

#[tokio::test]
async fn without_redis_what_is_known_is_served_and_others_are_told_to_come_back() {
    let Some(mut redis) = Redis::start() else { return };
    let (a, mut b) = (copy(&redis, "").await, copy(&redis, "").await);
    let session = opened(&a).await;
    redis.stop();
    b.server.says("does not answer").await;
    assert_eq!(status(&a, &session, ANN).await, 200);
    let ping = within(&session, ANN, b.post(&request(1, "ping", json!({})))).send().await.unwrap();
    assert_eq!((ping.status().as_u16(), &ping.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    let plain =
        b.plain(&call(1, "echo", json!({ "what": "x" }))).header("X-API-Key", ANN).send().await.unwrap();
    assert_eq!(plain.status(), 200, "who needs no session needs no store");
    let alone = opened(&b).await;
    assert_eq!(status(&b, &alone, ANN).await, 200);
    assert!(redis.run());
    b.server.says("answers again").await;
    let later = opened(&b).await;
    assert_eq!(status(&a, &later, ANN).await, 200);
    assert!(!b.server.stderr().contains("a-password"));
}

#[tokio::test]
async fn sessions_that_make_room_and_those_that_nobody_uses_leave_the_store() {
    let Some(redis) = Redis::start() else { return };
    let a = copy(&redis, ", limits: { sessions: 3, session_timeout: 3s }").await;
    for _ in 0..20 {
        opened(&a).await;
    }
    let begun = Instant::now();
    while redis.ask(&["dbsize"]).trim() != "3" {
        assert!(begun.elapsed() < Duration::from_secs(2), "{}", redis.ask(&["dbsize"]));
    }
    while redis.ask(&["dbsize"]).trim() != "0" {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn behind_a_proxy_that_knows_nothing_of_sessions_every_request_is_served() {
    let Some(redis) = Redis::start() else { return };
    let (a, b) = (copy(&redis, "").await, copy(&redis, "").await);
    let sites = format!(
        "upstream both {{ server {}; server {}; }}\nserver {{ listen PORT; location / {{ proxy_pass http://both; \
         proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $host; proxy_buffering off; }} }}",
        a.address, b.address
    );
    let Some(nginx) = Nginx::start(&sites) else { return };
    let ask = |message: Value| {
        let sent = nginx.client.post(nginx.url("/mcp")).header("Content-Type", "application/json");
        sent.header("Accept", "application/json, text/event-stream")
            .body(message.to_string())
            .header("X-API-Key", ANN)
    };
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let opened = ask(request(0, "initialize", params)).send().await.unwrap();
    let session = opened.headers()["mcp-session-id"].clone();
    for id in 1..10 {
        let said = ask(call(id, "echo", json!({ "what": "x" }))).header("Mcp-Session-Id", session.clone());
        assert_eq!(text(&answer(said.send().await.unwrap()).await["result"]), "x\n");
    }
}
