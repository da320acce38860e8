//! The root of the file: its version, what holds for all commands, and the parts that are no command.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::report::Report;
use crate::config::shape::{self, Shape};
use crate::config::syntax::{Document, Entry, Kind, Node, Scalar, scalar};

use super::Notes;
use super::command::Conversion;
use super::composite;
use super::edits::Edits;
use super::page::{Page, quoted};

const HEAD: &str =
    "# Made of a file of the original mcpfier by `mcpfier migrate`; a comment says where something changed.";
const DEFAULTS: [(&str, &str); 3] = [
    ("timeout: 1h", "the original stopped no command; without this line it would be 30s"),
    (
        "env_inherit: all",
        "a command gets the whole environment, as before; without this line PATH, HOME and the like",
    ),
    ("limits: { output: 4MiB }", "the original cut no output; without this line 1MiB of it is kept"),
];

/// Behind a secret, where commands could have inherited what feeds it.
const SECRET: &str =
    "  # a command inherits this variable no more; one that needs it names the secret in its `env`";

/// The original gave containers no limits.
const UNLIMITED: (&str, &str) = (
    "limits: { output: 4MiB, memory: none, cpu: none, pids: none, files: none }",
    "the original cut no output and limited no container; without this line 1MiB of it is kept, and each container has limits",
);

/// Names for what stood in the middle of texts, and what holds for the file because of a command.
#[derive(Debug, Default)]
pub struct Names {
    pub has_containers: bool,
    pub vars: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
}

pub fn convert(document: &Document<'_>, text: &str, report: &Report, notes: &mut Notes) -> Edits {
    let page = Page { text };
    let mut edits = Edits::default();
    let root = &document.root;
    let (mut names, mut explained) = (Names::default(), BTreeSet::new());
    match root.get("commands").map(|commands| (&commands.kind, commands.span)) {
        Some((Kind::List(items), span)) => {
            for item in items.iter().filter(|item| span.contains(item.span)) {
                let (edits, names) = (&mut edits, &mut names);
                let explained = &mut explained;
                let mut conversion = Conversion { page: &page, edits, report, notes, names, explained };
                conversion.command(item);
            }
        }
        Some(_) => {
            if let Some(entry) = entry_of(root, "commands") {
                edits.insert(page.entry_end(entry), " []");
            }
        }
        None => {}
    }
    others(&page, root, &mut edits, notes);
    let runs_programs = runs_programs(root);
    head(&page, root, &names, runs_programs, &mut edits);
    if runs_programs {
        names.secrets.iter().for_each(|(name, source)| not_inherited(name, source, notes));
    }
    general(notes);
    edits
}

fn entry_of<'n, 's>(map: &'n Node<'s>, key: &str) -> Option<&'n Entry<'s>> {
    map.entries().iter().find(|entry| entry.key.text == key)
}

/// `server`, `analytics` and what is not built yet: as they are, since a native file knows them.
fn others(page: &Page<'_>, root: &Node<'_>, edits: &mut Edits, notes: &mut Notes) {
    for entry in root.entries().iter().filter(|entry| entry.key.text != "commands") {
        if matches!(entry.value.kind, Kind::Null) {
            page.drop_entry(edits, root, entry, "empty");
            continue;
        }
        if entry.key.text == "composite_tools" && composite::convert(page, root, entry, edits, notes) {
            continue;
        }
        booleans(&entry.value, edits);
        nothing(page, &entry.value, edits);
        let later: Vec<String> = match &*entry.key.text {
            "server" => not_built(&entry.value),
            key if shape::ROOT.has(key) && !shape::ROOT.is_later(key) => Vec::new(),
            key => vec![key.to_owned()],
        };
        for key in later {
            notes.add(None, format!("`{key}` stays as it is; it is not supported yet, and the file is refused as long as it is there"));
        }
    }
}

/// The keys below `server` that no server obeys yet.
fn not_built(server: &Node<'_>) -> Vec<String> {
    let later = |map: &Node<'_>, shape: &Shape, path: &str| {
        let keys = map.entries().iter().filter(|entry| shape.is_later(&entry.key.text));
        keys.map(|entry| format!("{path}.{}", entry.key.text)).collect::<Vec<_>>()
    };
    let mut found = later(server, &shape::SERVER, "server");
    if let Some(http) = server.get("http") {
        found.extend(later(http, &shape::HTTP_SERVER, "server.http"));
    }
    found
}

/// Keys of maps that may be empty.
const MAPS: [&str; 13] = [
    "http",
    "auth",
    "simple",
    "basic",
    "basic_auth",
    "enterprise",
    "rbac",
    "cors",
    "security_headers",
    "limits",
    "rate_limit",
    "rate_limits",
    "connection_pool",
];

/// Whether nothing stays of the lines of a map, because all of its keys are empty.
fn is_left_empty(page: &Page<'_>, entry: &Entry<'_>) -> bool {
    let goes =
        |entry: &Entry<'_>| matches!(entry.value.kind, Kind::Null) && !MAPS.contains(&&*entry.key.text);
    let keys = entry.value.entries();
    !keys.is_empty() && keys.iter().all(goes) && !page.is_flow(entry.value.span)
}

