//! Takes a member out of an object, with the blanks and the comma that came with it.

use std::ops::Range;

use crate::clients::text::{replaced, slice};

use super::Comments;
use super::scan::{self, Node};

pub fn remove(text: &str, container: &str, name: &str) -> Option<String> {
    let root = scan::scan(text, Comments::Allowed).ok()?;
    let object = &root.member(container)?.value;
    let index = object.members().iter().position(|member| member.key == name)?;
    let (member, before) = (object.members().get(index)?, slice(text, 0..text.len()));
    let start = slice(before, 0..member.start).trim_end().len();
    let mut end = member.comma.map_or(member.value.span.end, |comma| comma + 1);
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    if object.members().len() == 1 {
        end += left_by_us(text, object, start, end);
    } else if member.comma.is_none() {
        let comma = object.members().get(index.checked_sub(1)?)?.comma?;
        edits.push((comma..comma + 1, String::new()));
    }
    edits.push((start..end, String::new()));
    Some(replaced(text, edits))
}

/// How many of the blanks behind the only member go with it.
fn left_by_us(text: &str, object: &Node, start: usize, end: usize) -> usize {
    let after = slice(text, end..object.span.end - 1);
    if start > object.span.start + 1 || !after.trim().is_empty() {
        return 0;
    }
    match after.matches('\n').count() {
        0 => 0,
        1 => after.len(),
        _ => after.find('\n').map_or(0, |newline| newline + 1),
    }
}
