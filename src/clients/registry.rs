//! `server.json`: what the MCP registry is told about a bundle, so that clients find and install it.

use serde_json::{Value, json};

use crate::model::{Catalog, SecretSource};

/// The revision that is written.
const SCHEMA: &str = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";
/// The longest title and description, in characters.
const LONGEST: usize = 100;
/// Where the registry lets bundles be: releases of these.
const HOSTS: [&str; 2] = ["https://github.com/", "https://gitlab.com/"];

/// Why something cannot stand in a `server.json`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    #[error("`{0}` is no name of the registry; expected NAMESPACE/NAME, such as `io.github.you/tools`")]
    Name(String),
    #[error("`{0}` is not where a bundle can be fetched; expected a URL with `https://`")]
    Url(String),
    #[error("`{0}` is no version of the registry; expected one release, such as `1.2.0`")]
    Version(String),
}

/// A bundle as the registry lists it.
#[derive(Debug)]
pub struct Entry<'e> {
    name: &'e str,
    version: &'e str,
    url: &'e str,
}

impl<'e> Entry<'e> {
    pub fn new(name: &'e str, version: &'e str, url: &'e str) -> Result<Self, BadEntry> {
        if !is_name(name) {
            return Err(BadEntry::Name(name.to_owned()));
        }
        if !is_one_version(version) {
            return Err(BadEntry::Version(version.to_owned()));
        }
        let is_fetched = url.strip_prefix("https://").is_some_and(|rest| rest.contains('/'));
        match is_fetched && !url.contains(|c: char| c.is_whitespace() || c.is_control()) {
            true => Ok(Self { name, version, url }),
            false => Err(BadEntry::Url(url.to_owned())),
        }
    }

    /// What is worth a second look, although the format allows it.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if !HOSTS.iter().any(|host| self.url.starts_with(host)) {
            doubts.push(
                "the registry takes bundles only from releases on github.com and gitlab.com".to_owned(),
            );
        }
        if !self.url.contains("mcp") {
            doubts.push("the registry takes only URLs that have `mcp` in them".to_owned());
        }
        doubts
    }

    /// The document; `sha256` is of the bundle's bytes.
    pub fn document(&self, catalog: &Catalog, sha256: &str) -> Value {
        let mut package = json!({
            "registryType": "mcpb",
            "identifier": self.url,
            "version": self.version,
            "fileSha256": sha256,
            "transport": { "type": "stdio" },
        });
        let variables = variables(catalog);
        if !variables.is_empty() {
            package["environmentVariables"] = variables.into();
        }
        json!({
            "$schema": SCHEMA,
            "name": self.name,
            "title": shortened(&catalog.server.name),
            "description": description(catalog),
            "version": self.version,
            "packages": [package],
        })
    }
}

/// Secrets that come from the environment have to be given by whoever installs the bundle.
fn variables(catalog: &Catalog) -> Vec<Value> {
    let named = catalog.secrets.iter().filter_map(|(secret, source)| match source {
        SecretSource::Env(variable) => Some(json!({
            "name": variable,
            "description": format!("The secret `{secret}`"),
            "isRequired": true,
            "isSecret": true,
        })),
        _ => None,
    });
    named.collect()
}

fn is_name(text: &str) -> bool {
    let of = |part: &str, more: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let parts = text.split_once('/');
    text.len() <= 200 && parts.is_some_and(|(space, name)| of(space, ".-") && of(name, "._-"))
}

/// Neither `latest` nor a range.
fn is_one_version(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-+_".contains(c);
    let is_open = text.split(['.', '-']).any(|part| matches!(part, "x" | "X"));
    !text.is_empty() && text.len() <= 255 && text != "latest" && text.chars().all(is_plain) && !is_open
}

/// The first line of the file's own words about itself; else as many tools as fit.
fn description(catalog: &Catalog) -> String {
    let own = catalog.server.instructions.as_deref().and_then(|text| text.trim().lines().next());
    if let Some(own) = own.filter(|line| !line.is_empty()) {
        return shortened(own);
    }
    let names: Vec<&str> = catalog.offered().map(|tool| tool.name.as_str()).collect();
    let mut text = match names.first() {
        Some(first) => format!("Offers {first}"),
        None => "Offers no tools".to_owned(),
    };
    for name in names.iter().skip(1) {
        if text.chars().count() + name.len() + 2 > LONGEST {
            return shortened(&format!("{text}, …"));
        }
        text.push_str(&format!(", {name}"));
    }
    shortened(&text)
}

fn shortened(text: &str) -> String {
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_registry_would_refuse_is_told_before() {
        let made = |name, version, url| Entry::new(name, version, url).map(|_| ());
        let url = "https://github.com/me/x/releases/download/v1/x.mcpb";
        assert_eq!(made("io.github.me/x", "1.0.0-beta.1", url), Ok(()));
        for name in ["x", "me/", "/x", "a/b/c", "me and/x", ""] {
            assert_eq!(made(name, "1.0.0", url), Err(BadEntry::Name(name.to_owned())));
        }
        for version in ["latest", "^1.2.3", "1.x", ">=1", "1.*", "", "1 - 2"] {
            assert_eq!(made("me/x", version, url), Err(BadEntry::Version(version.to_owned())));
        }
        for url in ["http://github.com/x", "https://github.com", "x.mcpb", "https://a b/c"] {
            assert_eq!(made("me/x", "1.0.0", url), Err(BadEntry::Url(url.to_owned())));
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_where_the_registry_would_refuse_it() {
        assert_eq!(shortened(&"ä".repeat(100)), "ä".repeat(100));
        assert_eq!(shortened(&"ä".repeat(101)).chars().count(), 100);
    }
}
