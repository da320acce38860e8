//! Credentials → [`Principal`](crate::model::Principal): who is it that asks over HTTP?
//!
//! Pure: headers come in as texts, the time is handed in. Knows nothing of HTTP, files or tools.

mod keys;
mod patience;
mod presented;

pub use keys::{Refused, judge, new_key};
pub use patience::{Patience, Penalty};
pub use presented::{Malformed, presented};
