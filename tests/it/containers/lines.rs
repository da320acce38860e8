//! The line for Docker's own client that a dry-run prints: a shell runs it, and the same happens.

use std::collections::BTreeSet;

use mcpfier::model::{ByteSize, Cores, Lockdown, Network, Secrets, Tmpfs};
use mcpfier::plan::{ContainerPlan, PlannedMount, PlannedStdin, docker_line};
use mcpfier::runner::End;
use mcpfier::runner::container::ContainerFailure;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Bench, Ran, bench, first_words, known, shell, to_the_end};

fn line(bench: &Bench) -> String {
    docker_line(&bench.plan, &Secrets::new())
}

/// What a shell gets that runs the line.
fn pasted(bench: &Bench) -> (Option<i32>, String, String) {
    let output = bench.engine.shell(&line(bench)).output().expect("bash starts");
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), stdout, stderr)
}

fn code(end: &End) -> i32 {
    match end {
        End::Success => 0,
        End::Failed(code) => code.get(),
        End::Signalled(signal) => 128 + signal,
        End::OutOfMemory => 137,
        other => panic!("no code: {other:?}"),
    }
}

async fn does_the_same(bench: &Bench) -> Ran {
    let ran = bench.run().await;
    assert_eq!(pasted(bench), (Some(code(&ran.end)), ran.text(), ran.stderr.clone()), "{}", line(bench));
    ran
}

#[tokio::test]
async fn a_shell_that_runs_the_line_gets_the_same() {
    let script = "echo \"$WORD\"; echo \"$EMPTY-\"; id -u; cat; echo err >&2; exit 3";
    let Some(bench) = shell(script) else { return };
    let bench = bench.with(|plan| {
        plan.variables = vec![
            ("WORD".to_owned(), known("it's \"quoted\" $HOME\n`on` two\\ lines")),
            ("EMPTY".to_owned(), known("")),
        ];
        plan.stdin = PlannedStdin::Text(known("read\n"));
    });
    let ran = does_the_same(&bench).await;
    assert_eq!(ran.text(), "it's \"quoted\" $HOME\n`on` two\\ lines\n-\n65534\nread\n");
}

#[tokio::test]
async fn words_are_the_same_words_in_a_line() {
    let Some(bench) = bench(&["/bin/sh", "-c", "for word; do printf '[%s]' \"$word\"; done; exit 9", "sh"])
    else {
        return;
    };
    let words = [
        "a b",
        "",
        "it's",
        "\"x\"",
        "$HOME",
        "`id`",
        "\\",
        "two\nlines\n",
        "-n",
        "--",
        "*",
        "~",
        "é\u{200b}",
    ];
    let bench = bench.with(|plan| {
        // More than one word of an entrypoint, which the flag does not take.
        plan.entrypoint = Some(["/bin/busybox", "sh"].map(str::to_owned).into());
        plan.arguments.extend(words.map(known));
    });
    let ran = does_the_same(&bench).await;
    let expected: String = words.iter().map(|word| format!("[{word}]")).collect();
    assert_eq!((ran.text(), code(&ran.end)), (expected, 9));
}

#[tokio::test]
async fn codes_are_the_same_in_a_shell() {
    for code in ["exit 0", "exit 3", "exit 125", "exit 126", "exit 127", "exit 137", "kill -TERM $$; sleep 9"]
    {
        let Some(bench) = shell(&format!("trap 'exit 143' TERM; {code}")) else { return };
        does_the_same(&bench).await;
    }
    let Some(bench) = bench(&[]) else { return };
    assert_eq!(does_the_same(&bench).await.text(), "the words of the image\n");
    let Some(bench) = shell("tail /dev/zero") else { return };
    let bench = bench.with(|plan| plan.limits.memory = Some(ByteSize::mib(16)));
    assert_eq!(code(&bench.run().await.end), 137);
    assert_eq!(pasted(&bench).0, Some(137));
}

/// Docker's client has codes for that, which programs have as well. Here they are told apart.
#[tokio::test]
async fn what_cannot_be_started_is_not_started_by_the_line_either() {
    let Some(missing) = bench(&["/bin/no-such-program"]) else { return };
    assert!(matches!(missing.failure().await, ContainerFailure::NoProgram { .. }));
    assert_eq!(pasted(&missing).0, Some(127));
    let Some(locked) = bench(&["/bin/locked"]) else { return };
    assert!(matches!(locked.failure().await, ContainerFailure::NotExecutable { .. }));
    assert_eq!(pasted(&locked).0, Some(126));
    let absent = locked.with(|plan| plan.image = "mcpfier-test/absent:9".to_owned());
    assert!(matches!(absent.failure().await, ContainerFailure::NoImage { .. }));
    assert_eq!(pasted(&absent).0, Some(125));
}

