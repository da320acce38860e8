//! What is drawn: panels, each with nodes and what leads from one to another.

/// One panel for a command and each command with steps that it runs, or one for a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    pub panels: Vec<Panel>,
    /// The panel is a file: its nodes are commands and no steps.
    pub is_file: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Panel {
    pub title: String,
    /// What holds for all of it, in words.
    pub notes: Vec<String>,
    pub nodes: Vec<Node>,
    /// Never in a circle.
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// What it does, and under which conditions, a line each.
    pub lines: Vec<String>,
    pub part: Part,
    /// The panel of what it runs.
    pub runs: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Step,
    /// Done in place of a step, or because it failed.
    Alternative,
    Finally,
    /// A command of the file.
    Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub meaning: Meaning,
}

/// Why one follows the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    After,
    Else,
    OnError,
    Finally,
    /// A command runs another one.
    Runs,
    DependsOn,
}

impl Meaning {
    /// What stands at the edge.
    pub fn word(self) -> &'static str {
        match self {
            Self::After | Self::Runs => "",
            Self::Else => "else",
            Self::OnError => "on error",
            Self::Finally => "finally",
            Self::DependsOn => "needs",
        }
    }

    /// It need not be gone.
    pub fn is_dashed(self) -> bool {
        matches!(self, Self::Else | Self::OnError | Self::Finally)
    }
}
