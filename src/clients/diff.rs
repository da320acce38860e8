//! What an edit changes, for people: the changed lines and a few around them.

const CONTEXT: usize = 3;

/// The lines that differ, `-` before and `+` after, below a line that says where they begin.
pub fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same_start;
    let same_end =
        old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let first = same_start.saturating_sub(CONTEXT);
    let mut text = format!("@@ line {} @@\n", first + 1);
    let mut say = |sign: char, lines: &[&str], range: std::ops::Range<usize>| {
        for line in lines.get(range).unwrap_or_default() {
            text.push_str(format!("{sign} {line}").trim_end());
            text.push('\n');
        }
    };
    let (old_end, new_end) = (old.len() - same_end, new.len() - same_end);
    say(' ', &old, first..same_start);
    say('-', &old, same_start..old_end);
    say('+', &new, same_start..new_end);
    say(' ', &old, old_end..(old_end + CONTEXT).min(old.len()));
    text
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn only_what_changes_and_its_neighbours_are_shown() {
        let shown = diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n");
        assert_eq!(shown, "@@ line 2 @@\n  2\n  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n");
        assert_eq!(diff("", "a\n"), "@@ line 1 @@\n+ a\n");
        assert_eq!(diff("a\na\n", "a\n"), "@@ line 1 @@\n  a\n- a\n");
    }
}