#[tokio::test]
async fn the_engine_sees_the_same_limits_either_way() {
    same_for_the_engine(|plan| {
        plan.limits.cpu = Some(Cores(250));
        plan.limits.memory = Some(ByteSize::mib(32));
        plan.limits.pids = Some(17);
        plan.limits.files = Some(99);
        plan.init = true;
        plan.stop_signal = Some("SIGINT".to_owned());
        plan.platform = Some("linux/amd64".to_owned());
    })
    .await;
    same_for_the_engine(|plan| {
        plan.limits.memory = None;
        plan.limits.pids = None;
        plan.limits.files = None;
        plan.limits.cpu = Some(Cores(2000));
    })
    .await;
}

#[tokio::test]
async fn the_engine_sees_the_same_places_either_way() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().canonicalize().unwrap().join("with, comma \"and\" quotes");
    std::fs::create_dir(&odd).unwrap();
    same_for_the_engine(|plan| {
        let mount = |target: &str, read_only| PlannedMount {
            source: odd.clone(),
            target: target.to_owned(),
            read_only,
        };
        plan.mounts = vec![mount("/in", true), mount("/out put", false)];
        plan.tmpfs = vec![
            Tmpfs { target: "/tmp".to_owned(), size: Some(ByteSize::mib(1)) },
            Tmpfs { target: "/cache".to_owned(), size: None },
        ];
        plan.workdir = Some("/tmp".to_owned());
        plan.devices = vec!["/dev/zero".into()];
    })
    .await;
    same_for_the_engine(|plan| plan.tmpfs = Vec::new()).await;
}

#[tokio::test]
async fn the_engine_sees_the_same_reach_either_way() {
    same_for_the_engine(|plan| {
        plan.hosts = vec![
            ("some.host".to_owned(), "10.1.2.3".parse().unwrap()),
            ("six.host".to_owned(), "fd00::1".parse().unwrap()),
        ];
        plan.dns = vec!["10.1.2.4".parse().unwrap(), "10.1.2.5".parse().unwrap()];
        plan.network = Network::Bridge;
        plan.labels.push(("some.label".to_owned(), "it's = \"one\"".to_owned()));
        plan.variables = vec![("A".to_owned(), known("1\n2")), ("B".to_owned(), known(""))];
    })
    .await;
}

#[tokio::test]
async fn the_engine_sees_the_same_powers_either_way() {
    same_for_the_engine(|plan| plan.lockdown.cap_add = vec!["CHOWN".to_owned(), "CAP_KILL".to_owned()]).await;
    same_for_the_engine(|plan| plan.lockdown = Lockdown::open()).await;
    same_for_the_engine(|plan| {
        plan.lockdown.user = Some("root".to_owned());
        plan.lockdown.read_only_root = false;
        plan.stdin = PlannedStdin::Text(known("in"));
    })
    .await;
}

/// Runs the plan, has Docker's client make what the line says, and compares all that the engine knows
/// of the two. Podman's API and Podman's client differ in what they leave to defaults.
async fn same_for_the_engine(change: impl FnOnce(&mut ContainerPlan)) {
    let Some(bench) = shell("echo up; sleep 60") else { return };
    if bench.engine.is_podman {
        return;
    }
    let bench = bench.with(change);
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    first_words(&mut running).await;
    let ours = bench.inspected();
    cancel.cancel();
    to_the_end(&mut running).await;
    bench.assert_nothing_left().await;

    let line = line(&bench);
    let made = line.replacen("docker run", "docker create", 1);
    assert_ne!(made, line);
    let output = bench.engine.shell(&made).output().expect("bash starts");
    assert!(output.status.success(), "{made}: {}", String::from_utf8_lossy(&output.stderr));
    let theirs = bench.inspected();
    let mut found = differences("HostConfig", &plain(&ours["HostConfig"]), &plain(&theirs["HostConfig"]));
    found.extend(differences("Config", &plain(&ours["Config"]), &plain(&theirs["Config"])));
    assert_eq!(found, [""; 0], "{line}");
}

/// Without what differs by intent: we remove it ourselves, since the engine would take away the
/// reason of its end; a terminal's size, which means nothing without one; and which call it is.
fn plain(part: &Value) -> Value {
    let mut part = part.clone();
    let map = part.as_object_mut().expect("an object");
    for key in ["AutoRemove", "ConsoleSize", "Hostname"] {
        map.remove(key);
    }
    // The engine lists variables in any order.
    if let Some(variables) = map.get_mut("Env").and_then(Value::as_array_mut) {
        variables.sort_by_key(ToString::to_string);
    }
    if let Some(labels) = map.get_mut("Labels").and_then(Value::as_object_mut) {
        labels.remove("mcpfier.call");
        labels.remove("mcpfier.instance");
    }
    part
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
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
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
