//! A drawing for Graphviz.

use std::fmt::Write;

use super::drawing::{Drawing, Panel, Part};

pub fn render(drawing: &Drawing) -> String {
    let title = drawing.panels.first().map(|panel| panel.title.as_str()).unwrap_or_default();
    let mut text = format!("digraph {} {{\n", quoted(title));
    text.push_str("  compound=true;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    for (at, panel) in drawing.panels.iter().enumerate() {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "  subgraph cluster_{at} {{\n    label={};", quoted(&panel.title));
        nodes(&mut text, at, panel);
        edges(&mut text, at, panel);
        text.push_str("  }\n");
    }
    for (at, panel) in drawing.panels.iter().enumerate() {
        for (place, node) in panel.nodes.iter().enumerate() {
            if let Some(runs) = node.runs {
                let _ = writeln!(
                    text,
                    "  p{at}n{place} -> p{runs}n0 [style=dotted, label=\"runs\", lhead=cluster_{runs}];"
                );
            }
        }
    }
    text.push_str("}\n");
    text
}

fn nodes(text: &mut String, at: usize, panel: &Panel) {
    for (place, node) in panel.nodes.iter().enumerate() {
        let lines: Vec<&str> = std::iter::once(&node.name).chain(&node.lines).map(String::as_str).collect();
        let style = match node.part {
            Part::Step | Part::Command => "",
            Part::Alternative => ", style=\"rounded,dashed\"",
            Part::Finally => ", peripheries=2",
        };
        let _ = writeln!(text, "    p{at}n{place} [label={}{style}];", quoted(&lines.join("\n")));
    }
}

fn edges(text: &mut String, at: usize, panel: &Panel) {
    for edge in &panel.edges {
        let style = if edge.meaning.is_dashed() { "style=dashed, " } else { "" };
        let word = quoted(edge.meaning.word());
        let _ = writeln!(text, "    p{at}n{} -> p{at}n{} [{style}label={word}];", edge.from, edge.to);
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
