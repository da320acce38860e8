//! Engines that a file names, as a user has them.

use std::process::Command;

use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::program::{Program, mcpfier};

/// One command on the engine that is named, one on that which is found, and one of this host.
fn tools(host: &str) -> String {
    format!(
        r#"version: 1
executors:
  near: {{ docker: {{ host: "{host}" }} }}
defaults:
  run_on: near
  container: {{ image: "{IMAGE}", pull: never, labels: {{ team: data, kind: all }}, tmpfs: [/tmp, /work] }}
commands:
  - name: named
    description: Says what it is.
    container: {{}}
    script: /bin/echo
    args: [named]
  - name: found
    description: Runs elsewhere.
    run_on: default
    container: {{ labels: {{ kind: found }}, tmpfs: [/tmp] }}
    script: /bin/echo
    args: [found]
  - name: here
    description: Runs on this host.
    script: echo
    args: [here]
"#
    )
}

/// Nothing is found by itself; only what the file names is there.
fn named(engine: &Engine, words: &[&str]) -> Program {
    mcpfier(words)
        .tools(&tools("unix://${ENGINE_SOCKET}"))
        .env("ENGINE_SOCKET", socket(engine))
        .env("DOCKER_HOST", "unix:///no/such.sock")
}

fn socket(engine: &Engine) -> &str {
    engine.host.strip_prefix("unix://").expect("the engine of the tests is on a socket")
}

#[test]
fn a_command_runs_on_the_engine_that_it_names() {
    let Some(engine) = engine() else { return };
    assert_eq!(named(&engine, &["named"]).run().stdout, "named\n");
    assert_eq!(named(&engine, &["here"]).run().stdout, "here\n");
    let said = named(&engine, &["found"]).ends_with(125).run();
    let expected = "`unix:///no/such.sock` cannot be reached: there is no such socket; see whether it runs, and whether DOCKER_HOST is right";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
    let said =
        mcpfier(&["found"]).tools(&tools("unix:///no/such.sock")).env("DOCKER_HOST", &engine.host).run();
    assert_eq!(said.stdout, "found\n");
}

#[test]
fn an_engine_that_is_named_and_away_is_no_reason_to_take_another() {
    let Some(engine) = engine() else { return };
    let said = mcpfier(&["named"]).tools(&tools("unix:///no/such.sock")).env("DOCKER_HOST", &engine.host);
    let said = said.ends_with(125).run();
    assert!(said.stderr.contains("whether the executor `near` is right"), "{}", said.stderr);
    // A variable that is not set takes the command away, and nothing else.
    let unset = |words: &[&str]| {
        mcpfier(words).tools(&tools("unix://${ENGINE_SOCKET}")).env("DOCKER_HOST", &engine.host)
    };
    let said = unset(&["named"]).may_fail().run();
    assert!(said.stderr.contains("`ENGINE_SOCKET` is not set"), "{}", said.stderr);
    assert_eq!(unset(&["found"]).may_talk().run().stdout, "found\n");
}

#[test]
fn a_plan_names_its_engine_and_its_line_does_the_same() {
    let Some(engine) = engine() else { return };
    let said = named(&engine, &["--dry-run", "named"]).run();
    assert!(said.stdout.contains(&format!("  engine   near at {}\n", engine.host)), "{}", said.stdout);
    let line =
        said.stdout.lines().find_map(|line| line.trim_start().strip_prefix("command ")).expect("a line");
    let output = Command::new("bash").env_remove("DOCKER_HOST").args(["-c", line]).output().unwrap();
    assert_eq!(&*output.stdout, b"named\n", "{line}");
    let plan = named(&engine, &["--dry-run", "--json", "named"]).run().json();
    assert_eq!(plan["executor"], serde_json::json!({ "name": "near", "host": engine.host, "tls": false }));
    let plan = named(&engine, &["--dry-run", "--json", "found"]).run().json();
    assert_eq!(plan["executor"], serde_json::Value::Null);
}

