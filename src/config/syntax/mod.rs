//! YAML, JSON or TOML text → [`Node`]s, in one pass, within budgets.
//!
//! The only place that knows the crates of these languages. It knows nothing of our keys: what a plain `1.10` or
//! `yes` means is decided by whoever reads the node. What the two dialects judge differently (a
//! duplicate key, a second document, a tag) is collected as an [`Oddity`].

mod builder;
mod format;
mod frame;
mod json;
mod known_secret;
mod node;
mod parse;
pub mod scalar;
mod sensitive;
mod strict;
mod toml;

pub use format::Format;
pub use json::to_json;
pub use known_secret::{could_be_secret, known_secret, option_values};
pub use node::{Entry, Key, Kind, Node, Scalar};
pub use parse::{Document, Oddity, is_too_heavy, parse, too_large};
pub use sensitive::{is_sensitive_key, masked_in_line, sensitive_values};
