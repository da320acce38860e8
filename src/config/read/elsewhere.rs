//! Where a key of the settings stands that somebody wrote too deep, or not deep enough.

use std::sync::LazyLock;

use crate::config::shape::{Kind, ROOT, Shape};

/// No map of the settings lies deeper.
const DEEPEST: usize = 8;

/// A map of the settings, and the keys that lead to it.
type Place = (Vec<&'static str>, &'static Shape);

/// The place of a key that was written too deep or not deep enough, as words. Only for the settings: a command has keys
/// of its own by the same names.
pub fn elsewhere(key: &str, written_in: &'static Shape) -> Option<String> {
    static LEVELS: LazyLock<Vec<Vec<Place>>> = LazyLock::new(levels);
    let (written, _) = LEVELS.iter().flatten().find(|(_, shape)| std::ptr::eq(*shape, written_in))?;
    let is_meant = |(path, shape): &&Place| {
        let is_in_line = path.starts_with(written) || written.starts_with(path);
        is_in_line && shape.built().any(|known| known.name == key)
    };
    let found = LEVELS.iter().map(|level| level.iter().filter(is_meant).collect::<Vec<_>>());
    match found.into_iter().find(|found| !found.is_empty())?.as_slice() {
        [(path, _)] if path.is_empty() => Some("at the root of the file".to_owned()),
        [(path, _)] => Some(format!("in `{}`", path.join("."))),
        _ => None,
    }
}

/// The settings by how many keys lead to them. What a file names itself, as commands, is none of them.
fn levels() -> Vec<Vec<Place>> {
    let below = |level: &Vec<Place>| {
        let maps = level.iter().flat_map(|(path, shape)| {
            shape.built().filter_map(|key| Some(([path.as_slice(), &[key.name]].concat(), group(&key.kind)?)))
        });
        Some(maps.collect()).filter(|maps: &Vec<Place>| !maps.is_empty())
    };
    std::iter::successors(Some(vec![(Vec::new(), &ROOT)]), below).take(DEEPEST).collect()
}

fn group(kind: &'static Kind) -> Option<&'static Shape> {
    match kind {
        Kind::Group(shape) => Some(shape),
        Kind::Either(kinds) => kinds.iter().find_map(group),
        Kind::OrWord(_, kind) => group(kind),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::shape::{COMMAND, CORS, HTTP_AUTH, HTTP_SERVER};

    #[test]
    fn a_key_that_was_written_too_deep_or_not_deep_enough_has_a_place() {
        for (key, written_in, place) in [
            ("user_roles", &HTTP_AUTH, Some("at the root of the file")),
            ("port", &HTTP_AUTH, Some("in `server.http`")),
            ("api_keys", &HTTP_SERVER, Some("in `server.http.auth`")),
            ("api_keys", &CORS, None),
            ("user_roles", &COMMAND, None),
            ("nothing_of_that_name", &HTTP_AUTH, None),
        ] {
            assert_eq!(elsewhere(key, written_in).as_deref(), place, "{key} in {}", written_in.what);
        }
    }

    #[test]
    fn no_map_of_the_settings_lies_deeper() {
        let levels = levels();
        assert!(levels.len() < DEEPEST, "{:?}", levels.last());
    }
}
