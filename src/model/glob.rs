//! Patterns for names of tools: `*` is any text, `?` any character.

/// Whether a pattern fits a whole name.
pub fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name) = (0, 0);
    // Where to go on if what follows the last `*` does not fit.
    let mut retry = None;
    while let Some(character) = name.get(in_name) {
        match pattern.get(at) {
            Some('*') => {
                at += 1;
                retry = Some((at, in_name));
            }
            Some(wanted) if *wanted == '?' || wanted == character => (at, in_name) = (at + 1, in_name + 1),
            _ => match retry {
                Some((after, tried)) => {
                    (at, in_name) = (after, tried + 1);
                    retry = Some((after, tried + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_character() {
        for (pattern, name, expected) in [
            ("*", "build", true),
            ("build", "builds", false),
            ("git-*", "git-", true),
            ("*-log", "git-log-log", true),
            ("?it", "git", true),
            ("?it", "it", false),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, name), expected, "{pattern} {name}");
        }
    }
}
