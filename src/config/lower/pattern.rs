//! What a pattern lets through, judged by how it is written. No pattern is compiled here.

/// Whether a pattern describes a whole value, and not just some part of it.
pub fn is_anchored(pattern: &str) -> bool {
    let ends = pattern.ends_with('$') && !pattern.ends_with("\\$") || pattern.ends_with("\\z");
    let begins = pattern.starts_with('^') || pattern.starts_with("\\A");
    begins && ends && !has_loose_alternative(pattern)
}

/// Whether a `|` stands outside of every group: `^a|b$` is two half-anchored patterns.
fn has_loose_alternative(pattern: &str) -> bool {
    let mut depth = 0_usize;
    let mut in_class = false;
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => drop(characters.next()),
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            '|' if !in_class && depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// Whether a value that fits the pattern surely does not begin with `-`.
pub fn excludes_dash(pattern: &str) -> bool {
    let Some(rest) = pattern.strip_prefix('^').filter(|_| is_anchored(pattern)) else { return false };
    let Some(first) = rest.chars().next() else { return false };
    match first {
        '[' => {
            let class = rest.get(1..).and_then(|rest| rest.split(']').next()).unwrap_or_default();
            let after = rest.get(class.len() + 2..).unwrap_or_default();
            let has_dash = class.starts_with(['-', '^']) || class.ends_with('-') || class.contains('\\');
            !has_dash && !class.is_empty() && !after.starts_with(['*', '?', '{'])
        }
        '\\' => {
            let is_word = rest.get(1..2).is_some_and(|class| matches!(class, "d" | "w"));
            is_word && !rest.get(2..).unwrap_or_default().starts_with(['*', '?', '{'])
        }
        first => {
            let after = rest.get(first.len_utf8()..).unwrap_or_default();
            first.is_alphanumeric() && !after.starts_with(['*', '?', '{'])
        }
    }
}

/// Whether a value that fits the pattern surely holds nothing that a shell or another language reads
/// as more than a word.
pub fn is_plain_word(pattern: &str) -> bool {
    if !is_anchored(pattern) {
        return false;
    }
    let inner = pattern.trim_start_matches('^').trim_end_matches('$');
    let (mut in_class, mut characters) = (false, inner.chars());
    while let Some(c) = characters.next() {
        let is_fine = match c {
            '\\' => characters.next().is_some_and(|class| "dw.-/+".contains(class)),
            '[' => !std::mem::replace(&mut in_class, true),
            ']' => std::mem::replace(&mut in_class, false),
            '.' => in_class,
            '(' | ')' | '?' | '*' | '{' | '}' | '|' => !in_class,
            c => c.is_ascii_alphanumeric() || "_-:@%+=,".contains(c) || (c == '/' && in_class),
        };
        if !is_fine {
            return false;
        }
    }
    !in_class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_anchored_at_both_ends() {
        for pattern in ["^a$", r"^\d+$", "^(a|b)$", "^[|]$", r"\Aa\z"] {
            assert!(is_anchored(pattern), "{pattern}");
        }
        for pattern in ["a", "^a", "a$", "^a|b$", r"^a\$"] {
            assert!(!is_anchored(pattern), "{pattern}");
        }
    }

    #[test]
    fn some_patterns_cannot_begin_with_a_dash() {
        for pattern in ["^[a-z]+$", r"^\d+$", "^v[0-9]+$", "^[a-z0-9]{1,2}$"] {
            assert_eq!(excludes_dash(pattern), !pattern.contains('{'), "{pattern}");
        }
        for pattern in ["^[a-z-]+$", "^[^x]$", "^.+$", "^-a$", "^a?-$", "^[a-z]*-$", "^(a|-)$", "a"] {
            assert!(!excludes_dash(pattern), "{pattern}");
        }
    }

    #[test]
    fn plain_words_hold_nothing_that_a_shell_reads() {
        for pattern in ["^[A-Za-z0-9._-]+$", r"^\d{1,3}$", "^(start|stop)$", r"^v\d+\.\d+$", "^[a-z/]*$"] {
            assert!(is_plain_word(pattern), "{pattern}");
        }
        for pattern in [
            "^.+$",
            "^[^;]+$",
            r"^\S+$",
            "^[a-z ]+$",
            "^[a-z;]+$",
            "^[a-z$]+$",
            "[a-z]+",
            "^a|b$",
            "^[ -~]+$",
        ] {
            assert!(!is_plain_word(pattern), "{pattern}");
        }
    }
}
