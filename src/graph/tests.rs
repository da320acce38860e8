//! Drawings hold every part of a flow, and no text of a file can break out of its label.

use super::drawing::{Drawing, Edge, Meaning, Node, Panel, Part};
use super::{Format, layers};

fn node(name: &str, part: Part) -> Node {
    Node { name: name.to_owned(), lines: vec![format!("does {name}")], part, runs: None }
}

fn edge(from: usize, to: usize, meaning: Meaning) -> Edge {
    Edge { from, to, meaning }
}

fn drawing(nodes: Vec<Node>, edges: Vec<Edge>) -> Drawing {
    let panel = Panel { title: "release".to_owned(), notes: vec!["Release it.".to_owned()], nodes, edges };
    Drawing { panels: vec![panel], is_file: false }
}

fn some() -> Drawing {
    drawing(
        vec![
            node("a", Part::Step),
            node("b", Part::Step),
            node("c", Part::Step),
            node("c (else)", Part::Alternative),
            node("z", Part::Finally),
        ],
        vec![
            edge(0, 1, Meaning::After),
            edge(0, 2, Meaning::After),
            edge(1, 2, Meaning::After),
            edge(2, 3, Meaning::Else),
            edge(2, 4, Meaning::Finally),
        ],
    )
}

#[test]
fn every_node_stands_below_all_that_lead_to_it() {
    let drawing = some();
    assert_eq!(layers::layers(&drawing.panels[0]), [0, 1, 2, 3, 3]);
}

#[test]
fn every_format_has_every_node_and_every_edge() {
    let drawing = some();
    for format in [Format::Mermaid, Format::Dot, Format::Svg, Format::Text] {
        let text = drawing.render(format);
        for name in ["a", "b", "c", "c (else)", "z"] {
            assert!(text.contains(&format!("does {name}")), "{format:?}: {name}\n{text}");
        }
    }
    let arrows = |text: &str, arrow: &str| text.matches(arrow).count();
    assert_eq!(arrows(&drawing.render(Format::Dot), "->"), 5);
    assert_eq!(arrows(&drawing.render(Format::Mermaid), "->"), 5);
    assert_eq!(arrows(&drawing.render(Format::Svg), "marker-end"), 5);
    assert_eq!(
        drawing.render(Format::Text),
        "release: Release it.\n  1. a         does a\n  2. b         does b\n               after a\n  3. c         does c\n               after a, b\n   - c (else)  does c (else)\n  4. z         does z\n               whatever happened\n"
    );
}

#[test]
fn no_text_breaks_out_of_its_label() {
    let bad = "\"]; x --> y <script>alert(1)</script> & \\ ` #quot; ]]>";
    let drawing = drawing(vec![node(bad, Part::Step)], Vec::new());
    let svg = drawing.render(Format::Svg);
    assert!(!svg.contains("<script") && !svg.contains("]]>"), "{svg}");
    assert!(svg.contains("&lt;script&gt;"));
    let mermaid = drawing.render(Format::Mermaid);
    let label = mermaid.lines().nth(2).unwrap();
    assert_eq!(label.matches('"').count(), 2, "{label}");
    assert!(!label.contains("<script") && !label.contains("#quot;"), "{label}");
    let dot = drawing.render(Format::Dot);
    let label = dot.lines().find(|line| line.contains("p0n0")).unwrap();
    assert!(label.contains("\\\"]; x") && label.contains("\\\\ `"), "{label}");
}

#[test]
fn a_tree_tells_each_command_once() {
    let nodes = ["a", "b", "c", "alone"].map(|name| node(name, Part::Command)).to_vec();
    let edges = vec![edge(0, 1, Meaning::Runs), edge(0, 2, Meaning::OnError), edge(1, 2, Meaning::DependsOn)];
    let drawing = Drawing { is_file: true, ..drawing(nodes, edges) };
    assert_eq!(drawing.render(Format::Text), "a\n├─ b\n│  └─ c (needs)\n└─ c (on error)\nalone\n");
}

#[test]
fn a_chain_of_thousands_is_drawn_without_a_deep_stack() {
    let nodes: Vec<Node> = (0..20_000).map(|at| node(&at.to_string(), Part::Step)).collect();
    let edges = (1..20_000).map(|at| edge(at - 1, at, Meaning::After)).collect();
    let drawing = drawing(nodes, edges);
    assert_eq!(layers::layers(&drawing.panels[0]).last(), Some(&19_999));
    assert!(drawing.render(Format::Svg).ends_with("</svg>\n"));
}
