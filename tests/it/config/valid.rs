//! Files without mistakes mean what they say.

use mcpfier::config::{Code, Loaded, Style};
use mcpfier::model::{Catalog, Dialect, Presence};
use serde_json::{Value, json};

use super::host::{TestHost, data};
use super::reports::{file_name, read};

#[test]
fn a_file_without_mistakes_has_no_problem_but_its_host() {
    let host = TestHost::new();
    for file in data("valid") {
        let Loaded { catalog, report, dialect, .. } = host.check(&file_name(&file), read(&file));
        let report = report.offline();
        assert!(!report.has_errors() && report.warnings().count() == 0, "{}", report.render(Style::Plain));
        assert_eq!(dialect, Dialect::Native);
        assert!(catalog.is_some());
    }
}

#[test]
fn every_key_reaches_the_model() {
    let host = TestHost::new();
    let catalog = valid(&host, "everything");
    assert_model(&host, "every_key", &(catalog.tools(), &catalog.server, &catalog.secrets));
}

#[test]
fn clients_see_json_schema_and_none_of_our_own_keys() {
    let catalog = valid(&TestHost::new(), "everything");
    let schema = catalog.tool("search-code").expect("a tool").params.input_schema();
    insta::assert_json_snapshot!(**schema);
}

#[test]
fn a_text_keeps_its_source_text() {
    let host = TestHost::new();
    let catalog = valid(&host, "texts");
    let tool = catalog.tool("123").expect("a tool");
    assert_eq!(tool.description, "12");
    assert_model(&host, "texts", &tool.action);
}

#[test]
fn choices_and_defaults_are_texts_where_the_parameter_is_text() {
    let catalog = valid(&TestHost::new(), "choices");
    let params = &catalog.tool("choose").expect("a tool").params;
    let default = |name: &str| match &params.find(name).expect("a parameter").presence {
        Presence::Default(value) => value.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(default("level"), json!("1.10"));
    assert_eq!(default("flag"), json!(true));
    assert_eq!(default("list"), json!(["1", "no"]));
    assert_eq!(default("count"), json!(1.5));
    let choices = params.find("level").and_then(|param| param.schema.get("enum")).cloned();
    assert_eq!(choices, Some(json!(["1.10", "yes", "0755"])));
    assert_eq!(params.find("count").and_then(|param| param.schema.get("examples")), Some(&json!([1, 2.5])));
}

#[test]
fn merged_maps_keep_what_they_say_themselves() {
    let catalog = valid(&TestHost::new(), "merge");
    let derived = catalog.tool("derived").expect("a tool");
    assert_eq!(derived.timeout.as_secs(), 5);
    assert_eq!(derived.limits.pids, Some(16));
    assert_eq!(derived.limits.memory.map(|size| size.0), Some(64 << 20));
}

#[test]
fn a_command_that_says_little_has_the_defaults() {
    let host = TestHost::new();
    let catalog = valid(&host, "minimal");
    assert_model(&host, "defaults", &catalog.tool("hello"));
}

#[test]
fn mistakes_are_told_all_at_once_and_in_the_order_of_the_file() {
    let host = TestHost::new();
    let text =
        "version: 1\nserver: { nme: x }\ncommands:\n  - { name: a b, script: echo, args: x, timeout: 5 }\n";
    let report = host.load(text).report;
    let codes: Vec<Code> = report.diagnostics().iter().map(|problem| problem.code).collect();
    assert_eq!(
        codes,
        [Code::UnknownKey, Code::BadName, Code::NoDescription, Code::WrongType, Code::BadQuantity]
    );
    let paths: Vec<&str> = report.diagnostics().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        ["server.nme", "commands[0].name", "commands[0].name", "commands[0].args", "commands[0].timeout"]
    );
}

#[test]
fn values_that_cannot_begin_with_a_dash_need_no_guard() {
    let host = TestHost::new();
    for (param, warned) in [
        ("string", true),
        ("{ type: string, pattern: '^[a-z]+$' }", false),
        ("{ type: string, pattern: '^[a-z-]+$' }", true),
        ("{ type: string, enum: [a, b] }", false),
        ("{ type: string, enum: [a, -b] }", true),
        ("{ type: string, allow_dash: true }", false),
        ("{ type: string, format: path, within: / }", false),
        ("integer", false),
        ("{ type: array, items: { type: string } }", true),
    ] {
        let text = format!(
            "version: 1\ncommands:\n  - {{ name: a, description: d, script: echo, args: ['{{{{x}}}}'], params: {{ x: {param} }} }}\n"
        );
        let report = host.load(&text).report;
        assert_eq!(report.has(Code::UnguardedValue), warned, "{}", report.render(Style::Plain));
    }
}

#[test]
fn only_free_text_in_code_is_an_error() {
    let host = TestHost::new();
    for (args, param, refused) in [
        ("[-c, 'echo {{x}}']", "string", true),
        ("[-lc, 'echo {{x}}']", "string", true),
        ("[-o, pipefail, -c, 'echo {{x}}']", "string", true),
        ("[-c, 'echo {{x}}']", "integer", false),
        ("[-c, 'echo {{x}}']", "{ type: string, enum: [a] }", false),
        ("[-c, 'echo \"$1\"', sh, '{{x}}']", "string", false),
        ("[script.sh, -c, '{{x}}']", "string", false),
    ] {
        let text = format!(
            "version: 1\ncommands:\n  - name: a\n    description: d\n    script: bash\n    args: {args}\n    params: {{ x: {param} }}\n"
        );
        let report = host.load(&text).report;
        assert_eq!(
            report.has(Code::FreeTextAsCode),
            refused,
            "{args} {param}\n{}",
            report.render(Style::Plain)
        );
    }
}

/// Compares a part of the model with its snapshot, whatever folder the test's executables are in.
fn assert_model(host: &TestHost, name: &str, model: &impl std::fmt::Debug) {
    let bin = host.bin("x").parent().expect("a folder").display().to_string();
    insta::with_settings!({filters => vec![(bin.as_str(), "<bin>")]}, {
        insta::assert_debug_snapshot!(name, model);
    });
}

fn valid(host: &TestHost, name: &str) -> Catalog {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/valid/{name}.yaml"));
    let Loaded { catalog, report, .. } = host.check("config.yaml", read(&path));
    catalog.unwrap_or_else(|| panic!("{}", report.render(Style::Plain)))
}

/// Serialised, a schema keeps the order in which the user wrote it.
#[test]
fn parameters_keep_their_order() {
    let catalog = valid(&TestHost::new(), "everything");
    let schema = catalog.tool("search-code").expect("a tool").params.input_schema();
    let names: Vec<&str> = match schema.get("properties") {
        Some(Value::Object(properties)) => properties.keys().map(String::as_str).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(names, ["pattern", "glob", "paths", "limit", "ignore_case", "options"]);
}
