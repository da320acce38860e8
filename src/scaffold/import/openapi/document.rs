//! The document as a whole: what a `$ref` inside of it leads to.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

pub struct Document<'d> {
    pub root: &'d Value,
    /// What is left out of schemas, each once.
    pub remarks: RefCell<BTreeSet<String>>,
}

/// A chain of references that is longer leads in a circle.
const LONGEST_CHAIN: usize = 32;

impl<'d> Document<'d> {
    pub fn new(root: &'d Value) -> Self {
        Self { root, remarks: RefCell::default() }
    }

    /// What a value is once every reference to another place is followed. One that leads nowhere, out
    /// of the document or in a circle stays as it is.
    pub fn resolved<'v>(&self, value: &'v Value) -> &'v Value
    where
        'd: 'v,
    {
        let mut value = value;
        for _ in 0..LONGEST_CHAIN {
            let Some(target) = value.get("$ref").and_then(Value::as_str) else { return value };
            let Some(found) =
                target.strip_prefix('#').and_then(|pointer| self.root.pointer(&decoded(pointer)))
            else {
                return value;
            };
            value = found;
        }
        value
    }

    /// A reference that [`Self::resolved`] could not follow.
    pub fn dangling<'v>(&self, value: &'v Value) -> Option<&'v str>
    where
        'd: 'v,
    {
        self.resolved(value).get("$ref").and_then(Value::as_str)
    }

    pub fn remark(&self, remark: String) {
        self.remarks.borrow_mut().insert(remark);
    }

    pub fn title(&self) -> &'d str {
        self.root.pointer("/info/title").and_then(Value::as_str).unwrap_or("api")
    }
}

/// A pointer in a URL is percent-encoded; braces of paths are what is met.
fn decoded(pointer: &str) -> String {
    pointer
        .replace("%7B", "{")
        .replace("%7b", "{")
        .replace("%7D", "}")
        .replace("%7d", "}")
        .replace("%20", " ")
}
