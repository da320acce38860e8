//! Who calls, and which tools that is about.

use std::sync::Arc;

use super::glob::name_matches;

/// A caller, as policy and audit know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub name: String,
    pub roles: Vec<String>,
    pub permissions: Permissions,
}

impl Principal {
    /// The caller on stdio and at the shell when the file names none.
    pub fn local() -> Self {
        Self { name: "local".to_owned(), roles: Vec::new(), permissions: Permissions::All }
    }

    /// A caller over HTTP where the file asks nobody who they are.
    pub fn anonymous() -> Self {
        Self { name: "anonymous".to_owned(), ..Self::local() }
    }
}

/// Names of tools, as patterns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Permissions {
    All,
    Tools(Arc<[String]>),
}

impl Permissions {
    /// Of patterns as a file has them.
    pub fn of(patterns: Vec<String>) -> Self {
        if patterns.iter().any(|pattern| pattern == "*") { Self::All } else { Self::Tools(patterns.into()) }
    }

    pub fn allow(&self, tool: &str) -> bool {
        match self {
            Self::All => true,
            Self::Tools(patterns) => patterns.iter().any(|pattern| name_matches(pattern, tool)),
        }
    }
}
