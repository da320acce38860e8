//! What a new user copies first: `config.example.yaml` and the files in `examples/`.
//!
//! They are copied into a scratch git repository, so that it does not matter where the sources lie,
//! and are tried from outside: each validates without a warning, shows the plan of each command, and
//! every command runs with the arguments that the file itself gives as examples.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::program::{Program, mcpfier};
use crate::support::web::{Web, answer, reply};

/// For the examples that use it; long enough to be taken for a secret.
const TOKEN: &str = "correct-horse-battery";

/// Tools that have nothing to write in their examples.
const SILENT: [&str; 3] = ["quiet-work", "compare", "diff"];

#[test]
fn the_tour_works() {
    works("config.example.yaml", 7);
}

#[test]
fn files_and_search_works() {
    works("examples/files-and-search.yaml", 5);
}

#[test]
fn reading_git_works() {
    works("examples/git-readonly.yaml", 5);
}

#[test]
fn the_system_report_works() {
    works("examples/system-report.yaml", 4);
}

#[test]
fn output_for_programs_works() {
    works("examples/json-output.yaml", 4);
}

#[test]
fn the_report_works() {
    works("examples/report.yaml", 4);
}

#[test]
fn the_script_with_progress_works() {
    works("examples/progress-script.yaml", 2);
}

#[test]
fn the_long_build_works() {
    works("examples/long-build.yaml", 3);
}

#[test]
fn the_nightly_report_works() {
    works("examples/nightly-report.yaml", 4);
}

#[test]
fn requirements_work() {
    works("examples/requirements.yaml", 4);
}

#[test]
fn secrets_work() {
    works("examples/secrets.yaml", 3);
}

#[test]
fn shell_scripts_work() {
    works("examples/shell-scripts.yaml", 4);
}

#[test]
fn the_sandbox_works() {
    works("examples/sandbox.yaml", 4);
}

#[test]
fn the_server_for_a_team_works() {
    works("examples/server.yaml", 3);
}

#[test]
fn the_records_of_calls_work() {
    works("examples/audit.yaml", 2);
}

#[test]
fn permissions_work() {
    let example = |words: &[&str]| example("examples/permissions.yaml", words);
    example(&["--validate", "--strict"]).run();
    let tests = example(&["test"]).may_talk().run().stdout;
    assert!(tests.contains("1 passed"), "{tests}");
    let said = example(&["call", "release", "version=1.0.0"]).may_talk().run().stdout;
    assert!(said.contains("deployed to dev"), "{said}");
    let ci = ["policy", "check", "--as", "key:ci", "--at", "2026-11-25"];
    example(&[&ci[..], &["deploy", "to=prod"]].concat()).ends_with(6).run();
    example(&[&ci[..], &["deploy", "to=dev"]].concat()).run();
    example(&[&ci[..], &["release", "version=1.0.0"]].concat()).ends_with(6).run();
}

#[test]
fn variables_work() {
    works("examples/variables.yaml", 3);
}

#[test]
fn one_configuration_out_of_several_files_works() {
    works("examples/composition.yaml", 4);
}

#[test]
fn the_release_works() {
    flows_work("examples/release.yaml", &["release", "version=1.2.0"]);
    let said = example("examples/release.yaml", &["release", "version=0.0.0"]).ends_with(1).run();
    assert!(said.stderr.contains("step `check` failed"), "{}{}", said.stdout, said.stderr);
}

#[test]
fn the_checks_work() {
    flows_work("examples/checks.yaml", &["report"]);
}

#[test]
fn the_fan_out_works() {
    flows_work("examples/fan-out.yaml", &["roll-out", "hosts=web-1", "hosts=db-2"]);
}

/// Validates, plans, draws and runs a workflow; its plan is what the snapshot shows.
fn flows_work(name: &str, call: &[&str]) {
    example(name, &["--validate", "--strict"]).run();
    let plan = example(name, &[&["--dry-run"], call].concat()).run().stdout;
    let title = name.trim_start_matches("examples/").trim_end_matches(".yaml");
    insta::assert_snapshot!(title, plan);
    let drawn = example(name, &["graph", call[0]]).run().stdout;
    assert!(drawn.starts_with(call[0]), "{drawn}");
    let result = example(name, &[&["call"], call, &["--json"]].concat()).may_talk().run().json();
    assert_eq!(result["ok"], true, "{result:#}");
}

#[test]
fn the_same_file_serves_production() {
    let prod = |words: &[&str]| {
        let words: Vec<&str> = ["--profile", "prod"].iter().chain(words).copied().collect();
        example("examples/composition.yaml", &words)
    };
    assert_eq!(prod(&["where"]).run().stdout, "eu-west\n");
    prod(&["--validate", "--strict"]).run();
    let said = prod(&["debug"]).ends_with(5).run();
    assert!(said.stderr.contains("it is disabled"), "{}", said.stderr);
}

