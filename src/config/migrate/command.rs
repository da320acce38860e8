//! One command: its keys as a native file has them.

use std::collections::BTreeSet;

use crate::config::code::Code;
use crate::config::executable::is_path;
use crate::config::report::Report;
use crate::config::syntax::{Entry, Kind, Node, scalar};

use super::Notes;
use super::edits::Edits;
use super::page::{Page, quoted};
use super::root::{Names, tidied};
use super::{value, webhook};

/// What a command is converted with.
pub struct Conversion<'a, 't> {
    pub page: &'a Page<'t>,
    pub edits: &'a mut Edits,
    /// What the original's reader says of the file.
    pub report: &'a Report,
    pub notes: &'a mut Notes,
    pub names: &'a mut Names,
    /// What was explained already.
    pub explained: &'a mut BTreeSet<&'static str>,
}

const FOLDER: &str =
    "as before the folder in which the server was started; without this line that of this file";
const CALL: &str = "what a call gets that says nothing; without this line what `defaults` says";
const SHOWN: &str = "as before everything is shown; without this line 32KiB of it";

impl Conversion<'_, '_> {
    pub fn command(&mut self, item: &Node<'_>) {
        let name = item.get("name").and_then(Node::as_text).unwrap_or_default().to_owned();
        let calls = has_text(item.get("webhook").and_then(|webhook| webhook.get("url")));
        let contained = !calls && has_text(item.get("container"));
        let mut added = Vec::new();
        for entry in item.entries() {
            let is_container = contained && matches!(&*entry.key.text, "script" | "args" | "container");
            let is_beside_call = calls && matches!(&*entry.key.text, "script" | "args" | "env" | "container");
            match &*entry.key.text {
                _ if matches!(entry.value.kind, Kind::Null) => self.drop(&name, item, entry, "empty"),
                _ if is_container => {}
                _ if is_beside_call => self.drop(&name, item, entry, "of no effect beside `webhook`"),
                "webhook" if calls => added.extend(webhook::convert(self, &name, entry)),
                _ => self.entry(&name, item, entry),
            }
        }
        if contained {
            self.container(&name, item);
        }
        if !calls && !contained {
            added.push(("working_dir: \"${PWD}\"".to_owned(), self.once(FOLDER)));
        }
        if calls && !self.has_timeout(item) {
            added.push(("timeout: 60s".to_owned(), self.once(CALL)));
        }
        added.push(("output: { show: 4MiB }".to_owned(), self.once(SHOWN)));
        self.page.add_keys(self.edits, item, &added);
    }

    fn entry(&mut self, name: &str, item: &Node<'_>, entry: &Entry<'_>) {
        match &*entry.key.text {
            "script" => self.script(name, entry),
            "args" => self.args(name, entry),
            "timeout" => self.timeout(name, item, entry),
            "env" => self.env(name, item, entry),
            "description" | "container" if !has_text(Some(&entry.value)) => {
                self.drop(name, item, entry, "empty");
            }
            "authorization" => tidied(self.page, &entry.value, self.edits),
            "webhook" => self.drop(name, item, entry, "without a `url`, and so of no effect"),
            "resources" => {
                self.edits.replace(entry.key.span.range(), "limits");
                self.notes.add(Some(name), "`resources` is called `limits`");
            }
            "security" | "network" => {
                self.drop(name, item, entry, "of no effect yet; in a native file it belongs to `container`");
            }
            _ => {}
        }
    }

