//! One mistake a file; its whole report beside it.

use std::path::Path;

use mcpfier::config::{Code, Style};

use super::host::{TestHost, data};

#[test]
fn every_mistake_is_reported_as_its_report_says() {
    let host = TestHost::new();
    let update = std::env::var_os("UPDATE_REPORTS").is_some();
    let files = data("invalid");
    assert!(files.len() >= 45, "only {} files", files.len());
    let mut different = Vec::new();
    for file in &files {
        let name = file_name(file);
        let report = host.check(&name, std::fs::read(file).expect("a file")).report.render(Style::Plain);
        let beside = file.with_extension("report");
        if update {
            std::fs::write(&beside, &report).expect("a report");
        } else if std::fs::read_to_string(&beside).unwrap_or_default() != report {
            different.push(format!("{name} is reported as\n{report}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn every_mistake_has_a_place_and_a_reason_that_shows_no_secret() {
    let host = TestHost::new();
    for file in data("invalid") {
        let name = file_name(&file);
        let loaded = host.check(&name, std::fs::read(&file).expect("a file"));
        assert!(!loaded.report.is_empty(), "{name} has no problem");
        let json = serde_json::to_string(&loaded.report.to_json()).expect("JSON");
        for text in [loaded.report.render(Style::Plain), loaded.report.render(Style::Coloured), json] {
            assert!(!text.contains("verysecret"), "{name} shows a secret:\n{text}");
        }
        for problem in loaded.report.to_json().diagnostics {
            assert!(problem.place.is_some_and(|place| place.line > 0), "{name}: {}", problem.message);
        }
    }
}

#[test]
fn a_file_that_is_wrong_in_itself_has_no_catalog() {
    let host = TestHost::new();
    for file in data("invalid") {
        let name = file_name(&file);
        let loaded = host.check(&name, std::fs::read(&file).expect("a file"));
        assert_eq!(loaded.catalog.is_some(), loaded.report.may_serve(), "{name}");
    }
}

#[test]
fn nearly_every_code_is_shown_by_a_file() {
    let host = TestHost::new();
    let mut unseen = Code::ALL.to_vec();
    for folder in ["invalid", "mcpfier"] {
        for file in data(folder) {
            let loaded = host.check(&file_name(&file), std::fs::read(&file).expect("a file"));
            unseen.retain(|code| !loaded.report.has(*code));
        }
    }
    assert_eq!(unseen, [Code::Unreadable], "no file shows these codes");
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_like_any_other() {
    let host = TestHost::new();
    let folder = tempfile::tempdir().expect("a scratch folder");
    for (path, reason) in [(folder.path().join("none.yaml"), "there is no such file"), (folder.path().into(), "it is a folder")]
    {
        let loaded = mcpfier::config::load(&path, &host.host);
        let report = loaded.report.render(Style::Plain);
        let expected = format!(
            "error[E0001]: cannot read the file: {reason}\n--> {}\n\n1 error\n",
            path.display()
        );
        assert_eq!(report, expected);
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a file has a name").to_string_lossy().into_owned()
}