#[test]
fn the_client_of_an_interface_works() {
    let shop = Web::start(|heard, stream| {
        let status = if heard.method == "POST" { "201 Created" } else { "200 OK" };
        reply(stream, &answer(status, &[], br#"{"code": "AB1234"}"#));
    });
    let example = |words: &[&str]| {
        example("examples/http-api.yaml", words).env("EXAMPLE_SHOP_URL", &shop.url()).may_talk().run()
    };
    example(&["--validate", "--strict"]);
    let plans = example(&["--dry-run", "--json"]).json();
    assert!(plans.as_array().expect("plans").iter().all(|plan| plan["kind"] == "http"), "{plans:#}");
    for words in [
        &["call", "show-article", "article=AB1234", "--json"][..],
        &["call", "find-articles", "words=blue cup", "colours=red", "colours=blue", "--json"],
        &["call", "place-order", "article=AB1234", "count=2", "--json"],
    ] {
        assert_eq!(example(words).json()["ok"], true);
    }
    let heard = shop.heard();
    let targets: Vec<&str> = heard.iter().map(|heard| heard.target.as_str()).collect();
    let search = "/articles?q=blue%20cup&page=1&size=20&colour=red&colour=blue";
    assert_eq!(targets, ["/articles/AB1234", search, "/orders"]);
    assert_eq!(heard[2].body, r#"{"lines":[{"article":"AB1234","count":2}]}"#);
    assert_eq!(heard[2].header("x-shop-key"), Some(TOKEN));
}

#[test]
fn the_client_with_tokens_and_files_works() {
    let archive = Web::start(|heard, stream| {
        let bytes = match (heard.method.as_str(), heard.target.split('?').next()) {
            (_, Some("/oauth/token")) => {
                answer("200 OK", &[], br#"{"access_token": "token-of-the-archive", "expires_in": 60}"#)
            }
            _ if heard.header("authorization") != Some("Bearer token-of-the-archive") => {
                answer("401 Unauthorized", &[], b"")
            }
            ("GET", Some("/reports")) => answer("200 OK", &[], br#"[{"id": 1}]"#),
            ("POST", Some("/reports")) => answer("201 Created", &[], b"{}"),
            _ => answer(
                "200 OK",
                &[("Content-Type", "text/event-stream")],
                b"data: There are\n\ndata: two.\n\ndata: [DONE]\n\n",
            ),
        };
        reply(stream, &bytes);
    });
    let example = |words: &[&str]| {
        example("examples/api-client.yaml", words).env("EXAMPLE_ARCHIVE_URL", &archive.url()).may_talk().run()
    };
    example(&["--validate", "--strict"]);
    let plans = example(&["--dry-run", "--json"]).json();
    let is_whole =
        |plan: &Value| plan["kind"] == "http" || plan["kind"] == "flow" || plan["note"].is_string();
    assert!(plans.as_array().expect("plans").iter().all(is_whole), "{plans:#}");
    assert_eq!(example(&["call", "list-reports", "year=2026", "page=2"]).stdout, r#"[{"id": 1}]"#);
    let report =
        ["call", "add-report", "title=A report", "words=a", "words=b", "report=api-client.yaml", "--json"];
    assert_eq!(example(&report).json()["ok"], true);
    assert_eq!(example(&["call", "ask-archive", "question=How many?"]).stdout, "There are\ntwo.\n");
    let heard = archive.heard();
    assert_eq!(heard[1].target, "/reports?year=2026&page=2&size=50");
    assert_eq!(heard[3].body.matches("name=\"word\"").count(), 2);
    assert!(heard[3].body.contains("filename=\"api-client.yaml\"\r\nContent-Type: application/pdf"));
    let pages = example(&["call", "all-reports", "year=2026"]).stdout;
    assert_eq!(pages, "report 1\nreport 1\nreport 1\n");
}

/// Its images come from the internet, so nothing is called: `containers` calls what runs in one.
#[test]
fn the_containers_are_planned() {
    let example = |words: &[&str]| example("examples/containers.yaml", words).may_talk().run();
    example(&["--validate", "--strict", "--offline"]);
    let plans = example(&["--dry-run", "--json"]).json();
    let plans = plans.as_array().expect("a list of plans");
    assert_eq!(plans.len(), 4);
    for plan in plans {
        assert_eq!(
            (&plan["kind"], &plan["network"]),
            (&Value::from("container"), &Value::from("none")),
            "{plan:#}"
        );
        assert_eq!(plan["readOnlyRoot"], true);
    }
    let readme = REPOSITORY.path().canonicalize().expect("a folder").join("README.md");
    assert_eq!(plans[1]["mounts"][0]["source"], readme.display().to_string());
}

/// Its base comes from the internet: `containers` builds and calls it on another one.
#[test]
fn the_build_is_planned() {
    let example = |words: &[&str]| example("examples/build.yaml", words).may_talk().run();
    example(&["--validate", "--strict", "--offline"]);
    let plan = example(&["--dry-run", "frequent-words", "text=a", "--json"]).json();
    let tag = plan["image"].as_str().expect("a name");
    assert!(tag.starts_with("mcpfier-build:") && tag.len() > 30, "{tag}");
    assert_eq!(plan["build"]["args"], serde_json::json!({ "BASE": "alpine:3.22" }));
}

#[test]
fn every_example_has_a_test_here() {
    let tests = include_str!("examples.rs");
    let files = std::fs::read_dir(sources().join("examples")).expect("the examples").flatten();
    for file in files.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        let is_config = Path::new(&file).extension().is_some_and(|extension| extension == "yaml");
        assert!(!is_config || tests.contains(&format!("\"examples/{file}\"")), "{file} has no test");
    }
}

#[test]
fn a_leaked_secret_does_not_arrive() {
    let said = example("examples/secrets.yaml", &["leak"]).run();
    assert_eq!(
        said.stdout,
        "plain:   [redacted]\nencoded: [redacted]\nin JSON: {\"token\": \"[redacted]\"}\n"
    );
}

#[test]
fn a_value_that_looks_like_code_stays_a_value() {
    let said = example("examples/shell-scripts.yaml", &["rename-preview", "suffix=; echo $(id)`id`"]).run();
    assert!(
        said.stdout.contains("shell-scripts.yaml -> shell-scripts; echo $(id)`id`.yaml\n"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_path_out_of_the_folder_is_refused() {
    let said =
        example("examples/files-and-search.yaml", &["read-lines", "file=../README.md"]).ends_with(2).run();
    assert!(said.stderr.contains("`file`: `../README.md` leads out of"), "{}", said.stderr);
}

/// Validates, plans and calls everything in one file.
fn works(name: &str, commands: usize) {
    example(name, &["--validate", "--strict"]).run();
    let plans = example(name, &["--dry-run", "--json"]).run().json();
    let plans = plans.as_array().expect("a list of plans");
    assert_eq!(plans.len(), commands);
    for plan in plans {
        assert_eq!(plan["kind"], "process", "there is no whole plan: {plan:#}");
    }
    let tools = example(name, &["list", "--json"]).run().json();
    std::thread::scope(|scope| {
        for tool in tools.as_array().expect("a list of tools") {
            scope.spawn(move || succeeds(name, tool));
        }
    });
}

/// Calls a tool with its example arguments.
fn succeeds(name: &str, tool: &Value) {
    let tool_name = tool["name"].as_str().expect("a tool has a name");
    let arguments = example_arguments(&tool["inputSchema"]);
    let words: Vec<&str> =
        ["call", tool_name, "--json"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    // At a shell the exit code is the command's own, also where the file calls it success.
    let result = example(name, &words).ends_somehow().run().json();
    assert_eq!(result["ok"], true, "{tool_name} {arguments:?}: {result:#}");
    let wrote = result["run"]["stdoutBytes"].as_u64() > Some(0);
    assert!(wrote || SILENT.contains(&tool_name), "{tool_name} {arguments:?} wrote nothing");
}

fn example_arguments(schema: &Value) -> Vec<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let argument = |name: &str| {
        let param = &schema["properties"][name];
        let value = ["examples", "enum"].iter().find_map(|key| param[key].get(0));
        format!("{name}:={}", value.unwrap_or_else(|| panic!("`{name}` has no example")))
    };
    required.map(argument).collect()
}

fn example(name: &str, words: &[&str]) -> Program {
    mcpfier(words).config(&REPOSITORY.path().join(name)).env("EXAMPLE_TOKEN", TOKEN)
}

fn sources() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A git repository with one commit, in which the examples lie as they do here.
static REPOSITORY: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a scratch folder");
    for below in ["examples/team", "examples/word-report"] {
        std::fs::create_dir_all(folder.path().join(below)).expect("folders for the examples");
    }
    let files = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(sources().join(folder)).expect("the examples").flatten();
        let files = entries.filter(|entry| entry.path().is_file());
        files.map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy())).collect()
    };
    let names =
        files("examples").into_iter().chain(files("examples/team")).chain(files("examples/word-report"));
    for name in names.chain(["config.example.yaml", "README.md", "Cargo.toml"].map(str::to_owned)) {
        std::fs::copy(sources().join(&name), folder.path().join(&name)).expect("a copy of an example");
    }
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "--all"]);
    git(
        folder.path(),
        &["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "Begin"],
    );
    folder
});

fn git(folder: &Path, words: &[&str]) {
    let status = Command::new("git").args(words).current_dir(folder).env("HOME", folder).status();
    assert!(status.is_ok_and(|status| status.success()), "git {words:?} failed");
}
