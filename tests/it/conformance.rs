//! The official conformance suite against the built binary: `tests/conformance` has the file that it is
//! run with.
//!
//! `tests/run` installs the suite and names its folder in `MCPFIER_TEST_CONFORMANCE`. Both revisions are
//! asked for everything they require, and for what is not required yet: extensions, and scenarios that
//! came later. None of it may fail.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::server::house::House;
use crate::support::skip::skip;

const OLDER: &str = "2025-11-25";
const NEWEST: &str = "2026-07-28";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_of_2025_11_25_passes() {
    play(OLDER).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_suite_of_2026_07_28_passes() {
    play(NEWEST).await;
}

async fn play(revision: &'static str) {
    let Some(suite) = Suite::find() else { return };
    // A copy: one of the scenarios changes it.
    let house = House::start_in(site(), "config.yaml", &[]).await;
    let url = house.url("/mcp");
    let ran = tokio::task::spawn_blocking(move || suite.run(revision, &url)).await.expect("it runs");
    report(revision, &ran);
    let failing: Vec<&String> = ran.iter().filter(|(_, why)| !why.is_empty()).map(|(name, _)| name).collect();
    assert!(failing.is_empty(), "{revision}: {failing:?} failed: {ran:#?}");
    assert!(ran.len() >= 30, "{revision}: the suite has run {} scenarios only", ran.len());
}

fn report(revision: &str, ran: &BTreeMap<String, Vec<String>>) {
    let passed = ran.values().filter(|why| why.is_empty()).count();
    // Straight to the stream: what goes through `println!` is shown for failed tests only.
    let _ = writeln!(std::io::stderr(), "conformance {revision}: {passed} of {} scenarios passed", ran.len());
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn site() -> TempDir {
    let site = tempfile::tempdir().expect("a scratch folder");
    for file in std::fs::read_dir(folder()).expect("there is a folder") {
        let file = file.expect("it can be read");
        if file.file_type().expect("it is something").is_file() {
            std::fs::copy(file.path(), site.path().join(file.file_name())).expect("a copy");
        }
    }
    site
}

/// Where the suite is installed, and the Node that runs it.
struct Suite {
    node: PathBuf,
    program: PathBuf,
}

impl Suite {
    fn find() -> Option<Self> {
        let folder = |name| std::env::var_os(name).map(PathBuf::from);
        let suite =
            folder("MCPFIER_TEST_CONFORMANCE").zip(folder("MCPFIER_TEST_TOOLS")).map(|(suite, tools)| Self {
                node: tools.join("bin/node"),
                program: suite.join("node_modules/@modelcontextprotocol/conformance/dist/index.js"),
            });
        let suite = suite.filter(|suite| suite.node.exists() && suite.program.exists());
        if suite.is_none() {
            skip("no conformance suite here; tests/run installs it");
        }
        suite
    }

    /// Every scenario with what was wrong.
    fn run(&self, revision: &str, url: &str) -> BTreeMap<String, Vec<String>> {
        let results = tempfile::tempdir().expect("a scratch folder");
        let mut command = Command::new(&self.node);
        command.arg(&self.program).args(["server", "--url", url, "--requirements", revision, "-o"]);
        let output = command.arg(results.path()).output().expect("the suite starts");
        let mut ran = BTreeMap::new();
        for folder in std::fs::read_dir(results.path()).expect("there are results") {
            let folder = folder.expect("it can be read");
            let name = folder.file_name().to_string_lossy().into_owned();
            ran.insert(scenario(&name).to_owned(), failures(&folder.path().join("checks.json")));
        }
        assert!(!ran.is_empty(), "the suite has run nothing: {output:?}");
        ran
    }
}

/// `server-NAME-2026-11-22T03-38-42-038Z` names `NAME`.
fn scenario(folder: &str) -> &str {
    let name = folder.strip_prefix("server-").unwrap_or(folder);
    let moment = "-2026-11-22T03-38-42-038Z".len();
    name.get(..name.len().saturating_sub(moment)).unwrap_or(name)
}

fn failures(checks: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(checks).expect("a scenario has checks");
    let checks: Vec<Value> = serde_json::from_str(&text).expect("checks are JSON");
    let failed = checks.iter().filter(|check| check["status"] == "FAILURE");
    failed.map(|check| format!("{}: {}", check["id"], check["errorMessage"])).collect()
}
