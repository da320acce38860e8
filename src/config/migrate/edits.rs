//! Changes of a text, collected by place and made at once. Everything between them stays byte for
//! byte as it was.

use std::ops::Range;

/// Changes that are still to be made.
#[derive(Debug, Default)]
pub struct Edits {
    list: Vec<(Range<usize>, String)>,
}

impl Edits {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn replace(&mut self, place: Range<usize>, new: impl Into<String>) {
        let edit = (place, new.into());
        // What an alias shares is met more than once.
        if !self.list.contains(&edit) {
            self.list.push(edit);
        }
    }

    pub fn insert(&mut self, at: usize, new: impl Into<String>) {
        self.replace(at..at, new);
    }

    pub fn remove(&mut self, place: Range<usize>) {
        self.replace(place, "");
    }

    /// Whether what stands here goes.
    pub fn removes(&self, at: usize) -> bool {
        self.list.iter().any(|(place, new)| place.contains(&at) && new.is_empty())
    }

    /// The changed text. Of changes in one place the widest counts; what is put between stays.
    pub fn apply(mut self, text: &str) -> String {
        self.list.sort_by_key(|(place, _)| (place.start, std::cmp::Reverse(place.end)));
        // What is put in front of a place comes before that place is replaced.
        self.list.sort_by_key(|(place, _)| (place.start, !place.is_empty()));
        let mut changed = String::with_capacity(text.len());
        let mut at = 0;
        for (place, new) in &self.list {
            if place.start < at {
                at = at.max(if new.is_empty() { place.end } else { at });
                continue;
            }
            changed.push_str(text.get(at..place.start).unwrap_or_default());
            changed.push_str(new);
            at = place.end;
        }
        changed.push_str(text.get(at..).unwrap_or_default());
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_in_their_places_and_nothing_else_changes() {
        let mut edits = Edits::default();
        edits.replace(4..5, "X");
        edits.insert(4, "<");
        edits.remove(0..1);
        edits.remove(6..8);
        edits.remove(7..9);
        edits.replace(4..5, "X");
        assert_eq!(edits.apply("abcdefghij"), "bcd<Xfj");
    }
}
