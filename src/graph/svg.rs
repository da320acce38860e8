//! A drawing as a picture of its own: boxes in layers, arrows from above to below. No script, no link, no
//! font that has to be fetched.

use std::fmt::Write;

use super::drawing::{Drawing, Edge, Panel, Part};
use super::layers::layers;

/// Of a box, and between boxes.
const WIDTH: usize = 260;
const LINE: usize = 16;
const GAP: usize = 36;
/// A wider layer goes on below.
const COLUMNS: usize = 8;
/// So many characters fit into a box.
const FITS: usize = 38;

/// Where a box stands.
#[derive(Clone, Copy, Default)]
struct Box {
    x: usize,
    y: usize,
    height: usize,
}

pub fn render(drawing: &Drawing) -> String {
    let (mut body, mut top, mut widest) = (String::new(), GAP / 2, WIDTH);
    for panel in &drawing.panels {
        // Writing to a text cannot fail.
        let _ = writeln!(
            body,
            "<text class=\"t\" x=\"{}\" y=\"{}\">{}</text>",
            GAP / 2,
            top + LINE,
            escaped(&panel.title)
        );
        let (boxes, bottom, width) = place(panel, top + 2 * LINE);
        panel.edges.iter().for_each(|edge| arrow(&mut body, &boxes, *edge));
        draw(&mut body, drawing, panel, &boxes);
        top = bottom + GAP;
        widest = widest.max(width);
    }
    let title = drawing.panels.first().map(|panel| escaped(&panel.title)).unwrap_or_default();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{widest}\" height=\"{top}\" viewBox=\"0 0 {widest} {top}\" role=\"img\">\n<title>{title}</title>\n{STYLE}<rect width=\"{widest}\" height=\"{top}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

const STYLE: &str = "<style>text{font:12px sans-serif;fill:#1f2933}.t{font-size:15px;font-weight:bold}.n{font-weight:bold}.w{fill:#52606d;font-size:11px}rect.b{fill:#f0f4f8;stroke:#486581}rect.a{fill:#fffbea;stroke:#b44d12;stroke-dasharray:4 3}rect.f{fill:#e3f8ee;stroke:#27785a}path{fill:none;stroke:#627d98}path.d{stroke-dasharray:4 3}</style>\n<defs><marker id=\"h\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" style=\"fill:#627d98;stroke:none\"/></marker></defs>\n";

/// Boxes in rows, the bottom of the last, and how wide it is.
fn place(panel: &Panel, top: usize) -> (Vec<Box>, usize, usize) {
    let layers = layers(panel);
    let last = layers.iter().copied().max().unwrap_or_default();
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); last + 1];
    for (at, layer) in layers.iter().enumerate() {
        rows.get_mut(*layer).into_iter().for_each(|row| row.push(at));
    }
    let (mut boxes, mut y, mut width) = (vec![Box::default(); panel.nodes.len()], top, 0);
    for row in rows.iter().flat_map(|row| row.chunks(COLUMNS)) {
        let mut tallest = 0;
        for (column, at) in row.iter().enumerate() {
            let lines = panel.nodes.get(*at).map_or(0, |node| node.lines.len());
            let height = (lines + 2) * LINE;
            tallest = tallest.max(height);
            let x = GAP / 2 + column * (WIDTH + GAP);
            width = width.max(x + WIDTH + GAP / 2);
            boxes.get_mut(*at).into_iter().for_each(|place| *place = Box { x, y, height });
        }
        y += tallest + GAP;
    }
    (boxes, y, width)
}

fn draw(body: &mut String, drawing: &Drawing, panel: &Panel, boxes: &[Box]) {
    for (node, Box { x, y, height }) in panel.nodes.iter().zip(boxes) {
        let class = match node.part {
            Part::Step | Part::Command => "b",
            Part::Alternative => "a",
            Part::Finally => "f",
        };
        let _ = writeln!(
            body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>"
        );
        let (left, mut baseline) = (x + 10, y + LINE + 4);
        let _ =
            writeln!(body, "<text class=\"n\" x=\"{left}\" y=\"{baseline}\">{}</text>", fitting(&node.name));
        let runs = node
            .runs
            .and_then(|at| drawing.panels.get(at))
            .map(|panel| format!("its steps: {}", panel.title));
        for line in node.lines.iter().chain(&runs) {
            baseline += LINE;
            let _ = writeln!(body, "<text x=\"{left}\" y=\"{baseline}\">{}</text>", fitting(line));
        }
    }
}

fn arrow(body: &mut String, boxes: &[Box], edge: Edge) {
    let (Some(from), Some(to)) = (boxes.get(edge.from), boxes.get(edge.to)) else { return };
    let (x1, y1) = (from.x + WIDTH / 2, from.y + from.height);
    let (x2, y2) = (to.x + WIDTH / 2, to.y);
    let class = if edge.meaning.is_dashed() { " class=\"d\"" } else { "" };
    let _ = writeln!(
        body,
        "<path{class} marker-end=\"url(#h)\" d=\"M{x1} {y1}C{x1} {} {x2} {} {x2} {y2}\"/>",
        y1 + GAP / 2,
        y2.saturating_sub(GAP / 2)
    );
    if !edge.meaning.word().is_empty() {
        let (x, y) = (x1.midpoint(x2), y1.midpoint(y2));
        let _ = writeln!(body, "<text class=\"w\" x=\"{x}\" y=\"{y}\">{}</text>", edge.meaning.word());
    }
}

/// As much of a text as fits into a box.
fn fitting(text: &str) -> String {
    match text.char_indices().nth(FITS) {
        Some((end, _)) => escaped(&format!("{}…", text.get(..end).unwrap_or_default())),
        None => escaped(text),
    }
}

/// Without what XML takes for markup, and without characters that it cannot hold.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}
