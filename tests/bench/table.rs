//! Figures, their gates, and the table that they are printed in.

use crate::measure::Samples;
use crate::subject::Subject;

/// What the values of a figure are. They are kept in seconds and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Milliseconds,
    Microseconds,
    PerSecond,
    MiB,
    Bytes,
    Count,
    Times,
}

/// One line of the table.
pub struct Figure {
    /// The number of the target that it belongs to.
    row: &'static str,
    name: String,
    unit: Unit,
    samples: Samples,
    /// What no server can beat, measured without one.
    limit: Option<f64>,
    gates: Vec<Gate>,
    stretch: Option<Gate>,
}

/// What must hold.
#[derive(Debug, Clone, Copy)]
pub struct Gate {
    sense: Sense,
    factor: f64,
    to: Reference,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    AtMost,
    AtLeast,
}

#[derive(Debug, Clone, Copy)]
pub enum Reference {
    Floor,
    Ideal,
    /// The figure's own limit.
    Limit,
    /// The factor is the bound itself, in the figure's base unit.
    Itself,
}

pub fn at_most(factor: f64, to: Reference) -> Gate {
    Gate { sense: Sense::AtMost, factor, to }
}

pub fn at_least(factor: f64, to: Reference) -> Gate {
    Gate { sense: Sense::AtLeast, factor, to }
}

impl Figure {
    pub fn new(row: &'static str, name: impl Into<String>, unit: Unit, samples: Samples) -> Self {
        Self { row, name: name.into(), unit, samples, limit: None, gates: Vec::new(), stretch: None }
    }

    pub fn limit(mut self, limit: Option<f64>) -> Self {
        self.limit = limit;
        self
    }

    pub fn gate(mut self, gate: Gate) -> Self {
        self.gates.push(gate);
        self
    }

    /// What is aimed at beyond the gate.
    pub fn stretch(mut self, stretch: Gate) -> Self {
        self.stretch = Some(stretch);
        self
    }

    fn holds(&self, gate: &Gate) -> Option<bool> {
        let own = self.samples.median_of(Subject::Mcpfier)?;
        let value = match gate.to {
            Reference::Floor => self.samples.ratio(Subject::Mcpfier, Subject::Floor)?,
            Reference::Ideal => self.samples.ratio(Subject::Mcpfier, Subject::Ideal)?,
            Reference::Limit => own / self.limit?,
            Reference::Itself => own,
        };
        Some(match gate.sense {
            Sense::AtMost => value <= gate.factor,
            Sense::AtLeast => value >= gate.factor,
        })
    }

    fn verdict(&self) -> &'static str {
        let held: Option<Vec<bool>> = self.gates.iter().map(|gate| self.holds(gate)).collect();
        let stretched = self.stretch.as_ref().and_then(|stretch| self.holds(stretch)) == Some(true);
        match held {
            Some(held) if held.is_empty() => "",
            Some(held) if held.contains(&false) => "MISS",
            Some(_) if stretched => "ok+",
            Some(_) => "ok",
            None => "?",
        }
    }

    fn gate_text(&self) -> String {
        let gates: Vec<String> = self.gates.iter().map(|gate| self.written(gate)).collect();
        gates.join(", ")
    }

    fn written(&self, gate: &Gate) -> String {
        let sign = match gate.sense {
            Sense::AtMost => "≤",
            Sense::AtLeast => "≥",
        };
        match gate.to {
            Reference::Floor => format!("{sign} {} × floor", gate.factor),
            Reference::Ideal => format!("{sign} {} × ideal", gate.factor),
            Reference::Limit => {
                format!("{sign} {} × limit {}", gate.factor, self.unit.show(self.limit))
            }
            Reference::Itself => format!("{sign} {}", self.unit.show(Some(gate.factor))),
        }
    }

    fn cells(&self) -> [String; 9] {
        let value = |subject| self.unit.show(self.samples.median_of(subject));
        let ratio = |to| match self.samples.ratio(Subject::Mcpfier, to) {
            Some(ratio) if ratio.is_finite() => format!("{ratio:.2}"),
            _ => "–".to_owned(),
        };
        [
            self.row.to_owned(),
            self.name.clone(),
            value(Subject::Mcpfier),
            value(Subject::Floor),
            value(Subject::Ideal),
            ratio(Subject::Floor),
            ratio(Subject::Ideal),
            self.gate_text(),
            self.verdict().to_owned(),
        ]
    }
}

impl Unit {
    fn show(self, value: Option<f64>) -> String {
        let Some(value) = value.filter(|value| value.is_finite()) else { return "–".to_owned() };
        match self {
            Self::Milliseconds => format!("{} ms", significant(value * 1e3)),
            Self::Microseconds => format!("{} µs", significant(value * 1e6)),
            Self::PerSecond => format!("{value:.0} /s"),
            Self::MiB => format!("{:.1} MiB", value / 1_048_576.0),
            Self::Bytes => format!("{value:.0} B"),
            Self::Count => format!("{value:.0}"),
            Self::Times => format!("{value:.2} ×"),
        }
    }
}

fn significant(value: f64) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Prints figures as they come, in columns of fixed width.
pub struct Table {
    markdown: bool,
}

const HEADINGS: [&str; 9] =
    ["row", "figure", "mcpfier", "floor", "ideal", "× floor", "× ideal", "gate", "verdict"];
const WIDTHS: [usize; 9] = [4, 46, 10, 10, 10, 7, 7, 32, 7];

impl Table {
    pub fn new(markdown: bool) -> Self {
        let table = Self { markdown };
        table.line(&HEADINGS.map(str::to_owned));
        table.line(&std::array::from_fn(|column| table.rule(column)));
        table
    }

    pub fn print(&mut self, figure: &Figure) {
        self.line(&figure.cells());
    }

    fn rule(&self, column: usize) -> String {
        let width = WIDTHS.get(column).copied().unwrap_or(3);
        match column {
            2..=6 if self.markdown => format!("{}:", "-".repeat(width - 1)),
            _ => "-".repeat(width),
        }
    }

    fn line(&self, cells: &[String; 9]) {
        let padded: Vec<String> = cells.iter().zip(WIDTHS).enumerate().map(aligned).collect();
        let line = if self.markdown { format!("| {} |", padded.join(" | ")) } else { padded.join("  ") };
        println!("{}", line.trim_end());
    }

    pub fn finish(&self) {
        if !self.markdown {
            println!("\nok+ also reaches what is aimed at beyond the gate; ? could not be judged.");
        }
    }
}

/// Numbers to the right, words to the left.
fn aligned((column, (cell, width)): (usize, (&String, usize))) -> String {
    let space = " ".repeat(width.saturating_sub(cell.chars().count()));
    if (2..=6).contains(&column) { format!("{space}{cell}") } else { format!("{cell}{space}") }
}
