//! SHA-256 of bytes, and of JSON in its one canonical form.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::model::hex;

/// In hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Of a document with its keys in order and without blanks: two documents of one meaning have one.
pub(super) fn of_json(value: &Value) -> String {
    sha256(sorted(value).to_string().as_bytes())
}

/// The same document with the keys of every map in the order of their bytes.
pub(super) fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut keys: Vec<(&String, &Value)> = map.iter().collect();
            keys.sort_unstable_by_key(|(key, _)| *key);
            let pairs = keys.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_digest_is_that_of_everybody() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_order_of_keys_is_no_difference_and_that_of_items_is() {
        let of = |value: Value| of_json(&value);
        assert_eq!(
            of(json!({ "a": 1, "b": { "d": 2, "c": 3 } })),
            of(json!({ "b": { "c": 3, "d": 2 }, "a": 1 }))
        );
        assert_ne!(of(json!(["a", "b"])), of(json!(["b", "a"])));
        assert_ne!(of(json!("1")), of(json!(1)));
    }
}
