//! `mcpfier graph` from outside: every format, for one command and for a whole file.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::place::Place;
use crate::support::skip::skip;

const FILE: &str = include_str!("../data/valid/flows.yaml");

fn place() -> Place {
    Place::with(&[("tools.yaml", FILE)])
}

fn graph(words: &[&str]) -> String {
    let words: Vec<&str> = ["--config", "tools.yaml", "graph"].iter().chain(words).copied().collect();
    place().run(&words).ends_with(0).stdout
}

#[test]
fn the_steps_of_a_command_are_listed_in_their_order() {
    insta::assert_snapshot!(graph(&["release"]));
}

#[test]
fn the_commands_of_a_file_hang_together_as_trees() {
    assert_eq!(
        graph(&[]),
        "release\n├─ build\n│  └─ lint-all (needs)\n├─ checks\n│  ├─ lint-all (needs)\n│  └─ build (needs), as above\n├─ git-tag\n├─ notify (on error)\n├─ notify\n├─ lint-all (else)\n├─ lint-all\n└─ notify (finally)\n"
    );
}

#[test]
fn mermaid_has_a_line_for_each_node_and_each_arrow() {
    insta::assert_snapshot!(graph(&["release", "--format", "mermaid"]));
    let text = graph(&["--format", "mermaid"]);
    assert!(
        text.starts_with("flowchart TD\n") && text.contains("-. else .->") && text.contains("-- needs -->")
    );
}

#[test]
fn graphviz_reads_what_is_drawn_for_it() {
    for words in [&["release", "--format", "dot"][..], &["--format", "dot"], &["git-tag", "--format", "dot"]]
    {
        let text = graph(words);
        let Ok(mut dot) =
            Command::new("dot").arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
        else {
            return skip("`dot` of Graphviz is not installed");
        };
        let mut input = dot.stdin.take().expect("it was piped");
        input.write_all(text.as_bytes()).expect("it reads");
        drop(input);
        let drawn = dot.wait_with_output().expect("it ends");
        let svg = String::from_utf8_lossy(&drawn.stdout);
        assert!(drawn.status.success() && svg.contains("</svg>"), "{text}");
    }
}

#[test]
fn a_picture_is_xml_without_scripts() {
    for words in [&["release", "--format", "svg"][..], &["--format", "svg"], &["git-tag", "--format", "svg"]]
    {
        let svg = graph(words);
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"));
        assert!(!svg.contains("<script") && !svg.contains("href"));
        assert!(is_balanced(&svg), "{svg}");
    }
}

/// Every tag that opens closes, in turn.
fn is_balanced(xml: &str) -> bool {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { return false };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) if open.pop() != Some(name) => return false,
            (false, false) => open.push(name),
            _ => {}
        }
    }
    open.is_empty()
}

#[test]
fn nothing_is_run_and_what_is_not_there_is_told() {
    let place = Place::with(&[(
        "tools.yaml",
        "version: 1\ncommands:\n  - { name: flow, description: F., steps: [{ run: touch was-run }] }\n",
    )]);
    let run = |words: &[&str]| place.run(&[&["--config", "tools.yaml", "graph"], words].concat());
    run(&["flow"]).ends_with(0);
    run(&[]).ends_with(0);
    assert!(!place.path("was-run").exists());
    let said = run(&["folw"]).ends_with(5);
    assert!(said.stderr.contains("did you mean `flow`?"), "{}", said.stderr);
    run(&["flow", "--format", "png"]).ends_with(2);
    let json = run(&["flow", "--format", "mermaid", "--json"]).ends_with(0).stdout;
    assert!(json.contains("\"format\": \"mermaid\"") || json.contains("\"format\":\"mermaid\""), "{json}");
}
