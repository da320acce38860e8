//! `mcpfier audit verify`.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::audit::{Anchor, Finding, Knowledge, Report, SigningKey, Subject, VerifyingKey, verify};
use crate::model::counted;

use super::super::arguments::Arguments;
use super::super::exit::Exit;
use super::super::print::Printer;
use super::arguments::VerifyWords;

pub fn run(arguments: &Arguments, words: &VerifyWords, printer: &Printer) -> Exit {
    match judged(arguments, words, printer) {
        Ok(report) => say(&report, printer),
        Err(exit) => exit,
    }
}

fn judged(arguments: &Arguments, words: &VerifyWords, printer: &Printer) -> Result<Report, Exit> {
    let wrong = |problem: String, exit: Exit| {
        printer.error(&problem);
        exit
    };
    let anchor = words.anchor.as_deref().map(str::parse::<Anchor>).transpose();
    let anchor = anchor.map_err(|problem| wrong(problem, Exit::USAGE))?;
    let (subject, key) = match words.files.as_slice() {
        [] => {
            let rules = super::rules(arguments, printer)?;
            let log = super::log(arguments, rules.file.as_ref(), printer)?;
            (Subject::log(&log), words.key.clone().or(rules.checkpoint.key))
        }
        [log] => (Subject::log(log), words.key.clone()),
        several => (Subject::files(several.to_vec()), words.key.clone()),
    };
    let key = match &words.public_key {
        Some(public) => VerifyingKey::read_public(public).map(Some),
        None => key.map(|key| SigningKey::read(&key).map(|key| key.verifying())).transpose(),
    };
    let key = key.map_err(|problem| wrong(problem.to_string(), Exit::FAILURE))?;
    let knowledge = Knowledge { key: key.as_ref(), anchor: anchor.as_ref(), is_headless: words.no_head };
    let report = verify(&subject, knowledge);
    let mut report = report.map_err(|problem| wrong(problem.to_string(), Exit::FAILURE))?;
    if key.is_none() {
        report
            .notes
            .push("without a key, whoever can write the log could have written all of it anew".to_owned());
    }
    Ok(report)
}

fn say(report: &Report, printer: &Printer) -> Exit {
    if printer.json {
        printer.json_data(&document(report));
    } else {
        printer.data(&text(report));
    }
    if report.findings.is_empty() { Exit::OK } else { Exit::FAILURE }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for Finding { place, text: found, what, .. } in &report.findings {
        let at =
            place.as_ref().map(|(file, line)| format!("{}:{line}: ", file.display())).unwrap_or_default();
        text.push_str(&format!("{what:<10} {at}{found}\n"));
    }
    for note in &report.notes {
        text.push_str(&format!("note       {note}\n"));
    }
    let verdict = match report.findings.len() {
        0 => "as they were written".to_owned(),
        count => format!("not as they were written: {}", counted(count, "finding")),
    };
    let signed = match report.signed {
        0 => String::new(),
        count => format!(", {} signed", counted(count, "checkpoint")),
    };
    text.push_str(&format!("{}{signed}: {verdict}\n", counted(report.records, "record")));
    if let Some(last) = report.last.as_ref().filter(|last| !last.hash.is_empty()) {
        text.push_str(&format!("the last is {}:{}\n", last.seq, last.hash));
    }
    text
}

fn document(report: &Report) -> Value {
    let path = |file: &PathBuf| file.display().to_string();
    let findings = report.findings.iter().map(|finding| {
        json!({
            "what": finding.what, "record": finding.seq, "text": finding.text,
            "file": finding.place.as_ref().map(|(file, _)| path(file)),
            "line": finding.place.as_ref().map(|(_, line)| line),
        })
    });
    json!({
        "intact": report.findings.is_empty(),
        "records": report.records,
        "first": report.first,
        "last": report.last.as_ref().map(|last| json!({ "record": last.seq, "digest": last.hash })),
        "signedCheckpoints": report.signed,
        "head": report.head,
        "findings": findings.collect::<Vec<_>>(),
        "notes": report.notes,
    })
}
