//! Containers in a session with a client: what it does to them, and that they go with the server.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::LONG;
use crate::support::client::text;
use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::server::{Server, Wire};

/// A file with these commands, each a name, a script for the image's shell, and more keys.
fn file(commands: &[(&str, &str, Value)]) -> String {
    let command = |(name, script, more): &(&str, &str, Value)| {
        let mut command = json!({
            "name": name,
            "description": "Runs in a container.",
            "container": { "image": IMAGE, "pull": "never" },
            "run": script,
        });
        merge(&mut command, more);
        command
    };
    let commands: Vec<Value> = commands.iter().map(command).collect();
    // A client that hangs up may still have its answers, but not for long.
    json!({ "version": 1, "server": { "drain": "300ms" }, "commands": commands }).to_string()
}

fn merge(into: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        match &mut into[key] {
            Value::Object(_) => merge(&mut into[key], value),
            place => *place = value.clone(),
        }
    }
}

/// A server of these commands, after the handshake.
async fn serving(engine: &Engine, commands: &[(&str, &str, Value)]) -> Server {
    let folder = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(folder.path().join("tools.yaml"), file(commands)).expect("a scratch file");
    of_folder(engine, folder).await
}

async fn of_folder(engine: &Engine, folder: TempDir) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("--config").arg(folder.path().join("tools.yaml")).env("DOCKER_HOST", &engine.host);
    let mut server = Server::run(Wire::Pipes, folder, command);
    server.client.initialize().await;
    server
}

async fn begin(server: &mut Server, id: u64, tool: &str) {
    server.client.request(id, "tools/call", json!({ "name": tool, "arguments": {} })).await;
}

/// The containers of a process, by the label that says who owns them.
fn containers_of(engine: &Engine, pid: &str) -> Vec<String> {
    let listed = engine.docker(&["ps", "--all", "--format", "{{.ID}} {{.Label \"mcpfier.instance\"}}"]);
    let ours = format!("/{pid}/");
    let lines = listed.lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(_, owner)| owner.contains(&ours)).map(|(id, _)| id.to_owned()).collect()
}

async fn until_there_are(count: usize, engine: &Engine, pid: &str) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let found = containers_of(engine, pid);
        if found.len() == count {
            return found;
        }
        assert!(begun.elapsed() < LONG, "there are {found:?} and not {count}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_there_is(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < LONG, "`{}` never came", path.display());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A folder that a container may write to, whoever it is.
fn shared(folder: &Path) -> Value {
    use std::os::unix::fs::PermissionsExt;
    let place = folder.join("shared");
    std::fs::create_dir_all(&place).expect("a scratch folder");
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o777)).expect("its owner may");
    json!({ "container": { "mounts": [{ "source": place, "target": "/shared", "read_only": false }] } })
}

#[tokio::test]
async fn a_call_goes_on_with_its_old_plan_and_the_next_has_the_new_one() {
    let Some(engine) = engine() else { return };
    let folder = tempfile::tempdir().unwrap();
    let shared = shared(folder.path());
    let old = "touch /shared/up; until [ -e /shared/go ]; do sleep 0.05; done; echo old $(id -u)";
    std::fs::write(folder.path().join("tools.yaml"), file(&[("it", old, shared.clone())])).unwrap();
    let mut server = of_folder(&engine, folder).await;
    begin(&mut server, 1, "it").await;
    until_there_is(&server.folder.path().join("shared/up")).await;

    let new = file(&[
        ("it", "echo new $(id -u)", json!({ "container": { "user": "1234:1234" } })),
        ("another", "true", json!({})),
    ]);
    std::fs::write(server.folder.path().join("tools.yaml"), new).unwrap();
    server.signal(Signal::SIGHUP);
    loop {
        let message = server.client.next().await.expect("the server is there");
        if message["method"] == "notifications/tools/list_changed" {
            break;
        }
    }
    let result = server.client.call(2, "it", json!({})).await;
    assert_eq!(text(&result), "new 1234\n");
    std::fs::write(server.folder.path().join("shared/go"), "").unwrap();
    let answer = server.client.answer(1).await;
    assert_eq!(text(&answer["result"]), "old 65534\n");
    until_there_are(0, &engine, &server.pid().to_string()).await;
}

