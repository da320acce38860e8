//! The line for Docker's own client that a dry-run prints: a shell runs it, and the same happens.

use std::process::Command;

use mcpfier::model::{ByteSize, Cores, Secrets};
use mcpfier::plan::docker_line;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Bench, first_words, known, shell, to_the_end};

/// By the shell, with the engine of the tests.
fn command(bench: &Bench, line: &str) -> Command {
    let mut command = Command::new("bash");
    command.env("DOCKER_HOST", &bench.engine.host).args(["-c", line]);
    command
}

#[tokio::test]
async fn a_shell_that_runs_the_line_gets_the_same() {
    let script = "echo \"$WORD\"; id -u; cat; echo err >&2; exit 3";
    let Some(bench) = shell(script) else { return };
    let bench = bench.with(|plan| {
        plan.variables = vec![("WORD".to_owned(), known("it's \"quoted\" $HOME"))];
        plan.stdin = mcpfier::plan::PlannedStdin::Text(known("read\n"));
    });
    let ran = bench.run().await;
    let line = format!("printf 'read\\n' | {}", docker_line(&bench.plan, &Secrets::new()));
    let output = command(&bench, &line).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{line}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), ran.text());
    assert_eq!(String::from_utf8_lossy(&output.stderr), ran.stderr);
    assert_eq!(ran.text(), "it's \"quoted\" $HOME\n65534\nread\n");
}

#[tokio::test]
async fn the_engine_sees_the_same_container_either_way() {
    let Some(bench) = shell("echo up; sleep 60") else { return };
    let folder = tempfile::tempdir().unwrap();
    let bench = bench.with(|plan| {
        plan.limits.cpu = Some(Cores(250));
        plan.limits.memory = Some(ByteSize::mib(32));
        plan.mounts = vec![mcpfier::plan::PlannedMount {
            source: folder.path().canonicalize().unwrap(),
            target: "/in".to_owned(),
            read_only: true,
        }];
        plan.hosts = vec![("some.host".to_owned(), "10.1.2.3".parse().unwrap())];
        plan.dns = vec!["10.1.2.4".parse().unwrap()];
        plan.lockdown.cap_add = vec!["CHOWN".to_owned()];
        plan.init = true;
        plan.stop_signal = Some("SIGINT".to_owned());
        plan.workdir = Some("/tmp".to_owned());
    });
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    first_words(&mut running).await;
    let ours = bench.inspected();
    cancel.cancel();
    to_the_end(&mut running).await;
    bench.assert_nothing_left().await;

    let mut child = command(&bench, &docker_line(&bench.plan, &Secrets::new()));
    let mut child = child.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut lines, &mut first).unwrap();
    assert_eq!(first, "up\n");
    let theirs = bench.inspected();
    bench.engine.docker(&["kill", theirs["Id"].as_str().unwrap()]);
    child.wait().unwrap();
    let differences = differences("HostConfig", &plain(&ours["HostConfig"]), &plain(&theirs["HostConfig"]));
    assert_eq!(differences, [""; 0]);
    for key in ["Cmd", "Entrypoint", "Env", "Image", "User", "WorkingDir", "StopSignal", "OpenStdin", "Tty"] {
        assert_eq!(ours["Config"][key], theirs["Config"][key], "{key}");
    }
}

/// Without what differs by intent: we remove it ourselves, since the engine would take away the
/// reason of its end; and a terminal's size, which means nothing without one.
fn plain(host: &Value) -> Value {
    let mut host = host.clone();
    for key in ["AutoRemove", "ConsoleSize"] {
        host.as_object_mut().unwrap().remove(key);
    }
    host
}

fn differences(at: &str, ours: &Value, theirs: &Value) -> Vec<String> {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        // The engine's own defaults, which only its client names.
        Value::String(text) => ["", "no", "default", "private", "host"].contains(&text.as_str()),
        Value::Number(number) => number.as_i64().is_some_and(|number| number <= 0),
        Value::Bool(is) => !is,
    };
    match (ours, theirs) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let value =
                |map: &serde_json::Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
            keys.into_iter()
                .flat_map(|key| differences(&format!("{at}.{key}"), &value(one, key), &value(other, key)))
                .collect()
        }
        _ if ours == theirs || is_nothing(ours) && is_nothing(theirs) => Vec::new(),
        _ => vec![format!("{at}: {ours} and {theirs}")],
    }
}
