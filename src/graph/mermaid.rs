//! A drawing for Mermaid, which many viewers of Markdown show as a picture.

use std::fmt::Write;

use super::drawing::{Drawing, Panel, Part};

pub fn render(drawing: &Drawing) -> String {
    let mut text = String::from("flowchart TD\n");
    for (at, panel) in drawing.panels.iter().enumerate() {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "  subgraph p{at}[\"{}\"]", escaped(&panel.title));
        nodes(&mut text, at, panel);
        edges(&mut text, at, panel);
        text.push_str("  end\n");
    }
    for (at, panel) in drawing.panels.iter().enumerate() {
        for (place, node) in panel.nodes.iter().enumerate() {
            if let Some(runs) = node.runs {
                let _ = writeln!(text, "  p{at}n{place} -. runs .-> p{runs}");
            }
        }
    }
    text
}

fn nodes(text: &mut String, at: usize, panel: &Panel) {
    for (place, node) in panel.nodes.iter().enumerate() {
        let lines: Vec<String> =
            std::iter::once(&node.name).chain(&node.lines).map(|line| escaped(line)).collect();
        let (open, close) = match node.part {
            Part::Step | Part::Command => ("[", "]"),
            Part::Alternative => ("(", ")"),
            Part::Finally => ("([", "])"),
        };
        let _ = writeln!(text, "    p{at}n{place}{open}\"{}\"{close}", lines.join("<br/>"));
    }
}

fn edges(text: &mut String, at: usize, panel: &Panel) {
    for edge in &panel.edges {
        let arrow = match (edge.meaning.is_dashed(), edge.meaning.word()) {
            (true, word) => format!("-. {word} .->"),
            (false, "") => "-->".to_owned(),
            (false, word) => format!("-- {word} -->"),
        };
        let _ = writeln!(text, "    p{at}n{} {arrow} p{at}n{}", edge.from, edge.to);
    }
}

/// Inside of quotes only these mean something.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | ';' | '\\' => drop(write!(escaped, "#{};", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}
