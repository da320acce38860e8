//! The text of a file with a caller's key exchanged or taken out. Everything else stays byte for byte
//! as it was, comments too.

use std::path::Path;

use crate::model::Fingerprint;

use super::diagnostic::Problems;
use super::migrate::{Edits, Page};
use super::source::SourceId;
use super::syntax::{self, Entry, Format, Kind, Node};

/// What is done to a key.
#[derive(Debug, Clone, Copy)]
pub enum KeyEdit<'e> {
    /// Another one takes its place; it lets in until a day, if one is given.
    Rotate {
        new: Fingerprint,
        keep_until: Option<&'e str>,
    },
    Revoke,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEdited {
    #[error("the text of the file cannot be read")]
    Unreadable,
    #[error("keys are edited in YAML files only")]
    Format,
    #[error("no key of the name `{name}` is written in this file")]
    NotHere { name: String },
    #[error("the key of `{name}` is `{value}`: change it where that comes from")]
    Elsewhere { name: String, value: String },
    #[error("the key of `{name}` is not written as an item with a `name` of its own; write it so first")]
    NoItem { name: String },
}

/// The text with that done to the key of a caller.
pub fn edit_key(path: &Path, text: &str, name: &str, edit: KeyEdit<'_>) -> Result<String, NotEdited> {
    let format = Format::of(path);
    if format == Format::Toml {
        return Err(NotEdited::Format);
    }
    let problems = Problems::default();
    let document =
        syntax::parse(SourceId::default(), text, format, &problems).ok_or(NotEdited::Unreadable)?;
    let auth = document.root.get("server").and_then(|server| server.get("http")?.get("auth"));
    let lists = auth.map(|auth| [Some(auth), auth.get("simple")]).unwrap_or_default();
    let lists = lists
        .into_iter()
        .flatten()
        .filter_map(|map| map.entries().iter().find(|entry| entry.key.text == "api_keys"));
    let mut found = NotEdited::NotHere { name: name.to_owned() };
    for list in lists {
        let is_named = |node: &Node<'_>| node.get("name").and_then(Node::as_text) == Some(name);
        match &list.value.kind {
            Kind::List(items) => {
                let Some(item) = items.iter().find(|item| is_named(item)) else { continue };
                let place = Place { page: Page { text }, list, items, item, name };
                let mut edits = Edits::default();
                place.edit(edit, &mut edits)?;
                return Ok(edits.apply(text));
            }
            _ if list.value.entries().iter().any(|entry| is_named(&entry.value)) => {
                found = NotEdited::NoItem { name: name.to_owned() };
            }
            _ => {}
        }
    }
    Err(found)
}

/// Where a key stands.
struct Place<'n, 's> {
    page: Page<'n>,
    list: &'n Entry<'s>,
    items: &'n [Node<'s>],
    item: &'n Node<'s>,
    name: &'n str,
}

impl Place<'_, '_> {
    fn edit(&self, edit: KeyEdit<'_>, edits: &mut Edits) -> Result<(), NotEdited> {
        match edit {
            KeyEdit::Revoke => self.revoke(edits),
            KeyEdit::Rotate { new, keep_until } => self.rotate(new, keep_until, edits)?,
        }
        Ok(())
    }

    /// Takes the item out, with its lines.
    fn revoke(&self, edits: &mut Edits) {
        let (page, item) = (&self.page, self.item.span.range());
        if page.is_flow(self.list.value.span) {
            return edits.remove(page.with_comma(item.start, item.end));
        }
        let dash = page.dash_before(item.start);
        let end = page.block_end(dash).max(item.end);
        let line = page.text.get(end..).and_then(|rest| rest.find('\n')).map_or(end, |at| end + at + 1);
        edits.remove(page.line_start(dash)..line);
        if self.items.len() == 1 {
            let colon = self.list.key.span.range().end;
            let after = page.text.get(colon..).and_then(|rest| rest.find(':')).unwrap_or_default();
            edits.insert(colon + after + 1, " []");
        }
    }

