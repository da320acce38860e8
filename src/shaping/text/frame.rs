//! What a place of a template sees: everything, and the items of the blocks around it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::{Local, Lookup, Start};

/// One block, and those around it.
pub struct Frame<'f> {
    item: Item<'f>,
    above: Option<&'f Frame<'f>>,
    /// What the block calls its item, and its index or key.
    names: &'f [String],
    at: At<'f>,
}

enum Item<'f> {
    Everything { root: &'f Map<String, Value>, result: Option<&'f Value> },
    Value(&'f Value),
}

/// Where the item stands among the others.
#[derive(Clone, Copy)]
enum At<'f> {
    Alone,
    Index { index: usize, of: usize },
    Key { key: &'f str, index: usize, of: usize },
}

impl<'f> Frame<'f> {
    pub fn root(root: &'f Map<String, Value>, result: Option<&'f Value>) -> Self {
        Self { item: Item::Everything { root, result }, above: None, names: &[], at: At::Alone }
    }

    pub fn with(above: &'f Frame<'f>, value: &'f Value, names: &'f [String]) -> Self {
        Self { item: Item::Value(value), above: Some(above), names, at: At::Alone }
    }

    pub fn item(above: &'f Frame<'f>, item: &'f Value, index: usize, of: usize, names: &'f [String]) -> Self {
        Self { item: Item::Value(item), above: Some(above), names, at: At::Index { index, of } }
    }

    pub fn entry(
        above: &'f Frame<'f>,
        key: &'f str,
        item: &'f Value,
        index: usize,
        of: usize,
        names: &'f [String],
    ) -> Self {
        Self { item: Item::Value(item), above: Some(above), names, at: At::Key { key, index, of } }
    }

    /// The value at a path, if there is one.
    pub fn find(&self, lookup: &Lookup) -> Option<Cow<'_, Value>> {
        let mut frame = self;
        for _ in 0..lookup.up {
            frame = frame.above?;
        }
        match lookup.start {
            Start::Root => {
                while let Some(above) = frame.above {
                    frame = above;
                }
                frame.inside(&lookup.path).map(Cow::Borrowed)
            }
            Start::Local(local) => frame.local(local).map(Cow::Owned),
            Start::Here => match lookup.path.split_first() {
                Some((first, rest)) if lookup.up == 0 => match frame.named(first) {
                    Some(Cow::Borrowed(value)) => inside(value, rest).map(Cow::Borrowed),
                    Some(Cow::Owned(value)) => inside(&value, rest).cloned().map(Cow::Owned),
                    None => frame.inside(&lookup.path).map(Cow::Borrowed),
                },
                _ => frame.inside(&lookup.path).map(Cow::Borrowed),
            },
        }
    }

    fn inside(&self, path: &[String]) -> Option<&'f Value> {
        match self.item {
            Item::Value(value) => inside(value, path),
            Item::Everything { root, result } => {
                let (first, rest) = path.split_first()?;
                let result = result.filter(|_| first == "result");
                let param = || root.get("params").and_then(|params| params.get(first));
                inside(result.or_else(|| root.get(first)).or_else(param)?, rest)
            }
        }
    }

    /// What a block around calls so.
    fn named(&self, name: &str) -> Option<Cow<'f, Value>> {
        let at = self.names.iter().position(|known| known == name);
        match (at, &self.item) {
            (Some(0), Item::Value(value)) => Some(Cow::Borrowed(*value)),
            (Some(_), _) => self.place().map(Cow::Owned),
            _ => self.above?.named(name),
        }
    }

    fn place(&self) -> Option<Value> {
        match self.at {
            At::Alone => None,
            At::Index { index, .. } => Some(Value::from(index)),
            At::Key { key, .. } => Some(Value::from(key)),
        }
    }

    fn local(&self, local: Local) -> Option<Value> {
        let (index, of) = match self.at {
            // Those of the loop around it.
            At::Alone => return self.above?.local(local),
            At::Index { index, of } | At::Key { index, of, .. } => (index, of),
        };
        match (local, self.at) {
            (Local::Index, _) => Some(Value::from(index)),
            (Local::First, _) => Some(Value::from(index == 0)),
            (Local::Last, _) => Some(Value::from(index + 1 == of)),
            (Local::Key, At::Key { key, .. }) => Some(Value::from(key)),
            (Local::Key, _) => Some(Value::from(index)),
        }
    }
}

fn inside<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, segment| match value {
        Value::Object(map) => map.get(segment),
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    })
}
