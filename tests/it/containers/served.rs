//! Containers as a user has them: from a file, by the program.

use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::program::{Program, mcpfier};
use crate::support::server::{Server, Wire};

/// Commands of the image, and one of this host.
fn tools() -> String {
    format!(
        r#"version: 1
commands:
  - name: inside
    description: Says who runs it.
    params:
      word: {{ type: string, allow_dash: true }}
    container: {{ image: "{IMAGE}", pull: never }}
    script: /bin/sh
    args: ["-c", "echo \"$1\"; id -u; exit 3", sh, "{{{{word}}}}"]
  - name: shell
    description: Runs the shell of the image.
    container: {{ image: "{IMAGE}", pull: never }}
    run: echo up; sleep 600
  - name: absent
    description: Has no image.
    container: {{ image: "mcpfier-test/absent:1", pull: never }}
  - name: here
    description: Runs on this host.
    script: echo
    args: [here]
"#
    )
}

fn program(engine: &Engine, words: &[&str]) -> Program {
    mcpfier(words).tools(&tools()).env("DOCKER_HOST", &engine.host)
}

#[test]
fn a_call_at_a_shell_has_the_output_and_the_code_of_what_ran() {
    let Some(engine) = engine() else { return };
    let said = program(&engine, &["inside", "word=a b"]).ends_with(3).run();
    assert_eq!(said.stdout, "a b\n65534\n");
}

#[test]
fn the_line_of_a_dry_run_does_the_same_in_a_shell() {
    let Some(engine) = engine() else { return };
    let said = program(&engine, &["--dry-run", "inside", "word=a b"]).run();
    let line = said.stdout.lines().find_map(|line| line.trim_start().strip_prefix("command "));
    let line = line.expect("a line to paste").trim();
    let output = engine.shell(line).output().unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(3), &b"a b\n65534\n"[..]), "{line}");
}

#[test]
fn an_image_that_is_not_there_is_told_by_call_doctor_and_validation() {
    let Some(engine) = engine() else { return };
    let missing = "the image `mcpfier-test/absent:1` is not there, and `pull` is `never`";
    let said = program(&engine, &["absent"]).ends_with(125).run();
    assert!(said.stderr.contains(missing), "{}", said.stderr);
    let said = program(&engine, &["doctor"]).ends_somehow().run();
    assert!(said.stdout.contains(missing) && said.stdout.contains(&engine.host), "{}", said.stdout);
    let said = program(&engine, &["--validate"]).may_talk().run();
    assert!(said.stderr.contains(missing) && said.stdout.contains(&engine.host), "{}", said.stdout);
    let said = program(&engine, &["--validate", "--offline"]).may_talk().run();
    assert!(!said.stderr.contains("absent:1` is not there"), "{}", said.stderr);
}

#[test]
fn without_an_engine_only_containers_fail() {
    let program = |words: &[&str]| mcpfier(words).tools(&tools()).env("DOCKER_HOST", "unix:///no/such.sock");
    assert_eq!(program(&["here"]).run().stdout, "here\n");
    let said = program(&["inside", "word=x"]).ends_with(125).run();
    assert!(said.stderr.contains("`unix:///no/such.sock` cannot be reached"), "{}", said.stderr);
    for words in [&["doctor"][..], &["--validate"]] {
        let said = program(words).may_fail().run();
        let told = said.stdout + &said.stderr;
        assert!(told.contains("`unix:///no/such.sock` cannot be reached"), "{told}");
    }
}

fn served(engine: &Engine) -> Server {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), tools()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("--config").arg(folder.path().join("tools.yaml")).env("DOCKER_HOST", &engine.host);
    Server::run(Wire::Pipes, folder, command)
}

/// The containers of one server.
pub(super) fn containers_of(engine: &Engine, server: &Server) -> usize {
    let listed = engine.docker(&["ps", "--all", "--format", "{{.Label \"mcpfier.instance\"}}"]);
    let ours = format!("/{}/", server.pid());
    listed.lines().filter(|owner| owner.contains(&ours)).count()
}

pub(super) async fn until_there_are(count: usize, engine: &Engine, server: &Server) {
    let begun = std::time::Instant::now();
    while containers_of(engine, server) != count {
        assert!(begun.elapsed() < super::LONG, "there are not {count} containers");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_answers_and_takes_its_containers_with_it() {
    let Some(engine) = engine() else { return };
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = served(&engine);
        server.client.initialize().await;
        let result = server.client.call(1, "inside", json!({ "word": "hello" })).await;
        assert!(crate::support::client::text(&result).starts_with("hello\n65534\n"), "{result}");
        server.client.request(2, "tools/call", json!({ "name": "shell", "arguments": {} })).await;
        until_there_are(1, &engine, &server).await;
        server.signal(signal);
        let (status, _) = server.ended().await;
        assert!(status.success(), "{status}");
        assert_eq!(containers_of(&engine, &server), 0);
    }
}

#[tokio::test]
async fn what_a_server_left_that_was_killed_is_cleaned() {
    let Some(engine) = engine() else { return };
    let mut server = served(&engine);
    server.client.initialize().await;
    server.client.request(2, "tools/call", json!({ "name": "shell", "arguments": {} })).await;
    until_there_are(1, &engine, &server).await;
    server.signal(Signal::SIGKILL);
    server.ended().await;
    mcpfier(&["clean"]).env("DOCKER_HOST", &engine.host).may_talk().run();
    until_there_are(0, &engine, &server).await;
}
