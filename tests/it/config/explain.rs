//! The pages of `mcpfier explain` are right: each wrong example is reported under its code, and
//! each mended one is not.

use mcpfier::config::{Code, Report, Style, explain};

use super::host::TestHost;

/// What cannot be shown in a single file of YAML, or lies in no text at all.
const WITHOUT_EXAMPLES: [Code; 14] = [
    Code::Unreadable,
    Code::NotText,
    Code::Writable,
    Code::EngineAway,
    Code::ImageAway,
    Code::BadInclude,
    Code::NotInInclude,
    Code::UnknownProfile,
    Code::BadSet,
    Code::UnknownTag,
    Code::TomlDate,
    Code::BadFolder,
    Code::OpenKey,
    Code::NotAsked,
];

#[test]
fn each_wrong_example_has_its_problem_and_no_mended_one_has_it() {
    let host = TestHost::new();
    let with_examples = Code::ALL.iter().filter(|code| !WITHOUT_EXAMPLES.contains(code));
    let faults: Vec<String> = with_examples.filter_map(|code| fault(&host, *code)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn fault(host: &TestHost, code: Code) -> Option<String> {
    let page = explain(code).expect("a page");
    let wrong = check(host, page.wrong.expect("an example"));
    let mended = check(host, page.mended.expect("a mended example"));
    let (problem, report) = match () {
        () if !wrong.has(code) => ("is not what is wrong here", wrong),
        () if mended.has(code) => ("is not mended", mended),
        () if mended.clone().offline().has_errors() => ("is mended badly", mended),
        () => return None,
    };
    Some(format!("{code:?} {problem}:\n{}", report.render(Style::Plain)))
}

#[test]
fn what_has_no_example_cannot_have_one() {
    for code in WITHOUT_EXAMPLES {
        assert_eq!(explain(code).expect("a page").wrong, None, "{code:?}");
    }
}

fn check(host: &TestHost, example: &str) -> Report {
    let is_file = ["version:", "commands:"].iter().any(|key| example.starts_with(key));
    let text = if is_file { example.to_owned() } else { command(example) };
    host.check("config.yaml", text.into_bytes()).report
}

/// A file with one command of these keys.
fn command(keys: &str) -> String {
    let keys: String = keys.lines().map(|line| format!("    {line}\n")).collect();
    format!("version: 1\ncommands:\n  - name: example\n    description: An example.\n{keys}")
}