#[tokio::test]
async fn a_call_that_a_client_cancels_takes_its_container_with_it() {
    let Some(engine) = engine() else { return };
    let stubborn = "trap '' TERM; while :; do sleep 0.05; done";
    let keys = json!({ "kill_grace": "200ms" });
    let mut server =
        serving(&engine, &[("stubborn", stubborn, keys), ("fine", "echo fine", json!({}))]).await;
    let pid = server.pid().to_string();
    begin(&mut server, 1, "stubborn").await;
    until_there_are(1, &engine, &pid).await;
    server.client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    until_there_are(0, &engine, &pid).await;
    assert_eq!(text(&server.client.call(2, "fine", json!({})).await), "fine\n");
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_no_container() {
    let Some(engine) = engine() else { return };
    let mut server = serving(&engine, &[("it", "sleep 600", json!({ "kill_grace": "200ms" }))]).await;
    let pid = server.pid().to_string();
    for id in 1..=3 {
        begin(&mut server, id, "it").await;
    }
    until_there_are(3, &engine, &pid).await;
    server.client.hang_up();
    let (status, _) = server.ended().await;
    assert!(status.success(), "{status}");
    assert_eq!(containers_of(&engine, &pid), [""; 0]);
}

#[tokio::test]
async fn the_next_server_removes_what_a_killed_one_has_left() {
    let Some(engine) = engine() else { return };
    let commands = [("slow", "sleep 600", json!({})), ("quick", "echo quick", json!({}))];
    let mut killed = serving(&engine, &commands).await;
    let pid = killed.pid().to_string();
    begin(&mut killed, 1, "slow").await;
    until_there_are(1, &engine, &pid).await;
    killed.signal(Signal::SIGKILL);
    killed.ended().await;
    // Not at its start: it may never need an engine.
    let mut next = serving(&engine, &commands).await;
    assert_eq!(text(&next.client.call(1, "quick", json!({})).await), "quick\n");
    until_there_are(0, &engine, &pid).await;
    until_there_are(0, &engine, &next.pid().to_string()).await;
}

/// The most memory that a process ever had, in KiB.
fn peak(pid: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test]
async fn a_gibibyte_of_output_is_cut_and_takes_no_memory() {
    let Some(engine) = engine() else { return };
    // The way of bytes through Podman is long.
    let bytes: u64 = if engine.is_podman { 1 << 28 } else { 1 << 30 };
    let script = format!("head -c {bytes} /dev/zero; echo; echo the end");
    let keys = json!({ "limits": { "output": "64KiB" }, "timeout": "10m" });
    let mut server = serving(&engine, &[("flood", &script, keys), ("fine", "echo fine", json!({}))]).await;
    let pid = server.pid().to_string();
    server.client.call(1, "fine", json!({})).await;
    let before = peak(&pid);
    begin(&mut server, 2, "flood").await;
    let begun = Instant::now();
    while containers_of(&engine, &pid).is_empty() {
        assert!(begun.elapsed() < LONG);
    }
    // The container ends when the last byte is through, which takes as long as it takes.
    while !containers_of(&engine, &pid).is_empty() {
        assert!(begun.elapsed() < 5 * LONG, "it never ends");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let answer = server.client.answer(2).await;
    let said = text(&answer["result"]);
    assert!(said.len() < 80 << 10, "{} bytes", said.len());
    let missing = said.find("bytes").map(|at| &said[at.saturating_sub(40)..at + 20]);
    assert!(said.contains("the end") && missing.is_some(), "{missing:?}: {}", &said[said.len() - 200..]);
    let grown = peak(&pid) - before;
    assert!(grown < 16 << 10, "{grown} KiB for {bytes} bytes");
}

/// An image that asks for a volume of its own, made from the tests' image.
struct WithVolume<'a> {
    engine: &'a Engine,
    tag: String,
}

impl<'a> WithVolume<'a> {
    fn of(engine: &'a Engine) -> Self {
        // Whoever removes it by force must not take the containers of another test along.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let tag = format!("mcpfier-test/volume:{}-{number}", std::process::id());
        let container = engine.docker(&["create", IMAGE]);
        let line = format!("docker export {container} | docker import --change 'VOLUME /data' - {tag}");
        let mut shell = Command::new("bash");
        let output = shell.env("DOCKER_HOST", &engine.host).args(["-o", "pipefail", "-c", &line]).output();
        assert!(output.expect("bash starts").status.success());
        engine.docker(&["rm", &container]);
        Self { engine, tag }
    }
}

impl Drop for WithVolume<'_> {
    fn drop(&mut self) {
        let _ = self.engine.command(&["rmi", "--force", &self.tag]).output();
    }
}

