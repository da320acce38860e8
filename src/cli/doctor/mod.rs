//! `doctor`: what usually goes wrong between a client and this server, and the cure.

mod clients;
mod containers;
mod host;
mod secrets;
mod tools;

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::exit::Exit;
use super::print::Printer;
use super::session;

/// What one look found.
pub struct Finding {
    /// What was looked at.
    about: &'static str,
    weight: Weight,
    message: String,
    cure: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    Fine,
    /// Worth knowing.
    Note,
    Problem,
}

impl Finding {
    fn fine(about: &'static str, message: impl Into<String>) -> Self {
        Self { about, weight: Weight::Fine, message: message.into(), cure: None }
    }

    fn note(about: &'static str, message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { about, weight: Weight::Note, message: message.into(), cure: Some(cure.into()) }
    }

    fn problem(about: &'static str, message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { about, weight: Weight::Problem, message: message.into(), cure: Some(cure.into()) }
    }
}

pub fn run(arguments: &Arguments, printer: &Printer) -> Exit {
    let host = session::host();
    let mut findings = tools::look(arguments, &host);
    findings.extend(host::look(&host));
    findings.extend(clients::look(&host));
    match printer.json {
        true => printer.json_data(&Value::Array(findings.iter().map(document).collect())),
        false => say(&findings, printer),
    }
    let sick = findings.iter().any(|finding| finding.weight == Weight::Problem);
    if sick { Exit::FAILURE } else { Exit::OK }
}

fn say(findings: &[Finding], printer: &Printer) {
    for finding in findings {
        let word = word(finding.weight);
        printer.data(&format!("{word:8} {}: {}\n", finding.about, finding.message));
        if let Some(cure) = &finding.cure {
            printer.data(&format!("{:8} cure: {cure}\n", ""));
        }
    }
    let problems = findings.iter().filter(|finding| finding.weight == Weight::Problem).count();
    printer.data(&match problems {
        0 => "\nnothing is wrong\n".to_owned(),
        1 => "\n1 problem\n".to_owned(),
        _ => format!("\n{problems} problems\n"),
    });
}

fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Fine => "fine",
        Weight::Note => "note",
        Weight::Problem => "problem",
    }
}

fn document(finding: &Finding) -> Value {
    json!({
        "about": finding.about,
        "weight": word(finding.weight),
        "message": finding.message,
        "cure": finding.cure,
    })
}
