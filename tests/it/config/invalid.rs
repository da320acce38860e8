//! One mistake a file; its whole report beside it.

use mcpfier::config::{Choice, Code, Style, load};

use super::host::{TestHost, data, folders};
use super::reports::{assert_reports, file_name, read};

#[test]
fn every_mistake_is_reported_as_its_report_says() {
    assert!(data("invalid").len() >= 45);
    assert_reports(&TestHost::new(), "invalid");
}

#[test]
fn every_mistake_has_a_place_and_a_reason_that_shows_no_secret() {
    let host = TestHost::new();
    for file in data("invalid").into_iter().chain(data("mcpfier")) {
        let name = file_name(&file);
        let loaded = host.check(&name, read(&file));
        let json = serde_json::to_string(&loaded.report.to_json()).expect("JSON");
        for text in [loaded.report.render(Style::Plain), loaded.report.render(Style::Coloured), json] {
            assert!(!text.contains("verysecret"), "{name} shows a secret:\n{text}");
        }
        for problem in loaded.report.to_json().diagnostics {
            assert!(problem.place.is_some_and(|place| place.line > 0), "{name}: {}", problem.message);
        }
    }
    for folder in folders("invalid") {
        let report = host.check_folder(&folder).report;
        let json = serde_json::to_string(&report.to_json()).expect("JSON");
        for text in [report.render(Style::Plain), json] {
            assert!(!text.contains("verysecret"), "{} shows a secret:\n{text}", folder.display());
        }
    }
}

#[test]
fn a_file_that_is_wrong_in_itself_has_no_catalog() {
    let host = TestHost::new();
    for file in data("invalid") {
        let name = file_name(&file);
        let loaded = host.check(&name, read(&file));
        assert!(!loaded.report.is_empty(), "{name} has no problem");
        assert_eq!(loaded.catalog.is_some(), loaded.report.may_serve(), "{name}");
    }
}

#[test]
fn every_code_of_a_text_is_shown_by_a_file() {
    let host = TestHost::new();
    let mut unseen = Code::ALL.to_vec();
    for file in data("invalid").into_iter().chain(data("mcpfier")) {
        let loaded = host.check(&file_name(&file), read(&file));
        unseen.retain(|code| !loaded.report.has(*code));
    }
    for folder in folders("invalid") {
        let report = host.check_folder(&folder).report;
        unseen.retain(|code| !report.has(*code));
    }
    let of_host =
        [Code::Unreadable, Code::Writable, Code::EngineAway, Code::ImageAway, Code::OpenKey, Code::NotAsked];
    unseen.retain(|code| !of_host.contains(code));
    assert_eq!(unseen, [], "no file shows these codes");
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_like_any_other() {
    let host = TestHost::new();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let missing = folder.path().join("none.yaml");
    let report = load(&missing, &host.host, &Choice::default()).report.render(Style::Plain);
    let place = missing.display();
    assert_eq!(
        report,
        format!("error[E0001]: cannot read the file: there is no such file\n--> {place}\n\n1 error\n")
    );
}

#[test]
fn a_report_for_machines_says_the_same_as_the_one_for_people() {
    let host = TestHost::new();
    let loaded = host.load("version: 1\ncommands:\n  - { name: say, script: echo, tiemout: 5s }\n");
    insta::assert_json_snapshot!(loaded.report.to_json());
}

#[test]
fn what_only_this_host_lacks_takes_a_tool_away_and_never_the_server() {
    let host = TestHost::new();
    let text = "version: 1\ncommands:\n  - { name: gone, description: d, script: no-such-program }\n  - { name: here, description: d, script: echo }\n";
    let loaded = host.load(text);
    assert!(loaded.report.has_errors());
    assert!(loaded.report.may_serve());
    let catalog = loaded.catalog.expect("a catalog");
    let offered: Vec<&str> = catalog.offered().map(|tool| tool.name.as_str()).collect();
    assert_eq!(offered, ["here"]);
    let offline = loaded.report.offline();
    assert!(!offline.has_errors());
    assert_eq!(offline.summary(), "1 note");
}
