//! Containers made ahead as a user has them: by a server that keeps them waiting.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mcpfier::runner::container::init;
use nix::sys::signal::Signal;
use serde_json::json;
use tempfile::TempDir;

use super::served::{containers_of, until_there_are};
use crate::support::client::text;
use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::program::mcpfier;
use crate::support::server::{Server, Wire};
use crate::support::skip::skip;

fn bench() -> Option<Engine> {
    if let Err(reason) = init::program() {
        skip(&format!("containers made ahead ({reason})"));
        return None;
    }
    engine()
}

/// Two commands with containers that wait; of the second the memory can be changed.
fn tools(server: &str, memory: u32) -> String {
    format!(
        r#"version: 1
{server}
commands:
  - name: first
    description: Says what its first process is.
    container: {{ image: "{IMAGE}", pull: never, warm: 1 }}
    limits: {{ memory: 32MiB }}
    run: tr '\0' ' ' < /proc/1/cmdline; hostname
  - name: second
    description: Says nothing.
    container: {{ image: "{IMAGE}", pull: never, warm: 1 }}
    limits: {{ memory: {memory}MiB }}
    run: sleep 600
"#
    )
}

const KEPT: &str = "server: { warm: { stdio: true } }";

async fn served(engine: &Engine, text: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), text).unwrap();
    serve(engine, folder).await
}

async fn serve(engine: &Engine, folder: TempDir) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("--config").arg(folder.path().join("tools.yaml")).env("DOCKER_HOST", &engine.host);
    let mut server = Server::run(Wire::Pipes, folder, command);
    server.client.initialize().await;
    server
}

/// Folders of a server's own for its files and its init.
fn folders_of(pid: nix::unistd::Pid) -> usize {
    let ours = format!("+{pid}+");
    let names = std::fs::read_dir("/dev/shm").unwrap().filter_map(Result::ok);
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("mcpfier-files-") && name.contains(&ours)).count()
}

fn running_of(engine: &Engine, server: &Server) -> Vec<(String, String)> {
    let format = "{{.Label \"mcpfier.instance\"}} {{.Label \"mcpfier.tool\"}} {{.ID}}";
    let listed = engine.docker(&["ps", "--filter", "status=running", "--format", format]);
    let ours = format!("/{}/", server.pid());
    let mut found: Vec<(String, String)> = listed
        .lines()
        .filter(|line| line.contains(&ours))
        .filter_map(|line| line.split_once(' ')?.1.split_once(' '))
        .map(|(tool, id)| (tool.to_owned(), id.to_owned()))
        .collect();
    found.sort();
    found
}