/// What is empty in a file of the original has to be a map, or not be there, in a native one.
fn nothing(page: &Page<'_>, node: &Node<'_>, edits: &mut Edits) {
    for entry in node.entries() {
        if is_left_empty(page, entry) {
            let end = entry.key.span.range().end;
            let colon = page.text.get(end..).and_then(|rest| rest.find(':')).unwrap_or_default();
            edits.insert(end + colon + 1, " {}");
        }
        match entry.value.kind {
            Kind::Null if MAPS.contains(&&*entry.key.text) => edits.insert(page.entry_end(entry), " {}"),
            Kind::Null => page.drop_entry(edits, node, entry, "empty"),
            _ => nothing(page, &entry.value, edits),
        }
    }
}

/// The same where a native file reads every key of it.
pub fn tidied(page: &Page<'_>, node: &Node<'_>, edits: &mut Edits) {
    booleans(node, edits);
    nothing(page, node, edits);
}

/// `yes` and `on` are texts in a native file.
fn booleans(node: &Node<'_>, edits: &mut Edits) {
    match &node.kind {
        Kind::Scalar(Scalar { text, plain: true }) if scalar::core_boolean(text).is_none() => {
            if let Some(value) = scalar::old_boolean(text) {
                edits.replace(node.span.range(), value.to_string());
            }
        }
        Kind::List(items) => items.iter().for_each(|item| booleans(item, edits)),
        Kind::Map(entries) => entries.iter().for_each(|entry| booleans(&entry.value, edits)),
        _ => {}
    }
}

/// Whether there are commands that inherit variables.
fn runs_programs(root: &Node<'_>) -> bool {
    let is_program = |command: &Node<'_>| {
        command.get("script").is_some()
            && command.get("webhook").is_none()
            && command.get("container").is_none()
    };
    match root.get("commands").map(|commands| &commands.kind) {
        Some(Kind::List(items)) => items.iter().any(is_program),
        _ => false,
    }
}

/// What feeds a secret is kept from every command, which the original did not do.
fn not_inherited(name: &str, source: &str, notes: &mut Notes) {
    let variable = source.trim_start_matches("{ env: ").trim_end_matches(" }");
    notes.add(
        None,
        format!(
            "`{variable}` feeds a secret now and is inherited by no command; one that needs it says `env: {{ {variable}: \"{{{{secrets.{name}}}}}\" }}`"
        ),
    );
}

fn head(page: &Page<'_>, root: &Node<'_>, names: &Names, runs_programs: bool, edits: &mut Edits) {
    let newline = page.newline();
    if page.is_flow(root.span) {
        let defaults: Vec<&str> = defaults(names).map(|(line, _)| line).collect();
        let head = [("vars", &names.vars), ("secrets", &names.secrets)].map(|(key, map)| {
            if map.is_empty() { String::new() } else { format!("{key}: {{ {} }}, ", pairs(map).join(", ")) }
        });
        let head = format!(" version: 1, defaults: {{ {} }}, {}", defaults.join(", "), head.concat());
        return edits.insert(root.span.range().start + 1, head);
    }
    let mut lines = vec![HEAD.to_owned(), "version: 1".to_owned(), String::new()];
    if root.get("commands").is_some() {
        lines.push("defaults:".to_owned());
        lines.extend(defaults(names).map(|(line, why)| format!("  {line}  # {why}")));
        lines.push(String::new());
    }
    for (key, map) in [("vars", &names.vars), ("secrets", &names.secrets)] {
        if !map.is_empty() {
            lines.push(format!("{key}:"));
            let why = if key == "secrets" && runs_programs { SECRET } else { "" };
            lines.extend(pairs(map).into_iter().map(|pair| format!("  {pair}{why}")));
            lines.push(String::new());
        }
    }
    let at = beginning(page.text);
    let before = page.text.get(..at).unwrap_or_default();
    let gap = if before.is_empty() || before.ends_with(['\n', '\u{feff}']) { "" } else { newline };
    edits.insert(at, format!("{gap}{}{newline}", lines.join(newline)));
}

fn defaults(names: &Names) -> impl Iterator<Item = (&'static str, &'static str)> {
    let has_containers = names.has_containers;
    DEFAULTS.into_iter().map(move |line| match line {
        (limits, _) if has_containers && limits.starts_with("limits:") => UNLIMITED,
        line => line,
    })
}

fn pairs(map: &BTreeMap<String, String>) -> Vec<String> {
    map.iter().map(|(name, value)| format!("{name}: {value}")).collect()
}

/// Behind what has to stand first, and behind a comment that is about the file as a whole.
fn beginning(text: &str) -> usize {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (mut at, mut begin) = (start, start);
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        at += line.len();
        let bare = line.trim_end();
        if bare.is_empty()
            || bare == "---"
            || bare.starts_with('%')
            || bare.starts_with("# yaml-language-server")
        {
            begin = at;
        } else if !bare.starts_with('#') {
            break;
        }
    }
    begin
}

/// What differs wherever the file is, and stands in no line of it.
fn general(notes: &mut Notes) {
    notes.add(None, "an unknown key is an error now, and not passed over");
    notes.add(None, "a call with arguments that its tool does not have is refused, and not passed over");
    notes.add(None, "a command whose `${NAME}` is not set is hidden with that reason; before, the text was passed as it is written");
}

/// The name of a variable of the file.
pub fn var(names: &mut Names, variable: &str) -> String {
    let name = variable.to_ascii_lowercase();
    names.vars.insert(name.clone(), quoted(&format!("${{{variable}}}")));
    name
}

/// The name of a secret.
pub fn secret(names: &mut Names, variable: &str) -> String {
    let name = variable.to_ascii_lowercase();
    names.secrets.insert(name.clone(), format!("{{ env: {variable} }}"));
    name
}
