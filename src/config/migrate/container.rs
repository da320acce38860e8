//! `container` of a command: what the original's `docker run IMAGE SCRIPT ARGS…` does, in a native file.
//!
//! There the image's entrypoint gets `script` as its first word, and the engine's own defaults hold.

use crate::config::syntax::{Entry, Kind, Node};

use super::command::Conversion;
use super::page::{Page, quoted};

/// The protections that a native container has and the original's has not.
const OPEN: &str =
    "network: bridge, user: image, read_only: false, tmpfs: [], cap_drop: [], no_new_privileges: false";
const WHY: &str =
    "as before with the engine's own defaults; each of these keys that is taken out locks it down";
const SCRIPT: &str =
    "the image's own entrypoint gets `script` as its first word, as before: it begins `args` now";

impl Conversion<'_, '_> {
    /// The keys of a container that stand beside other keys as they do in any command.
    pub fn container(&mut self, name: &str, item: &Node<'_>) {
        self.names.has_containers = true;
        let find = |key: &str| {
            let entries = item.entries().iter();
            entries.into_iter().find(|entry| entry.key.text == key && !matches!(entry.value.kind, Kind::Null))
        };
        if let Some(container) = find("container") {
            self.image(name, container);
        }
        let script = find("script");
        let args = find("args");
        let Some(script) = script else {
            args.into_iter().for_each(|args| self.args(name, args));
            return;
        };
        match script.value.as_text() {
            None | Some("") => {
                self.drop(name, item, script, "empty");
                args.into_iter().for_each(|args| self.args(name, args));
            }
            Some(text) => self.first_word(name, item, script, text, args),
        }
    }

    fn image(&mut self, name: &str, entry: &Entry<'_>) {
        let image = entry.value.as_text().unwrap_or_default();
        let place = self.page.scalar(&entry.value);
        self.edits.replace(place, format!("{{ image: {}, {OPEN} }}", quoted(image)));
        self.page.comment_above(self.edits, entry.key.span.range().start, WHY);
        self.notes.add(Some(name), format!("`container` runs {WHY}"));
    }

    /// `script` becomes the first of `args`.
    fn first_word(
        &mut self,
        name: &str,
        item: &Node<'_>,
        script: &Entry<'_>,
        text: &str,
        args: Option<&Entry<'_>>,
    ) {
        let word = super::value::word(&script.value).unwrap_or_else(|| quoted(text));
        self.notes.add(Some(name), SCRIPT);
        let items = match args.map(|args| &args.value.kind) {
            Some(Kind::List(items)) => items.as_slice(),
            _ => &[],
        };
        let (Some(args), Some(first)) = (args, items.first()) else {
            args.into_iter().for_each(|args| self.drop(name, item, args, "empty"));
            let end = self.page.entry_end(script);
            let place = script.key.span.range().start..end;
            self.page.comment_above(self.edits, place.start, SCRIPT);
            return self.edits.replace(place, format!("args: [{word}]"));
        };
        self.page.drop_entry(self.edits, item, script, SCRIPT);
        if !Page::is_beside(args) {
            let words = items.iter().map(|item| {
                super::value::word(item).unwrap_or_else(|| quoted(item.as_text().unwrap_or_default()))
            });
            let words: Vec<String> = std::iter::once(word).chain(words).collect();
            let place = args.key.span.range().start..self.page.entry_end(args);
            return self.edits.replace(place, format!("args: [{}]", words.join(", ")));
        }
        self.args(name, args);
        if self.page.is_flow(args.value.span) {
            return self.edits.insert(args.value.span.range().start + 1, format!("{word}, "));
        }
        let dash = self.page.dash_before(first.span.range().start);
        let blanks = " ".repeat(dash - self.page.line_start(dash));
        self.edits.insert(dash, format!("- {word}{}{blanks}", self.page.newline()));
    }
}
