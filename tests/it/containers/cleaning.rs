//! Removing what servers have left that are gone, and nothing else.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use mcpfier::runner::container::clean;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;

use super::{Bench, LONG, first_words, shell, to_the_end};
use crate::support::engine::IMAGE;
use crate::support::program::mcpfier;

/// The owner that a container of ours has, changed in one of its parts.
fn owner(bench: &Bench, part: usize, text: &str) -> String {
    let found = bench.inspected();
    let label = found["Config"]["Labels"]["mcpfier.instance"].as_str().expect("an owner");
    let mut parts: Vec<&str> = label.split('/').collect();
    assert_eq!(parts.len(), 5, "{label}");
    parts[part] = text;
    parts.join("/")
}

/// A container as somebody may have left it.
fn left(bench: &Bench, owner: Option<&str>) -> String {
    let tool = format!("mcpfier.tool={}", bench.mark);
    let owner = owner.map(|owner| format!("mcpfier.instance={owner}"));
    let mut words = vec!["create", "--label", &tool];
    if let Some(owner) = &owner {
        words.extend(["--label", owner]);
    }
    words.extend([IMAGE, "/bin/true"]);
    bench.engine.docker(&words)
}

#[tokio::test]
async fn only_containers_whose_owner_is_surely_gone_are_removed() {
    let Some(bench) = shell("echo up; sleep 60") else { return };
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    first_words(&mut running).await;
    let alive = bench.containers();
    // No process has a number that large, and none started at the first tick.
    let owners = [owner(&bench, 3, "999999999"), owner(&bench, 4, "1"), owner(&bench, 1, "an-earlier-boot")];
    let elsewhere = [owner(&bench, 0, "another-host"), owner(&bench, 2, "12")];
    let gone: Vec<String> = owners.iter().map(|owner| left(&bench, Some(owner))).collect();
    let mut kept: Vec<String> = elsewhere.iter().map(|owner| left(&bench, Some(owner))).collect();
    kept.push(left(&bench, Some("no owner at all")));
    kept.push(left(&bench, None));
    kept.extend(alive);

    let cleaned = clean(bench.engine.environment(), None).await.unwrap();
    let ours = cleaned.iter().filter(|one| one.tool == bench.mark).count();
    assert!(ours <= gone.len(), "{cleaned:?}");
    kept.sort();
    // Other tests clean too, beside their first call: what they are at is gone soon.
    let begun = Instant::now();
    loop {
        let mut found = bench.containers();
        found.sort();
        if found == kept {
            break;
        }
        assert!(begun.elapsed() < LONG, "{found:?} and not {kept:?}");
    }
    cancel.cancel();
    to_the_end(&mut running).await;
}

/// What the test below kills: a process that runs a container. In a run of the tests it does nothing.
#[tokio::test]
async fn a_victim_runs_a_container_if_it_is_told_to() {
    let Ok(tool) = std::env::var(VICTIM) else { return };
    let Some(bench) = shell("echo up; sleep 600") else { return };
    let bench = bench.with(|plan| {
        plan.labels = vec![("mcpfier.tool".to_owned(), tool)];
        plan.files = vec![("/run/file".to_owned(), super::known("text"))];
        plan.network = mcpfier::model::Network::Only(Vec::new());
        plan.timeout = 10 * LONG;
    });
    let mut running = bench.start(CancellationToken::new()).await;
    first_words(&mut running).await;
    println!("victim is up");
    to_the_end(&mut running).await;
}

const VICTIM: &str = "MCPFIER_TEST_VICTIM";

#[tokio::test]
async fn what_a_killed_server_left_is_cleaned_by_the_verb() {
    let Some(bench) = shell("true") else { return };
    let victim = "containers::cleaning::a_victim_runs_a_container_if_it_is_told_to";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", victim, "--nocapture"]).env(VICTIM, &bench.mark);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let is_up = lines.map_while(Result::ok).any(|line| line.ends_with("victim is up"));
    assert!(is_up);
    let pid = child.id();
    let files = || {
        let entries = std::fs::read_dir("/dev/shm").unwrap().filter_map(Result::ok);
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let ours = format!("+{pid}+");
        names.filter(|name| name.starts_with("mcpfier-files-") && name.contains(&ours)).count()
    };
    // Files, and a way out.
    assert_eq!((bench.containers().len(), files()), (1, 2));
    kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    let said = mcpfier(&["clean"]).env("DOCKER_HOST", &bench.engine.host).may_talk().run();
    // Another test may have been faster.
    let told = format!("of `{}`", bench.mark);
    assert!(said.stdout.contains(&told) || bench.containers().is_empty(), "{}", said.stdout);
    bench.assert_nothing_left().await;
    assert_eq!(files(), 0);
}

#[tokio::test]
async fn cleaning_without_an_engine_says_what_was_tried() {
    let said = mcpfier(&["clean"]).env("DOCKER_HOST", "unix:///no/such.sock").ends_with(1).run();
    assert!(
        said.stderr.contains("`unix:///no/such.sock` cannot be reached: there is no such socket"),
        "{}",
        said.stderr
    );
    let said = mcpfier(&["clean"]).env("DOCKER_HOST", "nonsense").ends_with(1).run();
    assert!(
        said.stderr.contains("`nonsense` has no scheme; expected `unix:///path/to.sock`"),
        "{}",
        said.stderr
    );
}