#[tokio::test]
async fn volumes_that_an_image_asks_for_go_with_the_container() {
    let Some(engine) = engine() else { return };
    let image = WithVolume::of(&engine);
    let of_image = |keys: Value| {
        let mut all = json!({ "container": { "image": image.tag, "read_only": false } });
        merge(&mut all, &keys);
        all
    };
    let commands = [
        ("cancelled", "sleep 600", of_image(json!({ "kill_grace": "0s" }))),
        ("left", "sleep 600", of_image(json!({}))),
    ];
    let mut server = serving(&engine, &commands).await;
    let pid = server.pid().to_string();
    let volume = |container: &str| {
        let names = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}}{{end}}{{end}}";
        let name = engine.docker(&["inspect", "--format", names, container]);
        assert!(!name.is_empty(), "it has no volume");
        name
    };
    let is_there =
        |volume: &str| engine.command(&["volume", "inspect", volume]).output().unwrap().status.success();
    // Some engines forget a container before they remove its volumes.
    let until_gone = async |volume: &str, of: &str| {
        let begun = Instant::now();
        while is_there(volume) {
            assert!(begun.elapsed() < LONG, "{volume} is left by {of}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    begin(&mut server, 1, "cancelled").await;
    let cancelled = volume(&until_there_are(1, &engine, &pid).await[0]);
    assert!(is_there(&cancelled));
    server.client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    until_there_are(0, &engine, &pid).await;
    until_gone(&cancelled, "a cancelled call").await;

    begin(&mut server, 2, "left").await;
    let left = volume(&until_there_are(1, &engine, &pid).await[0]);
    server.signal(Signal::SIGKILL);
    server.ended().await;
    crate::support::program::mcpfier(&["clean"]).env("DOCKER_HOST", &engine.host).may_talk().run();
    until_there_are(0, &engine, &pid).await;
    until_gone(&left, "a server that was killed").await;
}

#[tokio::test]
async fn volumes_that_an_image_asks_for_are_limited_memory_where_the_root_is_read_only() {
    let Some(engine) = engine() else { return };
    let image = WithVolume::of(&engine);
    let script =
        "grep ' /data ' /proc/mounts | cut -d' ' -f1; head -c 3000000 /dev/zero > /data/x; wc -c < /data/x";
    let keys = json!({
        "container": { "image": image.tag },
        "limits": { "disk": "1MiB" },
        "exit_codes": [0, 1],
    });
    let mut server = serving(&engine, &[("fill", script, keys)]).await;
    begin(&mut server, 1, "fill").await;
    let answer = server.client.answer(1).await;
    let said = text(&answer["result"]);
    assert!(said.contains("tmpfs") && said.contains("1048576"), "{said}");
}

#[tokio::test]
async fn a_mount_that_leads_out_of_where_it_has_to_stay_is_refused() {
    let Some(engine) = engine() else { return };
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().canonicalize().unwrap();
    for place in ["in/side", "out"] {
        std::fs::create_dir_all(home.join(place)).unwrap();
        std::fs::write(home.join(place).join("file"), format!("{place}\n")).unwrap();
    }
    std::os::unix::fs::symlink(home.join("out"), home.join("in/link")).unwrap();
    let mounts = json!([{ "source": "in/{{place}}", "target": "/place", "within": home.join("in") }]);
    let keys = json!({
        "container": { "mounts": mounts },
        "params": { "place": { "type": "string", "description": "Which.", "optional": true } },
    });
    std::fs::write(home.join("tools.yaml"), file(&[("it", "cat /place/file", keys)])).unwrap();
    let mut server = of_folder(&engine, folder).await;
    let mut call = async |id: u64, place: &str| server.client.call(id, "it", json!({ "place": place })).await;
    assert_eq!(text(&call(1, "side").await), "in/side\n");
    for (id, place) in [(2, "link"), (3, "../out"), (4, "side/../../out"), (5, "nowhere")] {
        let result = call(id, place).await;
        assert_eq!(result["isError"], true, "{place}: {result}");
        let told = text(&result);
        assert!(
            told.contains("stay within") || told.contains("does not exist") || told.contains("there is no"),
            "{place}: {told}"
        );
    }
}
