//! One configuration out of several files, with profiles, values and tags chosen beside it.

use std::path::Path;

use mcpfier::config::{Choice, Host, Loaded, Style, Typed, Wanted, load, load_bytes};
use mcpfier::model::{Action, Availability, Catalog, Tool};
use serde_json::json;

use super::host::{TestHost, data, folders};
use super::reports::read;

#[test]
fn a_folder_of_files_without_mistakes_has_no_problem() {
    let host = TestHost::new();
    for folder in folders("valid") {
        let loaded = host.check_folder(&folder);
        let report = loaded.report.offline();
        assert_eq!(report.errors().count() + report.warnings().count(), 0, "{}", report.render(Style::Plain));
        assert!(loaded.catalog.is_some());
    }
}

#[test]
fn commands_follow_in_the_order_of_root_and_files() {
    let catalog = composed(&Choice::default());
    assert_eq!(names(&catalog), ["hello", "debug", "status", "look", "run-it", "from-toml", "from-json"]);
    assert_eq!(names(&folder_catalog("folder", ".")), ["a", "b", "c"]);
}

#[test]
fn a_path_is_relative_to_the_file_that_holds_it_and_a_command_runs_in_the_folder_of_the_root() {
    let catalog = composed(&Choice::default());
    let root = valid("composed");
    let folder = |name: &str| match &catalog.tool(name).expect("a tool").action {
        Action::Process(workload) => workload.working_dir.as_literal().unwrap_or_default().to_owned(),
        Action::NotSupported(reason) => panic!("{reason}"),
    };
    assert_eq!(Path::new(&folder("hello")), root);
    assert_eq!(Path::new(&folder("look")), root.join("tools/data"));
    assert_eq!(Path::new(&folder("run-it")), root.join("tools/.."));
    let look = catalog.tool("look").expect("a tool");
    let within =
        look.params.find("file").and_then(|file| file.rule.path.clone()).and_then(|rule| rule.within);
    assert_eq!(within, Some(root.join("tools")));
    let (_, source) = catalog.secrets.iter().find(|(name, _)| name.as_str() == "other").expect("a secret");
    assert!(format!("{source:?}").contains("composed/tools/other.secret"), "{source:?}");
}

#[test]
fn a_command_wins_over_what_it_extends_and_maps_are_joined() {
    let catalog = composed(&Choice::default());
    let hello = catalog.tool("hello").expect("a tool");
    assert_eq!((hello.timeout.as_secs(), hello.kill_grace.as_secs()), (5, 1));
    assert_eq!(hello.limits.memory.map(|size| size.0), Some(64 << 20));
    assert_eq!(hello.limits.pids, Some(64), "of `defaults`");
    let Action::Process(workload) = &hello.action else { panic!("no process") };
    let env: Vec<(&str, &str)> = workload
        .env
        .iter()
        .map(|variable| (variable.name.as_str(), variable.value.as_literal().unwrap_or_default()))
        .collect();
    assert_eq!(env, [("LEVEL", "quiet"), ("REGION", "eu"), ("OWN", "1")]);
}

#[test]
fn a_profile_is_laid_over_the_file_and_a_value_over_the_profile() {
    let plain = composed(&Choice::default());
    let prod = composed(&choice(&["prod"], &[], &[]));
    let set = composed(&choice(
        &["dev", "prod"],
        &["commands.status.timeout=1s", "vars.region=moon", "commands.status.args=[a, '{{vars.region}}']"],
        &[],
    ));
    let seconds = |catalog: &Catalog, name: &str| catalog.tool(name).map(|tool| tool.timeout.as_secs());
    assert_eq!(seconds(&plain, "status"), Some(30));
    assert_eq!((seconds(&prod, "status"), seconds(&prod, "look")), (Some(2), Some(10)));
    assert_eq!(seconds(&set, "status"), Some(1));
    assert_eq!((plain.server.name.as_str(), prod.server.name.as_str()), ("composed", "production"));
    assert_eq!((seconds(&plain, "only-prod"), seconds(&prod, "only-prod")), (None, Some(10)));
    let args = |catalog: &Catalog| format!("{:?}", catalog.tool("status").expect("a tool").action);
    assert!(args(&prod).contains("--short") && !args(&prod).contains("moon"));
    assert!(args(&set).contains("moon") && !args(&set).contains("--short"));
}

