//! Files of the original mcpfier run unchanged, with a word about whatever differs.

use std::path::Path;

use mcpfier::config::{Style, load};
use mcpfier::model::{
    Action, Argument, Auth, Availability, Dialect, EnvInherit, Inside, Lockdown, Network, Script, Tool,
    Workload,
};

use super::host::{TestHost, data};
use super::reports::{assert_reports, read};
use crate::support::skip::leave_out;

#[test]
fn every_file_of_the_original_loads_with_the_warnings_beside_it() {
    let host = TestHost::new();
    assert_reports(&host, "mcpfier");
    for file in data("mcpfier") {
        let loaded = host.check("config.yaml", read(&file));
        assert_eq!(loaded.dialect, Dialect::Original);
        assert!(loaded.catalog.is_some(), "{}", loaded.report.render(Style::Plain));
    }
}

#[test]
fn words_are_passed_as_they_are_written() {
    let host = TestHost::new();
    let catalog = host.load(&local()).catalog.expect("a catalog");
    let greet = catalog.tool("greet").expect("a tool");
    let Script::Program { program, args } = &process(greet).script else { panic!("a program") };
    assert_eq!(program.path.as_deref(), Some(host.bin("echo").as_path()));
    let words: Vec<&str> = args
        .iter()
        .map(|argument| match argument {
            Argument::Word(template) => template.as_literal().expect("a literal"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, ["-n", "5", "1.10", "yes", "0755", "", "${X} {{y}}"]);
}

#[test]
fn a_command_inherits_everything_and_may_take_its_time() {
    let host = TestHost::new();
    let catalog = host.load(&local()).catalog.expect("a catalog");
    let tool = |name: &str| catalog.tool(name).expect("a tool").clone();
    let seconds = |name: &str| tool(name).timeout.as_secs();
    assert_eq!(
        [seconds("greet"), seconds("slow"), seconds("patient"), seconds("list-files")],
        [10, 90, 3600, 3600]
    );
    let list_files = tool("list-files");
    let workload = process(&list_files);
    assert_eq!(workload.inherit, EnvInherit::All);
    assert_eq!(workload.working_dir.as_literal(), Some("/srv/work"));
    let env: Vec<(&str, &str)> =
        workload.env.iter().map(|v| (v.name.as_str(), v.value.as_literal().expect("a literal"))).collect();
    assert_eq!(env, [("PORT", "8080"), ("DEBUG", "on"), ("EMPTY", "")]);
    assert_eq!(list_files.description, "Execute list-files with configured arguments");
    assert!(list_files.params.ignores_unknown());
    assert_eq!(tool("limited").limits.memory.map(|size| size.0), Some(512 << 20));
}

#[test]
fn what_runs_elsewhere_is_kept_and_not_offered() {
    let host = TestHost::new();
    let text = std::fs::read_to_string(folder().join("elsewhere.yaml")).expect("a file");
    let catalog = host.load(&text).catalog.expect("a catalog");
    let offered: Vec<&str> = catalog.offered().map(|tool| tool.name.as_str()).collect();
    assert_eq!(offered, ["notebook", "ping-api", "guarded"]);
    let reason = Availability::Unavailable { reason: "it has nothing to run".to_owned() };
    assert_eq!(catalog.tool("nothing-at-all").expect("a tool").availability, reason);
}

#[test]
fn a_container_gets_the_script_as_its_first_word_and_what_the_engine_does_by_itself() {
    let host = TestHost::new();
    let text = "commands:\n  - { name: a, script: python, args: [x.py], container: 'python:3.9', env: { A: b } }\n  - { name: b, container: hello-world }\n  - { name: c, script: echo, container: No Image }\n";
    let catalog = host.load(text).catalog.expect("a catalog");
    let container = |name: &str| match &catalog.tool(name).expect("a tool").action {
        Action::Container(workload) => workload.clone(),
        other => panic!("{other:?}"),
    };
    let words = |name: &str| match container(name).inside {
        Inside::Image { args } => args.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!((words("a"), words("b")), (2, 0));
    let workload = container("a");
    assert_eq!((workload.network, workload.lockdown), (Network::Bridge, Lockdown::open()));
    assert!(workload.tmpfs.is_empty());
    let limits = &catalog.tool("a").expect("a tool").limits;
    assert_eq!((limits.memory, limits.pids), (None, None));
    let reason = Availability::Unavailable { reason: "its image cannot exist".to_owned() };
    assert_eq!(catalog.tool("c").expect("a tool").availability, reason);
}

#[test]
fn no_key_of_a_native_file_is_dropped_for_want_of_a_version() {
    let host = TestHost::new();
    for native in [
        "commands: [{ name: a, script: echo, params: {} }]",
        "commands: [{ name: a, run: echo }]",
        "commands: [{ name: a, steps: [] }]",
        "commands: [{ name: a, script: echo, when: never }]",
        "commands: [{ name: a, script: echo, confirm: sure? }]",
        "commands: [{ name: a, script: echo, expose: false }]",
        "commands: [{ name: a, container: { image: alpine } }]",
        "secrets: {}",
        "vars: {}",
        "defaults: { limits: {} }",
        "include: []",
        "policies: []",
        "server: { stdio: { roles: [] } }",
        "server: { http: { auth: { oauth: {} } } }",
    ] {
        let loaded = host.load(native);
        assert!(loaded.catalog.is_none(), "{native}");
        let codes: Vec<String> =
            loaded.report.diagnostics().iter().map(|problem| problem.code_text()).collect();
        assert_eq!(codes, ["E0009"], "{native}");
    }
}

#[test]
fn the_sample_of_the_original_gives_warnings_only() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let sample =
        above.map(|folder| folder.join("shared/data/mcpfier-config.yaml")).find(|path| path.exists());
    let Some(sample) = sample else { return leave_out("the sample of the original is not here") };
    let loaded = load(&sample, &TestHost::new().host, &mcpfier::config::Choice::default());
    let report = loaded.report.offline();
    assert!(!report.has_errors() && report.warnings().count() > 0, "{}", report.render(Style::Plain));
    assert_eq!(loaded.catalog.expect("a catalog").tools().len(), 10);
}

#[test]
fn what_a_server_does_not_do_as_it_is_written_is_said() {
    let host = TestHost::new();
    let said = |server: &str| {
        let loaded = host.load(&format!("commands: [{{ name: a, script: echo }}]\nserver: {{ {server} }}\n"));
        assert!(loaded.catalog.is_some(), "{}", loaded.report.render(Style::Plain));
        let problems = loaded.report.diagnostics().iter();
        problems.map(|problem| problem.code_text()).collect::<Vec<_>>()
    };
    assert_eq!(said("cache: { enabled: true, ttl: 5m, max_size: 100 }"), ["W0070"]);
    assert_eq!(said("cache: { enabled: false }"), [""; 0]);
    assert_eq!(said("transport: both"), ["W0070"]);
    assert_eq!(said("transport: http"), [""; 0]);
    let issuer = "oauth21: { issuer: 'https://id.example.com', audience: x }";
    let auth = |mode: &str| format!("http: {{ auth: {{ mode: {mode}, enterprise: {{ {issuer} }} }} }}");
    assert_eq!(said(&auth("simple")), ["W0018"]);
    assert_eq!(said(&auth("enterprise")), [""; 0]);
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mcpfier")
}

fn local() -> String {
    std::fs::read_to_string(folder().join("local.yaml")).expect("a file")
}

fn process(tool: &Tool) -> &Workload {
    match &tool.action {
        Action::Process(workload) => workload,
        Action::Container(_) => panic!("a container"),
        Action::Http(_) => panic!("an HTTP call"),
        Action::Flow(_) => panic!("a flow"),
        Action::NotSupported(reason) => panic!("{reason}"),
    }
}

#[test]
fn a_credential_that_is_only_the_name_of_a_variable_lets_nobody_in_and_what_is_off_needs_none() {
    let host = TestHost::new();
    let text = std::fs::read_to_string(folder().join("credentials.yaml")).expect("a file");
    let auth = |text: &str| host.load(text).catalog.expect("a catalog").server.http.auth.expect("callers");
    let read = auth(&text);
    let names: Vec<&str> = read.callers().map(|caller| caller.name.as_str()).collect();
    assert_eq!(names, ["default"]);
    let [issuer] = &read.issuers[..] else { panic!("an issuer") };
    assert!(issuer.introspection.is_none(), "it would be asked with a secret that everybody knows");
    let unset = |auth: &Auth| {
        let mut names: Vec<String> = auth.unset.iter().map(|unset| unset.variable.clone()).collect();
        names.sort();
        names
    };
    assert_eq!(unset(&read), ["ADMIN_HASH", "DEVELOPMENT_KEY", "OPERATIONS_KEY"]);
    let in_another_form = text.replace("${DEVELOPMENT_KEY}", "mcpfier_${PREFIXED_KEY-of-a-shell}");
    assert_eq!(unset(&auth(&in_another_form))[2], "PREFIXED_KEY");
    let (before, after) = text.split_once("basic_auth:").expect("it is there");
    let off = format!("{before}basic_auth:{}", after.replace("enabled: true", "enabled: false"));
    assert_eq!(unset(&auth(&off)), ["DEVELOPMENT_KEY", "OPERATIONS_KEY"]);
    let report = host.load(&text).report;
    assert!(report.has_errors() && report.may_serve(), "whoever asks for no key may have the file");
}
