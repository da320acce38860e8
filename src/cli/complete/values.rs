//! Values that the program itself knows, by what an argument calls its value in the help.

use crate::config::Code;
use crate::scaffold;

use super::offer::{Kind, Offer};

/// What can be written where the help says `name`; `None` if that says nothing.
pub fn named(name: &str, typed: &str) -> Option<Vec<Offer>> {
    match name {
        "CODE" => Some(codes(typed)),
        "TEMPLATE" => Some(templates()),
        "FORMAT" => Some(FORMATS.iter().map(|(name, of)| Offer::new(Kind::Value, *name, of)).collect()),
        _ => None,
    }
}

const FORMATS: [(&str, &str); 6] = [
    ("npm", "scripts of a package.json"),
    ("just", "a justfile"),
    ("make", "a Makefile"),
    ("mcpshell", "tools of MCPShell"),
    ("mcp-this", "tools of mcp-this"),
    ("any-script", "tools of any-script"),
];

/// With the letter that was typed: reports print one.
fn codes(typed: &str) -> Vec<Offer> {
    let letter = typed
        .chars()
        .next()
        .filter(|letter| "EWNewn".contains(*letter))
        .map(String::from)
        .unwrap_or_default();
    let all = Code::ALL.iter();
    all.map(|code| Offer::new(Kind::Value, format!("{letter}{:04}", code.number()), code.title())).collect()
}

fn templates() -> Vec<Offer> {
    let all = scaffold::LIBRARY.iter();
    all.map(|template| Offer::new(Kind::Value, template.name, template.summary())).collect()
}
