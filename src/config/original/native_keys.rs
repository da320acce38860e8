//! A file without a version that uses keys of native files: refused as a whole, since reading it
//! as an original one would drop what it asks for in silence.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::shape::{is_native_command_key, is_native_key, is_native_server_key};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};

/// More places than this help nobody.
const SHOWN: usize = 3;

/// Reports native keys as one error. `true` if there were any.
pub fn refuse_native_keys(problems: &Problems, root: &Node<'_>) -> bool {
    let found = native_keys(root);
    let Some(((key, span), others)) = found.split_first() else { return false };
    let message = format!("`{key}` needs `version: 1`, which this file does not have");
    let mut problem = Diagnostic::error(Code::Version, *span, message).help(
        "add `version: 1` at the top of the file; without it the file is read as one of the original mcpfier",
    );
    for (key, span) in others.iter().take(SHOWN) {
        problem = problem.other(*span, format!("so does `{key}`"));
    }
    problems.add(problem);
    true
}

fn native_keys<'n>(root: &'n Node<'_>) -> Vec<(&'n str, Span)> {
    let mut found = keys(root, is_native_key);
    if let Some(Kind::List(commands)) = root.get("commands").map(|commands| &commands.kind) {
        found.extend(commands.iter().flat_map(|command| keys(command, is_native_command_key)));
    }
    if let Some(Kind::List(commands)) = root.get("commands").map(|commands| &commands.kind) {
        // There it is the name of an image.
        let is_map = |command: &&Node<'_>| {
            command.get("container").is_some_and(|container| matches!(container.kind, Kind::Map(_)))
        };
        let maps = commands.iter().filter(is_map);
        found.extend(maps.flat_map(|command| keys(command, |key| key == "container")));
    }
    let server = root.get("server");
    found.extend(server.iter().flat_map(|server| keys(server, is_native_server_key)));
    let http = server.and_then(|server| server.get("http"));
    found.extend(http.iter().flat_map(|http| keys(http, |key| key == "tls")));
    let auth = http.and_then(|http| http.get("auth"));
    found.extend(auth.iter().flat_map(|auth| keys(auth, |key| key == "oauth")));
    found.sort_by_key(|(_, span)| *span);
    found
}

fn keys<'n>(map: &'n Node<'_>, is_native: impl Fn(&str) -> bool) -> Vec<(&'n str, Span)> {
    let entries = map.entries().iter().filter(|entry| is_native(&entry.key.text));
    entries.map(|entry| (&*entry.key.text, entry.key.span)).collect()
}