    /// A reason where it is given for the first time, and nothing after that.
    pub fn once(&mut self, why: &'static str) -> &'static str {
        if self.explained.insert(why) { why } else { "" }
    }

    pub fn drop(&mut self, name: &str, map: &Node<'_>, entry: &Entry<'_>, why: &str) {
        if !Page::is_own(map, entry) {
            return;
        }
        self.notes.add(Some(name), format!("`{}` was taken out: {why}", entry.key.text));
        self.page.drop_entry(self.edits, map, entry, why);
    }

    fn script(&mut self, name: &str, entry: &Entry<'_>) {
        let Some(text) = entry.value.as_text() else { return };
        if is_path(text) && !text.starts_with(['/', '~']) {
            let message = format!(
                "`{text}` is looked for beside this file; the original did so where the server was started"
            );
            self.page.comment_above(self.edits, entry.key.span.range().start, &message);
            self.notes.add(Some(name), message);
        }
    }

    pub fn args(&mut self, name: &str, entry: &Entry<'_>) {
        let Kind::List(items) = &entry.value.kind else { return };
        for item in items.iter() {
            match item.kind {
                Kind::Null => self.null_item(item.span.range()),
                _ => {
                    if let Some(new) = value::word(item) {
                        self.edits.replace(self.page.scalar(item), new);
                        self.notes.add(
                            Some(name),
                            "braces in `args` are templates now; where they are text they say so",
                        );
                    }
                }
            }
        }
    }

    /// Nothing was the empty text.
    fn null_item(&mut self, span: std::ops::Range<usize>) {
        let is_bare = span.is_empty();
        let before = self.page.text.get(..span.start).unwrap_or_default();
        let gap = if is_bare && before.ends_with('-') { " " } else { "" };
        self.edits.replace(span, format!("{gap}\"\""));
    }

    /// Whether the original's reader said this of a value.
    fn says(&self, code: Code, value: &Node<'_>) -> bool {
        let of_code = self.report.diagnostics().iter().filter(|problem| problem.code == code);
        of_code.into_iter().any(|problem| problem.span == Some(value.span))
    }

    fn has_timeout(&self, item: &Node<'_>) -> bool {
        item.get("timeout")
            .is_some_and(|timeout| has_text(Some(timeout)) && !self.says(Code::BadQuantity, timeout))
    }

    fn timeout(&mut self, name: &str, item: &Node<'_>, entry: &Entry<'_>) {
        let Some(text) = entry.value.as_text() else { return };
        if text.is_empty() || self.says(Code::BadQuantity, &entry.value) {
            return self.drop(name, item, entry, "no duration, and so of no effect");
        }
        if let (true, Some(seconds)) = (self.says(Code::Coerced, &entry.value), scalar::integer(text)) {
            self.edits.replace(self.page.scalar(&entry.value), format!("{seconds}s"));
            let message = format!("`timeout: {text}` had no unit and counted as seconds");
            self.page.comment_above(self.edits, entry.key.span.range().start, &message);
            self.notes.add(Some(name), message);
        }
    }

    fn env(&mut self, name: &str, item: &Node<'_>, entry: &Entry<'_>) {
        let env = &entry.value;
        let is_usable = |name: &str| {
            !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if env.entries().is_empty() || !env.entries().iter().any(|entry| is_usable(&entry.key.text)) {
            return self.drop(name, item, entry, "empty, or without a name that a variable can have");
        }
        for variable in env.entries() {
            let key = &variable.key.text;
            if !is_usable(key) {
                self.drop(name, env, variable, "a native file takes names of letters, digits and `_` only");
                continue;
            }
            match variable.value.as_text() {
                None => self.empty(variable),
                Some(text) => {
                    if let Some(new) = value::variable(text) {
                        self.edits.replace(self.page.scalar(&variable.value), new);
                        self.notes.add(
                            Some(name),
                            format!("`$` and braces in the variable `{key}` are escaped: they are text"),
                        );
                    }
                }
            }
        }
    }

    /// Nothing was the empty text.
    pub fn empty(&mut self, entry: &Entry<'_>) {
        match entry.value.span == entry.key.span {
            true => self.edits.insert(self.page.entry_end(entry), format!(" {}", quoted(""))),
            false => self.edits.replace(entry.value.span.range(), quoted("")),
        }
    }
}

fn has_text(node: Option<&Node<'_>>) -> bool {
    node.and_then(Node::as_text).is_some_and(|text| !text.is_empty())
}
