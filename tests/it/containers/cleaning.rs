//! Removing what servers have left that are gone, and nothing else.

use std::time::Instant;

use mcpfier::runner::container::clean;
use tokio_util::sync::CancellationToken;

use super::{Bench, LONG, first_words, shell, to_the_end};
use crate::support::engine::IMAGE;

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

    let cleaned = clean(bench.engine.environment()).await.unwrap();
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