#[test]
fn containers_begin_with_what_the_file_says_of_all() {
    let Some(engine) = engine() else { return };
    let plan = |name: &str| named(&engine, &["--dry-run", "--json", name]).run().json();
    let (named, found) = (plan("named"), plan("found"));
    assert_eq!((&named["labels"]["kind"], &found["labels"]["kind"]), (&"all".into(), &"found".into()));
    assert_eq!((&named["labels"]["team"], &found["labels"]["team"]), (&"data".into(), &"data".into()));
    let counts = [&named, &found].map(|plan| plan["tmpfs"].as_array().map(Vec::len));
    assert_eq!(counts, [Some(2), Some(1)]);
}

#[test]
fn what_is_shown_of_a_file_has_each_container_whole() {
    let text = tools("unix:///run/engine.sock");
    for words in [&["config", "show"][..], &["config", "show", "--resolved"]] {
        let shown = mcpfier(words).tools(&text).run().stdout;
        assert_eq!(shown.matches(IMAGE).count(), if words.len() == 2 { 3 } else { 2 }, "{shown}");
        let again = mcpfier(&["--dry-run", "--json", "found"]).tools(&shown).run().json();
        assert_eq!(again["labels"]["team"], "data", "{shown}");
        let again = mcpfier(&["--dry-run", "--json", "named"]).tools(&shown).run().json();
        assert_eq!(again["executor"]["name"], "near", "{shown}");
    }
}

#[test]
fn a_lock_holds_the_engine_of_a_command() {
    let place = crate::support::place::Place::with(&[("mcpfier.yaml", &tools("unix:///run/one.sock"))]);
    let words = |verb: &'static [&'static str]| [&["--config", "mcpfier.yaml"][..], verb].concat();
    place.run(&words(&["lock"])).ends_with(0);
    place.run(&words(&["lock", "--check"])).ends_with(0);
    place.write("mcpfier.yaml", &tools("unix:///run/two.sock"));
    let ran = place.run(&words(&["lock", "--check"]));
    let told = ran.stdout + &ran.stderr;
    assert!(ran.status != 0 && told.contains("changed: named (what runs)"), "{told}");
    assert!(!told.contains("found"), "{told}");
}

#[test]
fn validation_tells_of_every_engine_in_every_format() {
    let Some(engine) = engine() else { return };
    let said = named(&engine, &["--validate"]).may_talk().run();
    assert!(said.stdout.contains(&format!("at {}, by the executor `near`", engine.host)), "{}", said.stdout);
    let problem = "warning[W0185]: the container engine at `unix:///no/such.sock` cannot be reached: there is no such socket";
    assert!(
        said.stderr.contains(problem) && said.stdout.contains("1 warning"),
        "{}{}",
        said.stderr,
        said.stdout
    );

    let document = named(&engine, &["--validate", "--json"]).run().json();
    let engines = document[0]["containers"].as_array().expect("engines").clone();
    assert_eq!(engines.len(), 2);
    assert!(engines[0]["executor"].is_null() && engines[0]["engine"].is_null());
    assert!(engines[0]["problem"].as_str().unwrap().contains("cannot be reached"));
    assert_eq!(
        (&engines[1]["executor"], &engines[1]["engine"]["at"]),
        (&"near".into(), &engine.host.as_str().into())
    );
    let problems = document[0]["problems"].as_array().unwrap();
    assert!(
        problems.iter().any(|problem| problem["code"] == "W0185" && problem["host"] == true),
        "{document}"
    );

    let sarif = named(&engine, &["--validate", "--sarif"]).run().stdout;
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(
        results.iter().any(|result| result["ruleId"] == "0185" && result["level"] == "warning"),
        "{sarif}"
    );

    named(&engine, &["--validate", "--strict"]).ends_with(3).run();
    let said = named(&engine, &["--validate", "--strict", "--offline"]).run();
    assert!(!said.stdout.contains("containers:"), "{}", said.stdout);
}

