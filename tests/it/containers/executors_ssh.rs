//! An engine on a host that is reached by SSH.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcpfier::model::{EngineHost, Executor};
use mcpfier::plan::{Environment, PlannedStdin};
use mcpfier::runner::End;
use mcpfier::runner::container::look;
use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;

use super::{Bench, LONG, first_words, known, to_the_end};
use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::server::{Server, Wire};
use crate::support::ssh_host::SshHost;

fn there() -> Option<(Engine, SshHost)> {
    let engine = engine()?;
    let host = SshHost::start(&engine)?;
    Some((engine, host))
}

fn executor(host: &str) -> Executor {
    let host = EngineHost::parse(&format!("ssh://{host}"), false).expect("a host");
    Executor { name: "far".to_owned(), host, tls: None }
}

fn environment(host: &SshHost) -> Arc<Environment> {
    let home = ("HOME".to_owned(), "/no/such/home".to_owned());
    Arc::new(Environment::from([("PATH".to_owned(), host.path()), home]))
}

fn bench(engine: Engine, host: &SshHost, program: &[&str]) -> Bench {
    let bench = Bench::on(engine, environment(host), program);
    bench.with(|plan| plan.executor = Some(executor("good")))
}

#[tokio::test]
async fn containers_run_on_the_engine_of_another_host() {
    let Some((engine, host)) = there() else { return };
    let text = "0123456789abcdef".repeat(64 * 1024);
    let shell = bench(engine.clone(), &host, &["/bin/sh", "-c", "cat; echo err >&2; exit 3"]);
    let shell = shell.with(|plan| plan.stdin = PlannedStdin::Text(known(&text)));
    let ran = shell.run().await;
    assert_eq!((ran.stdout.len(), ran.stderr.as_str()), (text.len(), "err\n"));
    assert_eq!(ran.end, End::Failed(3.try_into().unwrap()));
    assert!(ran.text() == text);
    let begun = Instant::now();
    shell.run().await;
    // Keys are exchanged once for several requests.
    assert!(host.connections().len() <= 6, "{:?}", host.connections());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());

    let slow = bench(engine, &host, &["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"]);
    let cancel = CancellationToken::new();
    let mut running = slow.start(cancel.clone()).await;
    assert_eq!(first_words(&mut running).await, "up\n");
    cancel.cancel();
    assert_eq!(to_the_end(&mut running).await.end, End::Cancelled);
    slow.assert_nothing_left().await;
    assert!(slow.runner.shut_down(LONG).await);
    drop((shell, slow));
    let begun = Instant::now();
    while !host.connections().is_empty() {
        assert!(begun.elapsed() < LONG, "{:?}", host.connections());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_way_there_is_told() {
    let Some((_, host)) = there() else { return };
    for (name, expected) in [
        ("unknown", "the host key of `unknown` is not known; connect once with `ssh`"),
        ("changed", "`changed` has another host key than it had"),
        ("refused", "SSH refuses our keys"),
        // Nobody is asked for its passphrase.
        ("locked", "nobody is asked for a password"),
        ("bare", "there is no `docker` on `bare`"),
        ("engineless", "no engine answers on `engineless`: "),
        ("no-such-host.invalid", "Could not resolve hostname"),
    ] {
        let begun = Instant::now();
        let looked = look(environment(&host), Some(executor(name)), Vec::new()).await;
        let told = looked.expect_err("it is not reached").to_string();
        assert!(told.contains(expected) && !told.contains('\n'), "{name}: {told}");
        assert!(
            told.starts_with(&format!("the container engine at `ssh://{name}` cannot be reached: ")),
            "{told}"
        );
        assert!(begun.elapsed() < Duration::from_secs(16), "{name}: {:?}", begun.elapsed());
    }
    // Without the program of OpenSSH.
    let nothing = Arc::new(Environment::from([("PATH".to_owned(), "/no/such/folder".to_owned())]));
    let told =
        look(nothing, Some(executor("good")), Vec::new()).await.expect_err("there is none").to_string();
    assert!(told.contains("there is no `ssh` on this host"), "{told}");
    // As an engine that is found by itself.
    let mut found = (*environment(&host)).clone();
    found.insert("DOCKER_HOST".to_owned(), "ssh://good".to_owned());
    let seen = look(Arc::new(found), None, vec![IMAGE.to_owned()]).await.expect("it is reached");
    assert_eq!((seen.survey.at.as_str(), seen.missing.len()), ("ssh://good", 0));
}

#[tokio::test]
async fn no_ssh_outlives_its_server() {
    let Some((engine, host)) = there() else { return };
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "version: 1\nexecutors: {{ far: {{ docker: {{ host: ssh://good }} }} }}\ncommands:\n  - name: far\n    \
             description: Takes long.\n    container: {{ image: \"{IMAGE}\", pull: never }}\n    run_on: far\n    \
             run: echo up; sleep 600\n"
        );
        std::fs::write(folder.path().join("tools.yaml"), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.arg("--config").arg(folder.path().join("tools.yaml")).env("PATH", host.path());
        let mut server = Server::run(Wire::Pipes, folder, command);
        server.client.initialize().await;
        server.client.request(1, "tools/call", serde_json::json!({ "name": "far", "arguments": {} })).await;
        let ours = format!("/{}/", server.pid());
        let running = || {
            let listed = engine.docker(&["ps", "--format", "{{.Label \"mcpfier.instance\"}}"]);
            listed.lines().filter(|owner| owner.contains(&ours)).count()
        };
        let begun = Instant::now();
        while running() == 0 {
            assert!(begun.elapsed() < LONG, "it does not start: {}", server.stderr());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(!host.connections().is_empty());
        server.signal(signal);
        server.ended().await;
        let begun = Instant::now();
        while !host.connections().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(5), "{signal}: {:?}", host.connections());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if signal == Signal::SIGKILL {
            crate::support::program::mcpfier(&["clean"]).env("DOCKER_HOST", &engine.host).may_talk().run();
        }
        let begun = Instant::now();
        while running() != 0 {
            assert!(begun.elapsed() < LONG, "left behind after {signal}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
