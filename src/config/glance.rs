//! Whether a file is a configuration at all, at a first glance: JSON and TOML are written for much else.

use std::path::Path;

use super::diagnostic::Problems;
use super::host::Host;
use super::source::{Source, SourceId};
use super::syntax::{self, Format, Kind, Node};

/// Keys that hold lists or maps in configurations and in the files that these include.
const COLLECTIONS: [&str; 3] = ["commands", "vars", "secrets"];

/// YAML always may be one, and so may what cannot be read: whoever checks it says why.
pub fn may_be_configuration(path: &Path, host: &Host) -> bool {
    let format = Format::of(path);
    if format == Format::Yaml {
        return true;
    }
    let (source, read) = Source::read(path, &host.cwd);
    let problems = Problems::default();
    match read.ok().and_then(|()| syntax::parse(SourceId::default(), &source.text, format, &problems)) {
        Some(document) => is_ours(&document.root),
        // Broken JSON and TOML without such a word are another tool's matter.
        None => COLLECTIONS.iter().any(|key| source.text.contains(key)),
    }
}

fn is_ours(root: &Node<'_>) -> bool {
    let is_collection = |key: &&str| {
        root.get(key).is_some_and(|value| matches!(value.kind, Kind::List(_) | Kind::Map(_) | Kind::Broken))
    };
    let is_version =
        |node: &Node<'_>| matches!(&node.kind, Kind::Scalar(scalar) if scalar.plain && scalar.text == "1");
    root.get("version").is_some_and(is_version) || COLLECTIONS.iter().any(is_collection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_toml_are_configurations_by_their_keys() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, expected) in [
            ("any.yaml", "a: b", true),
            ("package.json", r#"{ "name": "x", "version": "1.0.0", "scripts": {} }"#, false),
            ("part.json", r#"{ "commands": [] }"#, true),
            ("version.json", r#"{ "version": 1 }"#, true),
            ("Cargo.toml", "[package]\nversion = \"1.0.0\"\n", false),
            ("part.toml", "[secrets]\nkey = { env = \"KEY\" }\n", true),
            ("broken.toml", "[[commands]\n", true),
            ("other.toml", "[x\n", false),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            assert_eq!(may_be_configuration(&path, &Host::default()), expected, "{name}");
        }
    }
}
