//! The man pages in `docs/man/` are made of the command line's own description, and read well.

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::support::skip::skip;

const ENVIRONMENT: [(&str, &str); 3] = [
    ("MCPFIER_CONFIG", "The file, if --config does not name one."),
    ("MCPFIER_LOG", "What is logged to stderr while serving: error, warn (the default), info or debug."),
    ("NO_COLOR", "No colours if it is set and not empty."),
];

/// In the order in which they are looked for.
const FILES: [&str; 5] = [
    "config.yaml",
    "config.yaml beside the program",
    "~/.mcpfier/config.yaml",
    "~/mcpfier/config.yaml",
    "/etc/mcpfier/config.yaml",
];

#[test]
fn the_man_pages_are_up_to_date() {
    let folder = folder();
    let pages = pages();
    for (name, text) in &pages {
        if std::env::var_os("UPDATE_MAN").is_some() {
            std::fs::write(folder.join(name), text).expect("a page is written");
        }
        let kept = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(kept == *text, "docs/man/{name} is out of date; UPDATE_MAN=1 cargo test man_pages writes it");
    }
    let kept = std::fs::read_dir(&folder).expect("the folder is there").count();
    assert_eq!(kept, pages.len(), "there are pages of verbs that are gone in docs/man");
}

#[test]
fn the_man_pages_are_what_mandoc_expects() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let files = pages().into_iter().map(|(name, text)| {
        let file = scratch.path().join(name);
        std::fs::write(&file, text).expect("a scratch file");
        file
    });
    let Ok(said) = Process::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(files).output() else {
        return skip("no mandoc here; tests/run installs it");
    };
    let problems = String::from_utf8_lossy(&said.stdout);
    // A page that is generated has no date of its own.
    let problems: Vec<&str> = problems.lines().filter(|line| !line.contains("missing date")).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_exit_code_of_the_documents_is_in_the_help() {
    let document = std::fs::read_to_string(folder().join("../reference/exit-codes.md")).expect("it is there");
    let codes = document.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let help = mcpfier::cli::command().render_long_help().to_string();
    for code in codes.filter(|code| code.parse::<u8>().is_ok()) {
        let says = |line: &str| {
            line.trim_start().strip_prefix(code).is_some_and(|rest| rest.starts_with([' ', '+']))
        };
        assert!(help.lines().any(says), "{code}");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/man")
}

/// Each page with the name of its file.
fn pages() -> Vec<(String, String)> {
    let mut root = mcpfier::cli::command();
    root.build();
    // What is left out of the short help is not worth a paragraph here.
    root = root.mut_args(|option| if option.is_hide_short_help_set() { option.hide(true) } else { option });
    let verbs: Vec<&Command> = root.get_subcommands().collect();
    let mut pages = vec![("mcpfier.1".to_owned(), page(&root, "mcpfier", &verbs))];
    for verb in &verbs {
        let name = format!("mcpfier-{}", verb.get_name());
        let further: Vec<&Command> = verb.get_subcommands().collect();
        pages.push((format!("{name}.1"), page(verb, &name, &further)));
    }
    pages
}

fn page(command: &Command, name: &str, verbs: &[&Command]) -> String {
    let man = Man::new(command.clone().display_name(name.to_owned()));
    let mut bytes = Vec::new();
    man.render_name_section(&mut bytes).expect("it is memory");
    write(&mut bytes, |roff| synopsis(roff, command));
    if command.get_long_about().is_some() {
        man.render_description_section(&mut bytes).expect("it is memory");
    }
    man.render_options_section(&mut bytes).expect("it is memory");
    write(&mut bytes, |roff| {
        verb_list(roff, verbs);
        let help = command.get_after_long_help().or(command.get_after_help());
        paragraphs(roff, &help.map(ToString::to_string).unwrap_or_default());
        if name == "mcpfier" {
            surroundings(roff);
        }
        see_also(roff, if name == "mcpfier" { verbs } else { &[] });
    });
    let title =
        format!(".TH {} 1 \"\" \"mcpfier {}\" mcpfier", name.to_uppercase(), env!("CARGO_PKG_VERSION"));
    tidy(&title, &String::from_utf8(bytes).expect("a page is text"))
}

fn write(bytes: &mut Vec<u8>, fill: impl FnOnce(&mut Roff)) {
    let mut roff = Roff::new();
    fill(&mut roff);
    roff.to_writer(bytes).expect("it is memory");
}

/// Usage lines and examples are set as they stand, where clap_mangen would fill them; each part has
/// a preamble, and one is enough; breaks beside an empty line are skipped by roff.
fn tidy(title: &str, text: &str) -> String {
    const PREAMBLE: [&str; 2] = [r".ie \n(.g .ds Aq \(aq", ".el .ds Aq '"];
    let text = text.replace("\n.br\n\n.br\n", "\n.br\n");
    let rest = text.lines().filter(|line| !PREAMBLE.contains(line) && !line.is_empty());
    let lines: Vec<&str> = PREAMBLE.into_iter().chain([title]).chain(rest.map(str::trim_end)).collect();
    lines.join("\n") + "\n"
}

fn synopsis(roff: &mut Roff, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    roff.control("SH", ["SYNOPSIS"]);
    let usage = usage.trim_start_matches("Usage: ");
    verbatim(roff, &usage.lines().map(str::trim).collect::<Vec<_>>().join("\n"));
}

fn verb_list(roff: &mut Roff, verbs: &[&Command]) {
    if verbs.is_empty() {
        return;
    }
    roff.control("SH", ["COMMANDS"]);
    for verb in verbs {
        roff.control("TP", []);
        let usage = (*verb).clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let is_further = usage.split(' ').nth(2) == Some(verb.get_name());
        roff.text([bold(if is_further { usage.to_owned() } else { format!("mcpfier {}", verb.get_name()) })]);
        roff.text([roman(verb.get_about().map(ToString::to_string).unwrap_or_default())]);
    }
}

/// A text whose parts are parted by empty lines. A part with a heading is a section, one that is
/// indented stands as it is.
fn paragraphs(roff: &mut Roff, text: &str) {
    let mut in_section = false;
    for part in text.split("\n\n") {
        let (first, rest) = part.split_once('\n').unwrap_or((part, ""));
        match first.strip_suffix(':').filter(|_| rest.starts_with(' ')) {
            Some(heading) => {
                let heading =
                    if heading == "Exit codes" { "EXIT STATUS".to_owned() } else { heading.to_uppercase() };
                roff.control("SH", [heading.as_str()]);
                let (indented, filled) = rest.split_at(indented_length(rest));
                verbatim(roff, indented.trim_end_matches('\n'));
                if !filled.is_empty() {
                    roff.control("PP", []);
                    roff.text([roman(filled)]);
                }
            }
            None => {
                if std::mem::replace(&mut in_section, true) {
                    roff.control("PP", []);
                } else {
                    roff.control("SH", ["NOTES"]);
                }
                roff.text([roman(part)]);
            }
        }
    }
}

fn indented_length(text: &str) -> usize {
    text.split_inclusive('\n').take_while(|line| line.starts_with(' ')).map(str::len).sum()
}

fn verbatim(roff: &mut Roff, text: &str) {
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

fn surroundings(roff: &mut Roff) {
    roff.control("SH", ["ENVIRONMENT"]);
    for (name, meaning) in ENVIRONMENT {
        roff.control("TP", []);
        roff.text([bold(name)]);
        roff.text([roman(meaning)]);
    }
    roff.control("SH", ["FILES"]);
    verbatim(roff, &FILES.join("\n"));
}

fn see_also(roff: &mut Roff, verbs: &[&Command]) {
    let others: Vec<String> = match verbs {
        [] => vec!["mcpfier(1)".to_owned()],
        verbs => verbs.iter().map(|verb| format!("mcpfier-{}(1)", verb.get_name())).collect(),
    };
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(others.join(", "))]);
}
