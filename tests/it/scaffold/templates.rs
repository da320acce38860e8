//! Every template of the library validates, shows the plan of each command, and does what it says
//! where its program is there and nothing can go wrong.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use mcpfier::scaffold::{LIBRARY, Template};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::program::{Program, mcpfier};
use crate::support::skip::skip;

/// What can be run anywhere: no network beyond this machine, no daemon, no long build.
const HARMLESS: [&str; 26] = [
    "list-folder",
    "find-files",
    "read-lines",
    "count-lines",
    "search-text",
    "search-names",
    "git-status",
    "git-log",
    "git-diff",
    "git-show",
    "git-blame",
    "git-branches",
    "python-syntax",
    "sqlite-query",
    "sqlite-schema",
    "log-files",
    "system-info",
    "system-load",
    "system-memory",
    "processes",
    "disk-free",
    "disk-usage",
    "json-query",
    "json-shape",
    "make-targets",
    "make-preview",
];

#[test]
fn there_are_at_least_fifteen_templates_and_no_two_commands_of_one_name() {
    assert!(LIBRARY.len() >= 15);
    let listed = mcpfier(&["new", "--list"]).run().stdout;
    let names: Vec<&str> = LIBRARY.iter().flat_map(Template::names).collect();
    assert!(names.iter().all(|name| listed.contains(name)));
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn every_template_validates_without_a_warning() {
    for template in LIBRARY {
        let printed = mcpfier(&["new", template.name]).run().stdout;
        assert_eq!(printed, template.text());
        mcpfier(&["--validate", "--strict", "--offline", "new.yaml"])
            .file("new.yaml", &printed)
            .may_talk()
            .run();
    }
}

#[test]
fn every_command_of_every_template_shows_its_whole_plan() {
    for template in LIBRARY {
        let plans = in_the_project(template, &["--dry-run", "--json"]).run().json();
        let plans = plans.as_array().expect("a list of plans");
        assert_eq!(plans.len(), template.names().len(), "{}", template.name);
        for plan in plans {
            let is_whole = plan["kind"] == "process" || plan["kind"] == "http";
            assert!(is_whole, "{}: there is no whole plan: {plan:#}", template.name);
        }
    }
}

#[test]
fn every_command_says_whether_it_changes_something_and_none_is_quietly_destructive() {
    for template in LIBRARY {
        for command in template.commands().split("  - name: ").skip(1) {
            assert!(command.contains("annotations: { read_only: "), "{}: {command}", template.name);
        }
    }
}

#[test]
fn harmless_commands_do_what_they_say() {
    let mut found = BTreeSet::new();
    std::thread::scope(|scope| {
        for template in LIBRARY {
            let tools = in_the_project(template, &["list", "--json"]).run().json();
            for tool in tools.as_array().expect("a list of tools").clone() {
                let name = tool["name"].as_str().expect("a tool has a name").to_owned();
                if HARMLESS.contains(&name.as_str()) {
                    found.insert(name);
                    scope.spawn(move || succeeds(template, &tool));
                }
            }
        }
    });
    assert_eq!(found.len(), HARMLESS.len(), "not all of these are in the library: {HARMLESS:?}");
}

#[test]
fn what_a_template_guards_against_is_refused() {
    for (template, words) in [
        ("files", ["read-lines", "file=/etc/hostname"]),
        ("search", ["search-text", "pattern=x"]),
        ("git", ["git-show", "revision=--output=x"]),
        ("sqlite", ["sqlite-query", "query=.shell id"]),
        ("postgres", ["postgres-query", r"query=\! id"]),
        ("postgres", ["postgres-query", "query=select 1; drop table x"]),
        ("http", ["github-repository", "owner=../../x"]),
        ("http", ["github-repository", "owner=x/y"]),
        ("docker", ["docker-logs", "container=--help"]),
        ("kubectl", ["kubectl-get", "kind=secrets"]),
        ("make", ["make-build", "target=SHELL=/bin/x"]),
        ("network", ["network-ping", "host=-f"]),
    ] {
        let template = mcpfier::scaffold::find(template).expect("it is in the library");
        let mut all = vec!["--dry-run"];
        all.extend(words);
        if words[0] == "search-text" {
            all.push("paths=../..");
        }
        if words[0] == "github-repository" {
            all.push("repository=..");
        }
        if words[0] == "sqlite-query" {
            all.push("database=example.db");
        }
        in_the_project(template, &all).ends_with(2).run();
    }
}

#[test]
fn a_database_is_never_changed() {
    let template = mcpfier::scaffold::find("sqlite").expect("it is in the library");
    if !on_this_host("sqlite3") {
        return skip("there is no sqlite3");
    }
    let query = "query=WITH x AS (SELECT 1) DELETE FROM people";
    let words = ["call", "sqlite-query", "database=example.db", query, "--json"];
    let result = in_the_project(template, &words).ends_somehow().run().json();
    assert_eq!(result["ok"], false, "{result:#}");
    let said = result.to_string();
    assert!(said.contains("readonly"), "{said}");
}

#[test]
fn a_filter_reads_no_other_file() {
    let template = mcpfier::scaffold::find("jq").expect("it is in the library");
    if !on_this_host("jq") {
        return skip("there is no jq");
    }
    let elsewhere = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(elsewhere.path().join("other.json"), r#"{"token":"of somebody"}"#)
        .expect("a scratch file");
    let folder = elsewhere.path().display();
    for filter in [format!(r#"import "other" as $it {{search: "{folder}"}}; $it"#), "--slurp".to_owned()] {
        let filter = format!("filter={filter}");
        let words = ["call", "json-query", "file=example.json", &filter, "--json"];
        let result = in_the_project(template, &words).ends_somehow().run().json();
        assert_eq!(result["ok"], false, "{result:#}");
        assert!(!result.to_string().contains("of somebody"), "{result:#}");
    }
    let words = ["call", "json-query", "file=example.json", "filter=def f: type; f", "--json"];
    assert_eq!(in_the_project(template, &words).run().json()["ok"], true);
}

/// Calls a tool with its example arguments, if this host has its program.
fn succeeds(template: &Template, tool: &Value) {
    let name = tool["name"].as_str().expect("a tool has a name");
    let arguments = example_arguments(&tool["inputSchema"]);
    let words: Vec<&str> =
        ["call", name, "--json"].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let result = in_the_project(template, &words).ends_somehow().run().json();
    if result["stdout"] == ABSENT {
        return skip(&format!("the program of {name} is not here"));
    }
    assert_eq!(result["ok"], true, "{name} {arguments:?}: {result:#}");
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

/// What stands in for a program that this host lacks says.
const ABSENT: &str = "not on this host\n";

/// The program with a template in the project, with a stand-in for each program that is not here.
fn in_the_project(template: &Template, words: &[&str]) -> Program {
    let folder = PROJECT.path();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{path}:{}", folder.join("bin").display());
    mcpfier(words).config(&folder.join(format!("{}.yaml", template.name))).env("PATH", &path).may_talk()
}

fn on_this_host(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

/// A git repository with all templates and the files that their examples name.
static PROJECT: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a scratch file");
    for template in LIBRARY {
        write(&format!("{}.yaml", template.name), &template.text());
    }
    write("README.md", "# A project\n\nIts version is 1.\n");
    write("example.py", "print('hello')\n");
    write("example.json", "{\"items\": [{\"name\": \"a\"}]}\n");
    write("example.db", "");
    write("Makefile", "all: ; echo built\n");
    std::fs::create_dir(folder.path().join("bin")).expect("a scratch folder");
    for program in
        ["docker", "kubectl", "npm", "cargo", "python3", "sqlite3", "psql", "curl", "journalctl", "ip", "ss"]
            .into_iter()
            .chain(["getent", "ping", "jq", "make", "just", "ps", "git"])
    {
        write(
            &format!("bin/{program}"),
            &format!("#!/bin/sh\nprintf '{}'\n", ABSENT.trim_end().to_owned() + "\\n"),
        );
        let path = folder.path().join("bin").join(program);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    if on_this_host("sqlite3") {
        run(
            folder.path(),
            "sqlite3",
            &["example.db", "CREATE TABLE people (name); INSERT INTO people VALUES ('a')"],
        );
    }
    run(folder.path(), "git", &["init", "--quiet"]);
    run(folder.path(), "git", &["add", "README.md", "example.py"]);
    let author = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
    run(folder.path(), "git", &[&author[..], &["commit", "--quiet", "-m", "Begin"]].concat());
    folder
});

fn run(folder: &Path, program: &str, words: &[&str]) {
    let status = Command::new(program).args(words).current_dir(folder).env("HOME", folder).status();
    assert!(status.is_ok_and(|status| status.success()), "{program} {words:?} failed");
}
