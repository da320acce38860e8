//! Commands and their steps as a drawing: text, Mermaid, DOT or SVG.
//!
//! A [`Drawing`] is made of a catalog, and rendered. Pure: nothing is run, and nothing is printed here. What
//! is shown is what the file says, without any value.

mod command;
mod dot;
mod drawing;
mod file;
mod label;
mod layers;
mod mermaid;
mod svg;
mod text;

use crate::model::Flow;

pub use command::of_command;
pub use drawing::Drawing;
pub use file::of_file;

/// The steps of a flow in their order, each with what it does.
pub fn steps(flow: &Flow) -> impl Iterator<Item = (&str, String)> {
    let all = flow.steps.iter().chain(&flow.finally);
    all.map(|step| (step.id.as_str(), label::work(&step.work)))
}

/// How a drawing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Mermaid,
    Dot,
    Svg,
}

impl Drawing {
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Text => text::render(self),
            Format::Mermaid => mermaid::render(self),
            Format::Dot => dot::render(self),
            Format::Svg => svg::render(self),
        }
    }
}

#[cfg(test)]
mod tests;
