//! A client that is gone without a word: its machine has lost its current, or its way to the server.
//!
//! Server and client each have a network of their own, with a link between them that is cut. They are
//! gone with the last process in them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::house::until;
use crate::support::client::modern_meta;
use crate::support::server::{STATE, Server, Wire, is_alive};
use crate::support::skip::skip;

const SERVER: &str = "192.0.2.1";
const STALL: Duration = Duration::from_secs(2);

const FILE: &str = r#"version: 1
server: { http: { host: 192.0.2.1, insecure: true, limits: { stall_timeout: 2s } } }
commands:
  - name: talk
    description: Says something now and then, with a child of its own.
    shell: sh
    run: echo $$ >talking; sleep 1000 & echo $! >>talking; echo x >ready; while :; do echo line; sleep 0.2; done
    timeout: 10m
    detach_after: never
"#;

/// What the server is started by: it has one end of the link.
const WITH_LINK: &str = r#"ip link set lo up && ip link add here type veth peer name there && ip addr add 192.0.2.1/24 dev here && ip link set here up && exec "$@""#;

/// Waits until it has the other end of the link, and says a request of one connection; what it hears goes into
/// a file.
const CLIENT: &str = r#"
read -r port && ip addr add 192.0.2.2/24 dev there && ip link set there up || exit 1
body=$(cat request)
exec 3<>/dev/tcp/192.0.2.1/$port || exit 1
printf '%s\r\n' 'POST /mcp HTTP/1.1' "Host: 192.0.2.1:$port" 'Content-Type: application/json' \
  'Accept: application/json, text/event-stream' 'MCP-Protocol-Version: 2026-07-28' 'Mcp-Method: tools/call' \
  'Mcp-Name: talk' "Content-Length: ${#body}" '' >&3
printf %s "$body" >&3
exec cat <&3 >heard
"#;

/// A process that is ended with the test.
struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether this host lets us have networks with a link between them.
fn may_have_networks() -> bool {
    let tried = Command::new("unshare").args(["--net", "sh", "-c", WITH_LINK, "sh", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Runs a program in the network of a process.
#[track_caller]
fn within(pid: impl ToString, words: &[&str]) -> String {
    let mut command = Command::new("nsenter");
    let output =
        command.args(["--target", &pid.to_string(), "--net"]).args(words).output().expect("it starts");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn has_content(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|content| content.contains(text))
}

#[tokio::test]
async fn a_client_that_is_gone_without_a_word_is_given_up_with_its_call() {
    if !may_have_networks() {
        return skip("networks of one's own with a link between them cannot be had here");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), FILE).unwrap();
    let mut meta = modern_meta();
    meta["progressToken"] = "t".into();
    let params = serde_json::json!({ "name": "talk", "arguments": {}, "_meta": meta });
    let request = super::super::house::request(1, "tools/call", params);
    std::fs::write(folder.path().join("request"), request.to_string()).unwrap();
    let mut command = Command::new("unshare");
    command.env_remove("PORT").env("XDG_STATE_HOME", STATE).args(["--net", "sh", "-c", WITH_LINK, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_mcpfier")).arg("--config").arg(folder.path().join("tools.yaml"));
    command.args(["--server", "--port", "0"]);
    let mut server = Server::run(Wire::Pipes, folder, command);
    let said = server.says("/mcp").await;
    let port = said.split(&format!("{SERVER}:")).nth(1).and_then(|rest| rest.split("/mcp").next()).unwrap();

    let folder = server.folder.path().to_path_buf();
    let mut client = Command::new("unshare");
    client.args(["--net", "bash", "-c", CLIENT]).current_dir(&folder).stdin(Stdio::piped());
    let mut client = Client(client.spawn().expect("a client"));
    let network = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).expect("a network");
    let pid = client.0.id();
    until("the client has a network", || network(pid) != network(std::process::id())).await;
    within(server.pid(), &["ip", "link", "set", "there", "netns", &pid.to_string()]);
    let to_client = client.0.stdin.as_mut().expect("it was piped");
    std::io::Write::write_all(to_client, format!("{port}\n").as_bytes()).unwrap();
    let pids: Vec<i32> = {
        server.file("ready").await;
        server.file("talking").await.lines().map(|pid| pid.parse().unwrap()).collect()
    };
    until("the client hears the command", || has_content(&folder.join("heard"), "line")).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(pids.iter().all(|&pid| is_alive(pid)), "the client is there");

    within(pid, &["ip", "link", "set", "there", "down"]);
    let cut = Instant::now();
    until("the tree is dead", || !pids.iter().any(|&pid| is_alive(pid))).await;
    assert!(
        cut.elapsed() < STALL + Duration::from_secs(20),
        "it was given up after {:?} only",
        cut.elapsed()
    );
    assert!(is_alive(pid.try_into().unwrap()), "the client has said nothing");
    let ask = format!(
        "exec 3<>/dev/tcp/{SERVER}/{port}; printf 'GET /livez HTTP/1.0\\r\\nHost: {SERVER}\\r\\n\\r\\n' >&3; cat <&3"
    );
    assert!(within(server.pid(), &["bash", "-c", &ask]).starts_with("HTTP/1.0 200"), "others are served");
}