#[test]
fn a_profile_may_name_other_variables() {
    let region = |catalog: &Catalog| format!("{:?}", catalog.tool("hello").expect("a tool").action);
    assert!(region(&composed(&Choice::default())).contains("\"eu\""));
    assert!(region(&composed(&choice(&["dev"], &[], &[]))).contains("\"here\""));
}

#[test]
fn a_disabled_command_is_known_and_not_offered_and_may_lack_what_it_needs() {
    let host = TestHost::new();
    let loaded = host.check_folder(&valid("composed"));
    assert!(
        !loaded
            .report
            .diagnostics()
            .iter()
            .any(|problem| problem.message.contains("no-such-program") && problem.help.len() < 2)
    );
    let debug = |catalog: &Catalog| catalog.tool("debug").expect("a tool").availability.clone();
    assert_eq!(debug(&composed(&Choice::default())), Availability::Disabled);
    assert!(matches!(debug(&composed(&choice(&["dev"], &[], &[]))), Availability::Unavailable { .. }));
}

#[test]
fn only_commands_with_one_of_the_tags_are_left() {
    assert_eq!(names(&composed(&choice(&[], &[], &["git, files"]))), ["status", "look"]);
    assert_eq!(names(&composed(&choice(&[], &[], &["slow"]))), ["hello", "look", "run-it"]);
    assert_eq!(names(&composed(&choice(&["prod"], &[], &["prod", "git"]))), ["status", "only-prod"]);
}

#[test]
fn every_file_that_was_read_is_known_and_every_folder_that_was_searched() {
    let loaded = composed_with(&Choice::default());
    let root = valid("composed");
    let below = |paths: &[std::path::PathBuf]| -> Vec<String> {
        paths
            .iter()
            .map(|path| path.strip_prefix(&root).expect("below the root").display().to_string())
            .collect()
    };
    assert_eq!(
        below(&loaded.files),
        ["config.yaml", "plain.env", "tools/git.yaml", "tools/more.toml", "tools/more/last.json"]
    );
    assert_eq!(below(&loaded.folders), ["tools", "tools"]);
    assert_eq!(loaded.profiles, ["dev", "prod"]);
}

#[test]
fn what_is_shown_loads_again_to_the_same_tools() {
    let host = TestHost::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files = data("valid");
    files.extend(data("mcpfier"));
    files.extend(std::fs::read_dir(examples).expect("examples").map(|entry| entry.expect("an entry").path()));
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    for file in files {
        let first = load_bytes(&file, read(&file), &host.host);
        let Some(catalog) = first.catalog else { continue };
        let shown = mcpfier::config::effective(&file, &host.host, &Choice::default(), Wanted::default()).1;
        let shown = shown.expect("it has no mistakes");
        for text in [shown.yaml.clone(), shown.json.to_string()] {
            if text.contains("***") {
                continue;
            }
            let again = load_bytes(&file, text.clone().into_bytes(), &host.host);
            let again = again.catalog.unwrap_or_else(|| {
                panic!("{}\n{text}\n{}", file.display(), again.report.render(Style::Plain))
            });
            assert_eq!(said(&again), said(&catalog), "{}\n{text}", file.display());
        }
    }
}

#[test]
fn what_is_shown_of_several_files_stands_alone() {
    let host = TestHost::new();
    for folder in folders("valid") {
        let at = Host { cwd: folder.clone(), ..host.host.clone() };
        for resolved in [false, true] {
            let (loaded, shown) = host.effective(&folder, Wanted { resolved, origin: true, unmasked: false });
            let again = load_bytes(&folder.join("config.yaml"), shown.yaml.clone().into_bytes(), &at);
            let report = again.report.render(Style::Plain);
            let again = again.catalog.unwrap_or_else(|| panic!("{}\n{report}", shown.yaml));
            let before = loaded.catalog.expect("a catalog");
            assert_eq!(names(&again), names(&before));
            for (one, other) in before.tools().iter().zip(again.tools()) {
                assert_eq!(lasting(one), lasting(other), "{}", shown.yaml);
            }
        }
    }
}

/// What of a tool does not depend on how its paths were written.
fn lasting(tool: &Tool) -> String {
    let Action::Process(workload) = &tool.action else { panic!("no process") };
    let rules: Vec<_> = tool.params.iter().map(|param| (&param.name, &param.rule, &param.presence)).collect();
    let env: Vec<_> = workload.env.iter().map(|variable| (&variable.name, variable.value.pieces())).collect();
    let folder = workload.working_dir.as_literal().map(Path::new);
    let rest =
        (&tool.limits, tool.timeout, tool.kill_grace, &tool.availability, &tool.tags, &tool.description);
    let program = workload.script.program().path.as_ref();
    format!("{:#?}", (tool.params.input_schema(), rules, env, folder, rest, program))
}

