//! Names with `*`, `?` and `[a-z]`: one part of a path against one part of a pattern.

/// Whether a path or a name is a pattern.
pub fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Whether one name matches one part of a pattern.
pub fn name_matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where to go on if the rest does not fit: after the last `*`, with one more character in it.
    let mut retry: Option<(usize, usize)> = None;
    let (mut at, mut in_name) = (0, 0);
    loop {
        let step = match (pattern.get(at), name.get(in_name)) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((at, in_name + 1));
                Some((at + 1, in_name))
            }
            (Some('?'), Some(_)) => Some((at + 1, in_name + 1)),
            (Some('['), Some(found)) => class(&pattern, at, *found).map(|end| (end, in_name + 1)),
            (Some(wanted), Some(found)) if wanted == found => Some((at + 1, in_name + 1)),
            _ => None,
        };
        (at, in_name) = match (step, retry) {
            (Some(next), _) => next,
            (None, Some((star, from))) if from <= name.len() => {
                retry = Some((star, from + 1));
                (star + 1, from)
            }
            _ => return false,
        };
    }
}

/// Where a `[…]` ends that begins at `start`, if it holds the character. A `[` that is never closed
/// stands for itself.
fn class(pattern: &[char], start: usize, found: char) -> Option<usize> {
    let inside = pattern.get(start + 1..)?;
    let Some(length) = inside.iter().skip(1).position(|c| *c == ']').map(|at| at + 1) else {
        return (found == '[').then_some(start + 1);
    };
    let body = inside.get(..length)?;
    let (negated, body) = match body.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        _ => (false, body),
    };
    let mut holds = false;
    let mut rest = body;
    while let Some((first, tail)) = rest.split_first() {
        (holds, rest) = match tail {
            ['-', last, tail @ ..] => (holds || (*first..=*last).contains(&found), tail),
            _ => (holds || *first == found, tail),
        };
    }
    (holds != negated).then_some(start + length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_matches_its_pattern() {
        for (pattern, name, expected) in [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a.yml", false),
            ("*.yaml", ".a.yaml", false),
            (".*", ".a", true),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
            ("?.y", "é.y", true),
            ("?.y", "ab.y", false),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[!a-c]x", "dx", true),
            ("[]]x", "]x", true),
            ("[x", "[x", true),
            ("*", "", true),
            ("**", "a", true),
        ] {
            assert_eq!(name_matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
