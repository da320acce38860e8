//! `vars`, `${…}` and `env_file`: what a file says with the words of its host.

use std::path::Path;

use mcpfier::config::{Code, Loaded, Style, check};
use mcpfier::model::{Action, Argument, Availability, Script, Template, Tool, Workload};

use super::host::TestHost;
use super::reports::read;

/// A file with one command, below what is said at its root.
fn file(root: &str, keys: &str) -> String {
    format!(
        "version: 1\n{root}\ncommands:\n  - name: say\n    description: d\n    script: echo\n    {keys}\n"
    )
}

fn with(variables: &[(&str, &str)]) -> TestHost {
    let mut host = TestHost::new();
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    host.host.environment.extend(owned);
    host
}

fn tool<'l>(loaded: &'l Loaded, name: &str) -> &'l Tool {
    let tool = loaded.catalog.as_ref().and_then(|catalog| catalog.tool(name));
    tool.unwrap_or_else(|| panic!("{}", loaded.report.render(Style::Plain)))
}

fn process(tool: &Tool) -> &Workload {
    let Action::Process(workload) = &tool.action else { panic!("no process") };
    workload
}

/// The words of a tool: what is still a template in angle brackets, groups in square ones.
fn words(tool: &Tool) -> Vec<String> {
    let Script::Program { args, .. } = &process(tool).script else { panic!("no program") };
    args.iter().map(word).collect()
}

fn word(argument: &Argument) -> String {
    match argument {
        Argument::Word(template) => {
            template.as_literal().map_or_else(|| format!("<{}>", template.source()), str::to_owned)
        }
        Argument::Group(inner) => format!("{:?}", inner.iter().map(word).collect::<Vec<_>>()),
        other @ Argument::If { .. } => panic!("{other:?}"),
    }
}

fn variable<'t>(tool: &'t Tool, name: &str) -> Option<&'t Template> {
    process(tool).env.iter().find(|variable| variable.name == name).map(|variable| &variable.value)
}

fn example() -> Vec<u8> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/valid/variables.yaml"))
}

#[test]
fn variables_of_the_file_become_words() {
    let loaded = TestHost::new().check("config.yaml", example());
    assert_eq!(
        words(tool(&loaded, "list-files")),
        [
            "-v",
            "<--depth={{vars.level}}{{depth}}>",
            "--options=3,[\"src\",\"docs\"]",
            "${HOME}",
            "{{vars.level}}",
            "--",
            "src",
            "docs",
            "<{{file}}>"
        ]
    );
}

#[test]
fn variables_of_the_environment_stand_where_the_host_differs() {
    let host = with(&[
        ("WORKSPACE", "/srv"),
        ("DOCS", "papers and {{depth}}"),
        ("SERVER_NAME", "mine"),
        ("MAX_CALLS", "3"),
        ("OTHER", "7s"),
    ]);
    let loaded = host.check("config.yaml", example());
    let list = tool(&loaded, "list-files");
    assert!(words(list).contains(&"papers and {{depth}}".to_owned()), "{:?}", words(list));
    assert_eq!(process(list).working_dir.as_literal(), Some("/srv/project"));
    let within = list.params.find("file").and_then(|param| param.rule.path.as_ref()?.within.clone());
    assert_eq!(within.as_deref(), Some(Path::new("/srv/project/docs")));
    assert_eq!(variable(list, "LITERAL").and_then(Template::as_literal), Some("${HOME}"));
    let server = &loaded.catalog.as_ref().expect("a catalog").server;
    assert_eq!((server.name.as_str(), server.calls.max, server.drain.as_secs()), ("mine", 3, 7));
}

#[test]
fn a_value_from_the_environment_is_never_a_template() {
    for value in ["{{secrets.none}}", "\\", "{", "${HOME}", "a {{{b}}}"] {
        let loaded =
            with(&[("X", value)]).load(&file("", "env: { A: \"${X}{{p}}\" }\n    params: { p: string }"));
        let template = variable(tool(&loaded, "say"), "A").expect("a variable");
        assert_eq!(template.references().count(), 1, "{template:?}");
        let loaded = with(&[("X", value)]).load(&file("", "env: { A: \"${X}\" }"));
        let template = variable(tool(&loaded, "say"), "A").expect("a variable");
        assert_eq!(template.as_literal(), Some(value));
    }
}

#[test]
fn a_tool_whose_variable_is_missing_is_not_offered_and_the_others_are() {
    let host = TestHost::new();
    for (root, keys) in [
        ("", "env: { A: \"${NONE}\" }"),
        ("", "working_dir: \"${NONE}/x\""),
        ("vars: { a: \"${NONE}\" }", "args: [\"{{vars.a}}\"]"),
        ("vars: { a: [x, \"${NONE}\"] }", "args: [\"{{json vars.a}}\"]"),
        ("vars: { a: \"${NONE}\" }", "working_dir: \"{{vars.a}}\""),
        ("", "args: [--, \"{{p}}\"]\n    params: { p: { type: string, format: path, within: \"${NONE}\" } }"),
    ] {
        let text = format!("{}  - {{ name: other, description: d, script: echo }}\n", file(root, keys));
        let loaded = host.load(&text);
        assert!(loaded.report.has(Code::MissingVariable), "{text}");
        let catalog =
            loaded.catalog.as_ref().unwrap_or_else(|| panic!("{}", loaded.report.render(Style::Plain)));
        let offered: Vec<&str> = catalog.offered().map(|tool| tool.name.as_str()).collect();
        assert_eq!(offered, ["other"], "{text}");
        if let Some(tool) = catalog.tool("say") {
            let reason = "the environment variable `NONE` is not set".to_owned();
            assert_eq!(tool.availability, Availability::Unavailable { reason }, "{text}");
        }
        assert!(!loaded.report.offline().has_errors());
    }
}

