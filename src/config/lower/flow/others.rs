//! The commands that a flow can run.

use std::collections::HashMap;

use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::model::Tool;

use super::sight::Patience;

/// All commands of the file, by name.
pub struct Others<'a> {
    tools: &'a [Tool],
    by_name: HashMap<&'a str, usize>,
    /// Where each name stands, also of those that could not be read.
    declared: &'a HashMap<&'a str, Span>,
    patience: Patience,
}

/// That a flow runs a command.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its place among the tools.
    pub callee: usize,
    /// Where it is named.
    pub span: Span,
}

pub enum Found<'a> {
    Tool(usize, &'a Tool),
    /// It is there, and could not be read.
    Broken,
    /// What was perhaps meant.
    Unknown(Option<&'a str>),
}

impl<'a> Others<'a> {
    pub fn new(tools: &'a [Tool], declared: &'a HashMap<&'a str, Span>) -> Self {
        let mut by_name = HashMap::with_capacity(tools.len());
        for (at, tool) in tools.iter().enumerate() {
            by_name.entry(tool.name.as_str()).or_insert(at);
        }
        Self { tools, by_name, declared, patience: Patience::default() }
    }

    pub fn tool(&self, at: usize) -> Option<&'a Tool> {
        self.tools.get(at)
    }

    pub fn find(&self, name: Spanned<&str>) -> Found<'a> {
        if let Some((at, tool)) =
            self.by_name.get(name.value).and_then(|at| Some((*at, self.tools.get(*at)?)))
        {
            return Found::Tool(at, tool);
        }
        if self.declared.contains_key(name.value) {
            return Found::Broken;
        }
        Found::Unknown(self.patience.nearest(name.value, self.by_name.keys().copied()))
    }
}
