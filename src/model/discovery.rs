//! Whether callers are given all tools, or search them.

/// What a file says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discovery {
    pub search: Search,
    /// So many tools are still given as a list.
    pub above: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    Never,
    /// Callers with many tools search.
    Auto,
    Always,
}

impl Search {
    pub const WORDS: [(&'static str, Self); 3] =
        [("never", Self::Never), ("auto", Self::Auto), ("always", Self::Always)];
}

/// The tools by which others are found and called.
pub const SEARCH_TOOLS: &str = "search_tools";
pub const CALL_TOOL: &str = "call_tool";

impl Discovery {
    /// Whether somebody with so many tools searches them.
    pub fn searches(&self, tools: impl FnOnce() -> usize) -> bool {
        match self.search {
            Search::Never => false,
            Search::Auto => tools() > self.above,
            Search::Always => true,
        }
    }
}

impl Default for Discovery {
    fn default() -> Self {
        Self { search: Search::Never, above: 200 }
    }
}
