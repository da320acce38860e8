//! Values that the program itself knows.

use clap_complete::engine::CompletionCandidate;

use crate::config::Code;
use crate::scaffold;

use super::offer::Kind;

const FORMATS: [(&str, &str); 6] = [
    ("npm", "scripts of a package.json"),
    ("just", "a justfile"),
    ("make", "a Makefile"),
    ("mcpshell", "tools of MCPShell"),
    ("mcp-this", "tools of mcp-this"),
    ("any-script", "tools of any-script"),
];

/// What `import` reads.
pub fn formats() -> Vec<CompletionCandidate> {
    FORMATS.iter().map(|(name, of)| Kind::Value.candidate(*name, of)).collect()
}

/// With the letter that was typed: reports print one.
pub fn codes(typed: &str) -> Vec<CompletionCandidate> {
    let letter = typed.chars().next().filter(|letter| "EWNewn".contains(*letter));
    let letter = letter.map(String::from).unwrap_or_default();
    let all = Code::ALL.iter();
    all.map(|code| Kind::Value.candidate(format!("{letter}{:04}", code.number()), code.title())).collect()
}

pub fn templates() -> Vec<CompletionCandidate> {
    let all = scaffold::LIBRARY.iter();
    all.map(|template| Kind::Value.candidate(template.name, template.summary())).collect()
}
