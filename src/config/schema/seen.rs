//! Nodes as `jsonschema` sees values, so that no file is copied into JSON to be judged.
//!
//! Each scalar means what YAML's core schema says, as in [`to_json`].

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node as JsonNode, NodeIdentity, Object};
use serde_json::{Number, Value};

use crate::config::syntax::scalar::{Core, core};
use crate::config::syntax::{Entry, Kind, Node, Scalar, to_json};

/// The representation: values are nodes.
pub(super) struct Nodes;

/// A value of a file, or the name of a key, which is judged like a text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seen<'a> {
    Node(&'a Node<'a>),
    Name(&'a str),
}

impl Json for Nodes {
    type Node<'a> = Seen<'a>;
    type PreparedKey = String;
    type StringBuffer = ();

    /// The maps of a file are small, and looked through from their beginning.
    const KEYS_PER_LOOKUP: usize = 4;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(_: &mut (), string: &str, judge: impl FnOnce(Seen<'_>) -> T) -> T {
        judge(Seen::Name(string))
    }
}

impl<'a> Seen<'a> {
    fn kind(self) -> Option<&'a Kind<'a>> {
        match self {
            Self::Node(node) => Some(&node.kind),
            Self::Name(_) => None,
        }
    }

    fn plain(self) -> Option<Core> {
        match self.kind()? {
            Kind::Scalar(scalar) => Some(meaning(scalar)),
            _ => None,
        }
    }
}

/// A number that JSON cannot hold stays a text.
fn meaning(scalar: &Scalar<'_>) -> Core {
    if scalar.plain { core(&scalar.text).unwrap_or(Core::Text) } else { Core::Text }
}

impl<'a> JsonNode<'a, Nodes> for Seen<'a> {
    type Object = &'a [Entry<'a>];
    type Array = &'a [Node<'a>];
    type Number = Number;

    fn as_object(&self) -> Option<&'a [Entry<'a>]> {
        match self.kind()? {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<&'a [Node<'a>]> {
        match self.kind()? {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Name(name) => Some(Cow::Borrowed(name)),
            Self::Node(Node { kind: Kind::Scalar(scalar), .. }) if meaning(scalar) == Core::Text => {
                Some(Cow::Borrowed(&scalar.text))
            }
            Self::Node(_) => None,
        }
    }

    fn as_number(&self) -> Option<Number> {
        match self.plain()? {
            Core::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.plain()? {
            Core::Boolean(truth) => Some(truth),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.json_type() == JsonType::Null
    }

    fn json_type(&self) -> JsonType {
        match self.kind() {
            None => JsonType::String,
            Some(Kind::Null | Kind::Broken) => JsonType::Null,
            Some(Kind::List(_)) => JsonType::Array,
            Some(Kind::Map(_)) => JsonType::Object,
            Some(Kind::Scalar(scalar)) => match meaning(scalar) {
                Core::Null => JsonType::Null,
                Core::Boolean(_) => JsonType::Boolean,
                Core::Number(_) => JsonType::Number,
                Core::Text => JsonType::String,
            },
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self.as_string(), expected) {
            (Some(text), Value::String(expected)) => text == expected.as_str(),
            (Some(_), _) => false,
            (None, _) => jsonschema::json::cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(match self {
            Self::Node(node) => to_json(node),
            Self::Name(name) => Value::from(*name),
        })
    }

    /// What an alias names has one place however often it is met: it is the same value.
    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            Self::Node(node) => Some(NodeIdentity::new(std::ptr::from_ref::<Node<'_>>(node).addr())),
            Self::Name(_) => None,
        }
    }
}

impl<'a> Object<'a, Nodes> for &'a [Entry<'a>] {
    type Node = Seen<'a>;
    type MemberName = &'a str;
    type MembersIter =
        std::iter::Map<std::slice::Iter<'a, Entry<'a>>, fn(&'a Entry<'a>) -> (&'a str, Seen<'a>)>;

    fn len(&self) -> usize {
        <[Entry<'a>]>::len(self)
    }

    fn get(&self, key: &String) -> Option<Seen<'a>> {
        self.iter().find(|entry| entry.key.text == *key).map(|entry| Seen::Node(&entry.value))
    }

    fn members(&self) -> Self::MembersIter {
        self.iter().map(|entry| (&entry.key.text, Seen::Node(&entry.value)))
    }
}

impl<'a> Array<'a, Nodes> for &'a [Node<'a>] {
    type Node = Seen<'a>;
    type ElementsIter = std::iter::Map<std::slice::Iter<'a, Node<'a>>, fn(&'a Node<'a>) -> Seen<'a>>;

    fn len(&self) -> usize {
        <[Node<'a>]>::len(self)
    }

    fn elements(&self) -> Self::ElementsIter {
        self.iter().map(Seen::Node)
    }
}