#[test]
fn a_value_of_the_environment_is_not_shown() {
    let host = with(&[("X", "verysecret")]);
    for (root, keys) in [
        ("", "env: { A: \"${X} ${NONE}\", a-b: \"${X}\" }"),
        ("vars: { a: [\"${X}\"] }", "args: [\"--x={{vars.a}}\"]\n    env: { A: \"{{vars.b}} ${X}\" }"),
        ("server: { name: \"${X}\", nme: \"${X}\" }", ""),
    ] {
        let report = host.load(&file(root, keys)).report;
        assert!(report.has_errors());
        let shown = report.render(Style::Plain);
        assert!(!shown.contains("verysecret"), "{shown}");
    }
}

#[test]
fn a_file_of_variables_adds_to_the_environment_and_never_overrides_it() {
    let mut host = with(&[("SET", "by the host")]);
    let folder = tempfile::tempdir().expect("a scratch folder");
    host.host.cwd = folder.path().to_path_buf();
    std::fs::write(folder.path().join("local.env"), "# ours\nexport SET='by the file'\nMORE=\"a\\nb\"\n")
        .expect("a file");
    let loaded = host.load(&file("env_file: local.env", "env: { A: \"${SET}\", B: \"${MORE}\" }"));
    let say = tool(&loaded, "say");
    assert_eq!(variable(say, "A").and_then(Template::as_literal), Some("by the host"));
    assert_eq!(variable(say, "B").and_then(Template::as_literal), Some("a\nb"));

    std::fs::write(folder.path().join("local.env"), "A=1\nverysecret\n").expect("a file");
    let report = host.load(&file("env_file: local.env", "")).report;
    assert!(report.has(Code::BadEnvFile) && !report.may_serve());
    let shown = report.render(Style::Plain);
    assert!(shown.contains("line 2 is no `NAME=value`") && !shown.contains("verysecret"), "{shown}");
}

#[test]
fn the_file_of_variables_lies_beside_the_file_that_names_it() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("config.yaml");
    std::fs::write(folder.path().join(".env"), "PLACE=here").expect("a file");
    std::fs::write(&path, file("env_file: .env", "env: { A: \"${PLACE}\" }")).expect("a file");
    let loaded = check(&path, &TestHost::new().host, &mcpfier::config::Choice::default());
    assert_eq!(variable(tool(&loaded, "say"), "A").and_then(Template::as_literal), Some("here"));
}

#[test]
fn a_foreign_environment_stands_in_place_of_this_one() {
    let mut host = with(&[("HERE", "x")]);
    host.host.foreign = Some([("THERE".to_owned(), "long enough".to_owned())].into_iter().collect());
    let text = file(
        "secrets: { a: { env: HERE }, b: { env: THERE } }",
        "env: { A: \"${HERE}\", B: \"${THERE}{{secrets.a}}{{secrets.b}}\" }",
    );
    let report = host.check("config.yaml", text.into_bytes()).report;
    let codes: Vec<Code> = report.diagnostics().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [Code::NoSecret, Code::MissingVariable], "{}", report.render(Style::Plain));
}

#[test]
fn a_secret_may_lie_where_the_environment_says() {
    let host = with(&[("SECRETS", "/none")]);
    let text = file("secrets: { a: { file: \"${SECRETS}/a\" } }", "env: { A: \"{{secrets.a}}\" }");
    let loaded = host.load(&text);
    let secrets = format!("{:?}", loaded.catalog.expect("a catalog").secrets);
    assert!(secrets.contains("/none/a"), "{secrets}");
}

#[test]
fn what_callers_fill_stays_in_the_hands_of_the_rules() {
    // An option of the author's is none of a caller, and code stays code behind a variable.
    let host = TestHost::new();
    let report = host
        .load(&file("vars: { a: --x= }", "args: [\"{{vars.a}}{{p}}\"]\n    params: { p: string }"))
        .report;
    assert!(!report.has(Code::UnguardedValue), "{}", report.render(Style::Plain));
    let text = file("vars: { a: -c }", "args: [\"{{vars.a}}\", \"{{p}}\"]\n    params: { p: string }");
    let report = host.load(&text.replace("script: echo", "script: bash")).report;
    assert!(report.has(Code::FreeTextAsCode), "{}", report.render(Style::Plain));
}

#[test]
fn only_the_environment_of_a_file_of_the_original_is_expanded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mcpfier/variables.yaml");
    let loaded = TestHost::new().check("config.yaml", read(&path));
    let say = tool(&loaded, "say");
    assert_eq!(words(say), ["-c", "echo ${X} $$"]);
    let values: Vec<&str> =
        process(say).env.iter().filter_map(|variable| variable.value.as_literal()).collect();
    assert_eq!(values, ["a secret value", "here", "pa$$word", "${NONE}", "${X-y}"]);
    assert_eq!(say.availability, Availability::Offered);
}