#[test]
fn what_is_shown_says_where_it_comes_from_and_masks_secrets() {
    let host = TestHost::new();
    let root = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(
        root.path().join("more.yaml"),
        "commands:\n  - { name: b, script: echo, env: { API_TOKEN: verysecret1 } }\n",
    )
    .expect("a file");
    std::fs::write(root.path().join("config.yaml"), "version: 1\ninclude: [more.yaml]\nvars: { t: \"${GITHUB_TOKEN}\" }\ncommands:\n  - { name: a, script: echo, args: ['{{vars.t}}', x] }\n").expect("a file");
    let at = Host { cwd: root.path().to_path_buf(), ..host.host.clone() };
    let sets = ["commands.a.timeout=5s", "commands.a.env.PASSWORD=verysecret2"].map(str::to_owned);
    let choice = Choice::of(&[], &sets, &[], &at);
    let wanted = Wanted { resolved: true, origin: true, unmasked: false };
    let shown =
        mcpfier::config::effective(Path::new("config.yaml"), &at, &choice, wanted).1.expect("no mistakes");
    insta::assert_snapshot!(shown.yaml);
    let json = json!([shown.json, shown.origins]).to_string();
    for text in [&shown.yaml, &json] {
        assert!(!text.contains("verysecret") && !text.contains("a secret value"), "{text}");
    }
    assert_eq!(shown.origins["commands[1].script"], "more.yaml:2");
    assert_eq!(shown.origins["commands[0].timeout"], "--set");
}

#[test]
fn too_much_is_refused_and_said_once() {
    let host = TestHost::new();
    let root = tempfile::tempdir().expect("a scratch folder");
    for number in 0..300 {
        std::fs::write(root.path().join(format!("{number}.yaml")), "commands: []\n").expect("a file");
    }
    let text = b"version: 1\ninclude: ['[0-9]*.yaml']\ncommands: []\n".to_vec();
    let at = Host { cwd: root.path().to_path_buf(), ..host.host.clone() };
    let report = load_bytes(Path::new("config.yaml"), text, &at).report;
    assert_eq!(report.summary(), "1 error");
}

#[test]
fn what_many_commands_share_cannot_grow_without_end() {
    let host = TestHost::new();
    let many: String = (0..2000).map(|number| format!("k{number}: a, ")).collect();
    let commands: String = (0..2000)
        .map(|number| format!("  - {{ name: c{number}, script: echo, description: d, extends: big }}\n"))
        .collect();
    let text = format!("version: 1\ntemplates: {{ big: {{ env: {{ {many} }} }} }}\ncommands:\n{commands}");
    let report = host.load(&text).report;
    assert!(report.has(mcpfier::config::Code::TooLarge), "{}", report.summary());
}

fn valid(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/valid").join(name)
}

fn choice(profiles: &[&str], sets: &[&str], tags: &[&str]) -> Choice {
    let typed = |texts: &[&str]| texts.iter().map(|text| Typed::new("--flag", *text)).collect();
    Choice { profiles: typed(profiles), sets: typed(sets), tags: typed(tags) }
}

fn composed(choice: &Choice) -> Catalog {
    let loaded = composed_with(choice);
    loaded.catalog.unwrap_or_else(|| panic!("{}", loaded.report.render(Style::Plain)))
}

fn composed_with(choice: &Choice) -> Loaded {
    let host = TestHost::new();
    let at = Host { cwd: valid("composed"), ..host.host.clone() };
    load(Path::new("config.yaml"), &at, choice)
}

fn folder_catalog(name: &str, config: &str) -> Catalog {
    let host = TestHost::new();
    let at = Host { cwd: valid(name), ..host.host.clone() };
    load(Path::new(config), &at, &Choice::default()).catalog.expect("a catalog")
}

fn names(catalog: &Catalog) -> Vec<String> {
    catalog.tools().iter().map(|tool| tool.name.to_string()).collect()
}

/// Everything about a catalog.
fn said(catalog: &Catalog) -> String {
    format!("{:#?}", (catalog.tools(), &catalog.server, &catalog.secrets))
}