    fn rotate(&self, new: Fingerprint, keep_until: Option<&str>, edits: &mut Edits) -> Result<(), NotEdited> {
        let entry = |key: &str| self.item.entries().iter().find(|entry| entry.key.text == key);
        let old = match (entry("key_hash"), entry("key")) {
            (Some(hash), _) => {
                let written = self.literal(hash)?;
                edits.replace(hash.value.span.range(), format!("\"{new}\""));
                written.to_owned()
            }
            (None, Some(key)) => {
                let written = Fingerprint::of(self.literal(key)?).to_string();
                edits.replace(key.key.span.range(), "key_hash");
                edits.replace(key.value.span.range(), format!("\"{new}\""));
                written
            }
            (None, None) => return Err(NotEdited::NoItem { name: self.name.to_owned() }),
        };
        let kept = keep_until.map(|day| format!("{{ key_hash: \"{old}\", expires: \"{day}\" }}"));
        match (entry("previous"), kept) {
            (Some(before), Some(kept)) => {
                edits.replace(before.value.span.range().start..self.page.entry_end(before), kept);
            }
            (Some(before), None) => self.forget(before, edits),
            (None, Some(kept)) => {
                self.page.add_keys(edits, self.item, &[(format!("previous: {kept}"), "")]);
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// What stands there itself, and not in a variable.
    fn literal<'e>(&self, entry: &'e Entry<'_>) -> Result<&'e str, NotEdited> {
        let value = entry.value.as_text().ok_or_else(|| NotEdited::NoItem { name: self.name.to_owned() })?;
        if value.contains("${") || value.contains("{{") {
            return Err(NotEdited::Elsewhere { name: self.name.to_owned(), value: value.to_owned() });
        }
        Ok(value)
    }

    fn forget(&self, entry: &Entry<'_>, edits: &mut Edits) {
        let (start, end) = (entry.key.span.range().start, self.page.entry_end(entry));
        if self.page.is_flow(self.item.span) {
            return edits.remove(self.page.with_comma(start, end));
        }
        let line = self.page.line_end(end);
        let next = if self.page.text.get(line..).is_some_and(|rest| rest.starts_with('\n')) { 1 } else { 0 };
        edits.remove(self.page.line_start(start)..line + next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "sha256:6ca13d52ca70c883e0f0bb101e425a89e8624de51db2d2392593af6a84118090";

    fn edited(text: &str, name: &str, edit: KeyEdit<'_>) -> Result<String, NotEdited> {
        edit_key(Path::new("a.yaml"), text, name, edit)
    }

    fn file(keys: &str) -> String {
        format!("version: 1\nserver:\n  http:\n    auth:\n      api_keys:{keys}\ncommands: []\n")
    }

    #[test]
    fn a_key_is_taken_out_and_nothing_else_changes() {
        let ann = "\n        # who does everything\n        - name: ann\n          key_hash: x # old\n          permissions: [\"*\"]";
        let ci = "\n        - { name: ci, key_hash: y }";
        let both = file(&format!("{ann}{ci}"));
        assert_eq!(edited(&both, "ci", KeyEdit::Revoke), Ok(file(ann)));
        assert_eq!(edited(&file(ci), "ci", KeyEdit::Revoke), Ok(file(" []")));
        let flow = file(" [{ name: ann, key: a }, { name: ci, key: b }]");
        assert_eq!(edited(&flow, "ci", KeyEdit::Revoke), Ok(file(" [{ name: ann, key: a }]")));
        assert_eq!(edited(&flow, "ann", KeyEdit::Revoke), Ok(file(" [{ name: ci, key: b }]")));
        assert_eq!(edited(&flow, "ben", KeyEdit::Revoke), Err(NotEdited::NotHere { name: "ben".to_owned() }));
        let map = file(" { a-key: { name: ann } }");
        assert_eq!(edited(&map, "ann", KeyEdit::Revoke), Err(NotEdited::NoItem { name: "ann".to_owned() }));
    }

    #[test]
    fn a_key_is_exchanged_where_it_stands() {
        let new = Fingerprint::of("new");
        let rotate = |keep_until| KeyEdit::Rotate { new, keep_until };
        let written = |keys: &str| Ok(file(&keys.replace("NEW", &new.to_string())));
        let old = file(&format!(
            "\n        - name: ci # ours\n          key_hash: {HASH} # made in May\n          roles: [a]"
        ));
        assert_eq!(
            edited(&old, "ci", rotate(None)),
            written(
                "\n        - name: ci # ours\n          key_hash: \"NEW\" # made in May\n          roles: [a]"
            )
        );
        let kept = edited(&old, "ci", rotate(Some("2027-01-01"))).unwrap();
        assert_eq!(
            Ok(kept.clone()),
            written(&format!(
                "\n        - name: ci # ours\n          key_hash: \"NEW\" # made in May\n          roles: [a]\n          previous: {{ key_hash: \"{HASH}\", expires: \"2027-01-01\" }}"
            ))
        );
        assert_eq!(edited(&kept, "ci", rotate(None)).map(|text| text.contains("previous")), Ok(false));
        let flow = file(" [{ name: ci, key: plain, roles: [a] }]");
        assert_eq!(
            edited(&flow, "ci", rotate(None)),
            written(" [{ name: ci, key_hash: \"NEW\", roles: [a] }]")
        );
        let plain = Fingerprint::of("plain");
        assert_eq!(
            edited(&flow, "ci", rotate(Some("2027-01-01"))),
            written(&format!(
                " [{{ name: ci, key_hash: \"NEW\", roles: [a], previous: {{ key_hash: \"{plain}\", expires: \"2027-01-01\" }} }}]"
            ))
        );
        let variable = file(" [{ name: ci, key: \"${CI_KEY}\" }]");
        let value = "${CI_KEY}".to_owned();
        let elsewhere = NotEdited::Elsewhere { name: "ci".to_owned(), value };
        assert_eq!(edited(&variable, "ci", rotate(None)), Err(elsewhere));
    }
}
