//! The three servers that are compared.

use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::{floor, ideal};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Mcpfier,
    /// The least server that rmcp and tokio make.
    Floor,
    /// A server without libraries.
    Ideal,
}

impl Subject {
    pub const ALL: [Self; 3] = [Self::Mcpfier, Self::Floor, Self::Ideal];

    pub fn name(self) -> &'static str {
        match self {
            Self::Mcpfier => "mcpfier",
            Self::Floor => "floor",
            Self::Ideal => "ideal",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }

    /// The command that serves the menu in these files.
    pub fn command(self, server: &PathBuf, menu: &MenuFiles) -> Result<Command, Failure> {
        let mut command = match self {
            Self::Mcpfier => Command::new(server),
            Self::Floor | Self::Ideal => Command::new(std::env::current_exe()?),
        };
        match self {
            Self::Mcpfier => command.arg("--config").arg(&menu.yaml).arg("--mcp"),
            Self::Floor => command.arg(floor::WORD).arg(&menu.table),
            Self::Ideal => command.arg(ideal::WORD).arg(&menu.table),
        };
        Ok(command)
    }
}

/// One menu in the two forms that the servers read.
#[derive(Debug, Clone)]
pub struct MenuFiles {
    /// mcpfier's own configuration.
    pub yaml: PathBuf,
    /// What the baselines read: see [`crate::menu`].
    pub table: PathBuf,
}
