//! What somebody probably meant who wrote a name that does not exist.

/// Longer texts are no misspelt names, and comparing them costs.
const LONGEST: usize = 64;

/// The known name that is nearest to an unknown one, if one is near enough to be meant. Case, and
/// `-` for `_`, count as no difference.
pub fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if wanted.len() > LONGEST {
        return None;
    }
    let wanted = folded(wanted);
    known
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (strsim::damerau_levenshtein(&wanted, &folded(name)), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn folded(name: &str) -> String {
    name.replace('-', "_").to_ascii_lowercase()
}
