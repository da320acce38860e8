//! Commands to begin with, as YAML text: a library of templates, proposals from a program's help,
//! and commands read from the files of other tools.
//!
//! Everything here is text in, text out. It reads no file, starts nothing, and knows neither the
//! reader of configurations nor what runs them: the command line hands texts in, checks what comes
//! out, and decides where it goes.

mod flow;
pub mod help;
pub mod import;
mod insert;
mod library;
mod proposal;
mod starter;

pub use insert::{BadTarget, add_to_root, append};
pub use library::{LIBRARY, Template, UnknownTemplate, find, listing};
pub use proposal::{Action, Element, HttpCall, Param, Presence, Proposal, tool_name};
pub use starter::starter;