#[test]
fn an_image_that_is_missing_fails_where_it_is_strict() {
    let Some(engine) = engine() else { return };
    let text = tools("unix://${ENGINE_SOCKET}").replace(IMAGE, "mcpfier-test/absent:1");
    let program = |words: &[&str]| {
        mcpfier(words).tools(&text).env("ENGINE_SOCKET", socket(&engine)).env("DOCKER_HOST", &engine.host)
    };
    let said = program(&["--validate"]).may_talk().run();
    let expected =
        "warning[W0186]: the image `mcpfier-test/absent:1` is not there on `near`, and `pull` is `never`";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
    program(&["--validate", "--strict"]).ends_with(3).run();
    let document = program(&["--validate", "--json"]).run().json();
    assert_eq!(document[0]["containers"][1]["missingImages"][0], "mcpfier-test/absent:1");
    let said = program(&["doctor"]).ends_somehow().run();
    assert!(
        said.stdout.contains("the image `mcpfier-test/absent:1` is not there on `near`"),
        "{}",
        said.stdout
    );
}

#[test]
fn doctor_and_clean_go_to_every_engine() {
    let Some(engine) = engine() else { return };
    let said = named(&engine, &["doctor"]).ends_somehow().run();
    assert!(said.stdout.contains("by the executor `near`"), "{}", said.stdout);
    assert!(
        said.stdout.contains("problem  containers: the container engine at `unix:///no/such.sock`"),
        "{}",
        said.stdout
    );

    let tool = format!("left-by-nobody-{}", std::process::id());
    let (tool_label, owner) = (format!("mcpfier.tool={tool}"), owner_who_is_gone());
    let labels = ["--label", &tool_label, "--label", &owner];
    engine.docker(&[&["create"][..], &labels, &[IMAGE, "/bin/true"]].concat());
    // What is found by itself is away, and says so.
    let said = named(&engine, &["clean"]).ends_with(1).run();
    assert!(said.stderr.contains("`unix:///no/such.sock` cannot be reached"), "{}", said.stderr);
    // Another test may have been faster.
    let told = said.stdout.contains(&format!("of `{tool}` from `near`"));
    assert!(told || engine.labelled(&tool_label).is_empty(), "{}", said.stdout);
    assert!(engine.labelled(&tool_label).is_empty());
}

/// The label of a process of this host that is no more.
fn owner_who_is_gone() -> String {
    let text =
        |path: &str| std::fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let space: String = space.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    format!(
        "mcpfier.instance={}-{}/{}/{space}/999999999/1",
        text("/etc/machine-id"),
        text("/proc/sys/kernel/hostname"),
        text("/proc/sys/kernel/random/boot_id"),
    )
}

#[tokio::test]
async fn a_container_carries_the_name_of_its_run() {
    use crate::support::server::{Server, Wire};
    let Some(engine) = engine() else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = tools(&engine.host)
        .replace("args: [named]", "args: [named]\n    run_on: near")
        .replace("script: /bin/echo\n    args: [named]", "run: hostname; echo up; sleep 1");
    std::fs::write(folder.path().join("tools.yaml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("--config").arg(folder.path().join("tools.yaml"));
    let mut server = Server::run(Wire::Pipes, folder, command);
    server.client.initialize().await;
    server.client.request(1, "tools/call", serde_json::json!({ "name": "named", "arguments": {} })).await;
    let ours = format!("/{}/", server.pid());
    let begun = std::time::Instant::now();
    let (run, name) = loop {
        let format = "{{.Label \"mcpfier.instance\"}} {{.Label \"mcpfier.call\"}} {{.Names}}";
        let listed = engine.docker(&["ps", "--all", "--format", format]);
        if let Some(line) = listed.lines().find(|line| line.contains(&ours)) {
            let mut words = line.split(' ').skip(1).map(str::to_owned);
            break (words.next().unwrap(), words.next().unwrap());
        }
        assert!(begun.elapsed() < super::LONG);
    };
    let answer = server.client.answer(1).await["result"].clone();
    assert_eq!(answer["_meta"]["mcpfier/run"]["id"], run.as_str(), "{answer}");
    assert!(name.starts_with(&format!("mcpfier-{run}-")), "{name}");
}
