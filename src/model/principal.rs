//! Who calls.

/// A caller, as policy and audit know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub name: String,
    pub roles: Vec<String>,
}

impl Principal {
    /// The caller on stdio and at the shell when the file names none.
    pub fn local() -> Self {
        Self { name: "local".to_owned(), roles: Vec::new() }
    }
}
