//! Reads maps and values out of nodes, so that every problem is reported and none stops the rest.
//!
//! Knows how the two dialects take a null, a boolean and an unknown key; knows no key by name.

mod elsewhere;
mod fields;
mod lines;
mod nearest;
mod value;

pub use fields::{Field, Fields};
pub use lines::Lines;
pub use nearest::nearest;
pub use value::Reader;

use super::source::Span;

/// A value with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}
