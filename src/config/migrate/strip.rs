//! Takes out what the original ignores: what is left means the same to it.

use crate::config::code::Code;
use crate::config::report::Report;
use crate::config::source::Span;
use crate::config::syntax::{Document, Entry, Kind, Node, Oddity};

use super::Notes;
use super::edits::Edits;
use super::inline;
use super::page::Page;

pub fn strip(document: &Document<'_>, text: &str, report: &Report, notes: &mut Notes) -> Edits {
    let page = Page { text };
    let mut edits = Edits::default();
    // One kind at a time: the places of the next are those of the new text.
    oddities(&page, &document.oddities, &mut edits, notes);
    if edits.is_empty() {
        let places = |code: Code| -> Vec<Span> {
            let of_code = report.diagnostics().iter().filter(move |problem| problem.code == code);
            of_code.filter_map(|problem| problem.span).collect()
        };
        let unknown = places(Code::UnknownKey);
        // What stands in a map that goes, and is used elsewhere, is written out there first.
        inline::inline(&page, &document.root, &unknown, &mut edits);
        if edits.is_empty() {
            let dropped = [Code::BadName, Code::NothingToRun, Code::BadImage].map(places).concat();
            let bad_variables = places(Code::BadVariable);
            let mut sieve = Sieve { page: &page, edits: &mut edits, notes, unknown, dropped, bad_variables };
            sieve.root(&document.root);
        }
    }
    edits
}

fn oddities(page: &Page<'_>, oddities: &[Oddity], edits: &mut Edits, notes: &mut Notes) {
    for oddity in oddities {
        match oddity {
            Oddity::Tag { tag, span } => {
                let end = span.range().end;
                let after = page.text.get(end..).unwrap_or_default();
                let blanks = after.len() - after.trim_start_matches(' ').len();
                notes.add(None, format!("the tag `{tag}`, which means nothing, was taken out"));
                edits.remove(span.range().start..end + blanks);
            }
            Oddity::DuplicateKey { key, first, second } => {
                notes.add(None, format!("of the key `{key}`, which stood twice, the second one counts"));
                let why = "the same key follows once more, and that one counts";
                page.drop_until(edits, *first, page.line_start(second.range().start), why);
            }
            Oddity::SecondDocument(span) => {
                notes.add(None, "the second document, which was never read, is a comment now");
                let start = page.line_start(span.range().start);
                let end = page.text.trim_end().len();
                page.drop_until(
                    edits,
                    Span { start: start.try_into().unwrap_or(span.start), ..*span },
                    end,
                    "never read",
                );
            }
        }
        // Places of other oddities may be inside of this one.
        if !edits.is_empty() {
            return;
        }
    }
}

struct Sieve<'a, 't> {
    page: &'a Page<'t>,
    edits: &'a mut Edits,
    notes: &'a mut Notes,
    /// Keys that nobody reads.
    unknown: Vec<Span>,
    /// Places in commands that are not offered.
    dropped: Vec<Span>,
    /// Names of variables that cannot be set.
    bad_variables: Vec<Span>,
}

impl Sieve<'_, '_> {
    fn root(&mut self, root: &Node<'_>) {
        self.keys(None, root);
        if let Some(server) = root.get("server") {
            self.keys(None, server);
        }
        let Some(commands) = root.get("commands") else { return };
        let Kind::List(items) = &commands.kind else { return };
        for item in items.iter().filter(|item| item.span.start >= commands.span.start) {
            let name = item.get("name").and_then(Node::as_text);
            let places = self.dropped.iter();
            let is_nothing = matches!(item.kind, Kind::Null);
            let is_dropped = is_nothing || places.into_iter().any(|place| item.span.contains(*place));
            if is_dropped {
                let shown = name.unwrap_or("a command without a name");
                self.notes.add(None, format!("`{shown}`, which was never offered, is a comment now"));
                self.page.drop_item(self.edits, commands, item, "never offered");
                continue;
            }
            self.keys(name, item);
            if let Some(resources) = item.get("resources") {
                self.keys(name, resources);
            }
            if let Some(env) = item.get("env") {
                self.variables(name, env);
            }
        }
    }

    fn keys(&mut self, command: Option<&str>, map: &Node<'_>) {
        for entry in map.entries().iter().filter(|entry| Page::is_own(map, entry)) {
            if self.unknown.contains(&entry.key.span) {
                self.drop(command, map, entry, "never read");
            }
        }
    }

    fn variables(&mut self, command: Option<&str>, env: &Node<'_>) {
        for entry in env.entries().iter().filter(|entry| Page::is_own(env, entry)) {
            if self.bad_variables.contains(&entry.key.span) {
                self.drop(command, env, entry, "never set");
            }
        }
    }

    fn drop(&mut self, command: Option<&str>, map: &Node<'_>, entry: &Entry<'_>, why: &str) {
        self.notes.add(command, format!("`{}` was taken out: {why}", entry.key.text));
        self.page.drop_entry(self.edits, map, entry, why);
    }
}