async fn until_there_run(count: usize, engine: &Engine, server: &Server) -> Vec<(String, String)> {
    let begun = Instant::now();
    loop {
        let found = running_of(engine, server);
        if found.len() == count {
            return found;
        }
        assert!(begun.elapsed() < super::LONG, "{found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_server_keeps_containers_for_calls_and_takes_them_with_it() {
    let Some(engine) = bench() else { return };
    for how in [Some(Signal::SIGTERM), None] {
        let mut server = served(&engine, &tools(KEPT, 32)).await;
        let waiting = until_there_run(2, &engine, &server).await;
        let answer = server.client.call(1, "first", json!({})).await;
        let said = text(&answer);
        let (first, _) = said.split_once('\n').unwrap();
        assert!(first.starts_with("/.mcpfier/init ") && first.contains(&waiting[0].1), "{said} {waiting:?}");
        match how {
            Some(signal) => server.signal(signal),
            None => server.client.hang_up(),
        }
        let pid = server.pid();
        server.ended().await;
        assert_eq!((containers_of(&engine, &server), folders_of(pid)), (0, 0));
    }
}

#[tokio::test]
async fn on_stdio_none_waits_unless_the_file_says_so() {
    let Some(engine) = bench() else { return };
    let mut server = served(&engine, &tools("", 32)).await;
    let answer = server.client.call(1, "first", json!({})).await;
    assert!(!text(&answer).contains("/.mcpfier/init"), "{answer}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(running_of(&engine, &server), []);
    let said =
        mcpfier(&["--validate"]).tools(&tools("", 32)).env("DOCKER_HOST", &engine.host).may_talk().run();
    assert!(said.stderr.contains("on stdio no container is made ahead"), "{}", said.stderr);
    let said = mcpfier(&["--dry-run", "first"]).tools(&tools("", 32)).run();
    let expected = "in one made ahead, if a server over HTTP has one waiting; each has one call; on stdio none waits without `server.warm.stdio`";
    assert!(said.stdout.contains(expected), "{}", said.stdout);
    let said = mcpfier(&["--dry-run", "first"]).tools(&tools(KEPT, 32)).run();
    assert!(
        said.stdout.contains("in one made ahead, if one is waiting; each has one call\n"),
        "{}",
        said.stdout
    );
}

/// Commands whose containers stay.
fn staying(memory: u32) -> String {
    format!(
        r#"version: 1
commands:
  - name: first
    description: Says where it is and what it finds.
    container: {{ image: "{IMAGE}", pull: never, reuse: true }}
    limits: {{ memory: {memory}MiB }}
    run: hostname; ls /tmp; touch /tmp/left; echo $WORD
    env: {{ WORD: "{{{{word}}}}" }}
    params: {{ word: {{ type: string }} }}
"#
    )
}

#[tokio::test]
async fn a_server_lets_a_container_stay_for_further_calls() {
    let Some(engine) = bench() else { return };
    for how in [Some(Signal::SIGTERM), None] {
        let mut server = served(&engine, &staying(32)).await;
        let mut hosts = Vec::new();
        for (id, word) in ["one", "other", "third"].into_iter().enumerate() {
            let answer = server.client.call(id as i64 + 1, "first", json!({ "word": word })).await;
            let said = text(&answer);
            let lines: Vec<&str> = said.lines().collect();
            assert_eq!(lines.get(1..), Some(&[word][..]), "{said}");
            hosts.push(lines[0].to_owned());
        }
        hosts.dedup();
        let running = running_of(&engine, &server);
        assert_eq!((hosts.len(), running.len()), (1, 1), "{hosts:?} {running:?}");
        assert!(running[0].1.starts_with(&hosts[0]) || hosts[0].starts_with(&running[0].1));
        match how {
            Some(signal) => server.signal(signal),
            None => server.client.hang_up(),
        }
        let pid = server.pid();
        server.ended().await;
        assert_eq!((containers_of(&engine, &server), folders_of(pid)), (0, 0));
    }
}

#[tokio::test]
async fn a_reload_lets_no_container_stay_and_a_killed_server_none() {
    let Some(engine) = bench() else { return };
    let mut server = served(&engine, &staying(32)).await;
    server.client.call(1, "first", json!({ "word": "x" })).await;
    let before = until_there_run(1, &engine, &server).await;
    let file = server.folder.path().join("tools.yaml");
    std::fs::write(file, staying(48)).unwrap();
    until_there_run(0, &engine, &server).await;
    server.client.call(2, "first", json!({ "word": "x" })).await;
    assert_ne!(until_there_run(1, &engine, &server).await, before);
    server.signal(Signal::SIGKILL);
    server.ended().await;
    // Nobody holds its input any more.
    until_there_run(0, &engine, &server).await;
    mcpfier(&["clean"]).env("DOCKER_HOST", &engine.host).may_talk().run();
    until_there_are(0, &engine, &server).await;
}

#[test]
fn a_plan_says_who_has_a_container_that_stays() {
    let plan = mcpfier(&["--dry-run", "first", "word=x"]).tools(&staying(32)).run().stdout;
    let expected = "in one of up to 100 calls of `local` in 10m, if one is free; nobody else comes into it";
    assert!(plan.contains(expected), "{plan}");
    let plan = mcpfier(&["--dry-run", "first", "word=x", "--json"]).tools(&staying(32)).run().json();
    assert_eq!(plan["reuse"], json!({ "caller": "local", "calls": 100, "forMs": 600_000 }));
    let noted = mcpfier(&["--validate", "--offline"]).tools(&staying(32)).may_talk().run().stderr;
    assert!(noted.contains("N0187"), "{noted}");
}

#[tokio::test]
async fn a_reload_drops_those_whose_command_has_changed_and_no_others() {
    let Some(engine) = bench() else { return };
    let server = served(&engine, &tools(KEPT, 32)).await;
    let before = until_there_run(2, &engine, &server).await;
    let file = server.folder.path().join("tools.yaml");
    std::fs::write(&file, tools(KEPT, 48).replace("Says nothing", "Says hardly anything")).unwrap();
    let begun = Instant::now();
    let after = loop {
        let after = running_of(&engine, &server);
        if after.len() == 2 && after[1] != before[1] {
            break after;
        }
        assert!(begun.elapsed() < super::LONG, "{before:?} {after:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(after[0], before[0]);
    std::fs::write(&file, tools("", 48)).unwrap();
    until_there_are(0, &engine, &server).await;
}

#[tokio::test]
async fn what_waited_for_a_server_that_was_killed_ends_by_itself_and_is_cleaned() {
    let Some(engine) = bench() else { return };
    let mut server = served(&engine, &tools(KEPT, 32)).await;
    until_there_run(2, &engine, &server).await;
    let pid = server.pid();
    assert_eq!(folders_of(pid), 1);
    server.signal(Signal::SIGKILL);
    server.ended().await;
    // Nobody can send them a command any more.
    until_there_run(0, &engine, &server).await;
    mcpfier(&["clean"]).env("DOCKER_HOST", &engine.host).may_talk().run();
    until_there_are(0, &engine, &server).await;
    assert_eq!(folders_of(pid), 0);
}

#[tokio::test]
async fn a_server_without_an_engine_serves_all_the_same() {
    let engine = Engine { host: "unix:///no/such.sock".to_owned(), is_podman: false };
    let mut server = served(&engine, &tools(KEPT, 32)).await;
    let answer = server.client.call(1, "first", json!({})).await;
    assert!(text(&answer).contains("`unix:///no/such.sock` cannot be reached"), "{answer}");
}

/// An image of one static program and nothing else, gone with this value.
struct Bare {
    engine: Engine,
    name: String,
}

impl Bare {
    fn import(engine: &Engine) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let busybox =
            ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| std::path::Path::new(path).exists());
        let Some(busybox) = busybox else {
            skip("an image without a shell (no busybox)");
            return None;
        };
        // By its name it is one program.
        std::fs::copy(busybox, folder.path().join("echo")).unwrap();
        let name = format!("mcpfier-test/bare:{}", std::process::id());
        let tar = Command::new("tar")
            .arg("-C")
            .arg(folder.path())
            .args(["-c", "echo"])
            .stdout(Stdio::piped())
            .spawn();
        let mut tar = tar.unwrap();
        let import = engine
            .command(&[
                "import",
                "--change",
                "ENTRYPOINT [\"/echo\"]",
                "--change",
                "CMD [\"its own\"]",
                "-",
                &name,
            ])
            .stdin(tar.stdout.take().unwrap())
            .output()
            .unwrap();
        assert!(tar.wait().unwrap().success() && import.status.success(), "{import:?}");
        Some(Self { engine: engine.clone(), name })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.engine.command(&["rmi", "--force", &self.name]).output();
    }
}

#[tokio::test]
async fn an_image_needs_neither_a_shell_nor_a_library() {
    let Some(engine) = bench() else { return };
    let Some(bare) = Bare::import(&engine) else { return };
    let text_of = format!(
        r#"version: 1
{KEPT}
commands:
  - name: say
    description: Says something.
    container: {{ image: "{}", pull: never, warm: 1, tmpfs: [] }}
    args: ["{{{{word}}}}"]
    params:
      word: {{ type: string, optional: true }}
"#,
        bare.name
    );
    let mut server = served(&engine, &text_of).await;
    for (id, arguments, said) in [(1, json!({ "word": "hello" }), "hello\n"), (2, json!({}), "its own\n")] {
        let waiting = until_there_run(1, &engine, &server).await;
        let answer = server.client.call(id, "say", arguments).await;
        assert_eq!(text(&answer), said);
        // It was that one, so it is gone.
        let begun = Instant::now();
        while running_of(&engine, &server).contains(&waiting[0]) {
            assert!(begun.elapsed() < super::LONG);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    server.client.hang_up();
    server.ended().await;
    assert_eq!(containers_of(&engine, &server), 0);
}
