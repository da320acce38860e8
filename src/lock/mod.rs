//! What was agreed on: every tool as it was when somebody looked, and how it differs now.
//!
//! A [`Lock`] is made of a catalog and written as text; of two of them the [`Differences`] are
//! told. Pure: reading and writing `mcpfier.lock` is for the command line.
//!
//! The catalog has to be one of the file as it is written, with no `${…}` expanded and nothing
//! looked up on this host: a lock is shared between hosts.

mod access;
mod action;
mod automation;
mod care;
mod container;
mod definition;
mod differences;
mod digest;
mod entry;
mod escape;
mod file;
mod flow;
mod http;
mod image;
mod offers;
mod outline;
mod requires;
mod written;

pub use differences::{Change, Differences, Kind, differences};
pub use digest::sha256;
pub use file::{BadLock, FILE_NAME, Lock};
pub use outline::{outline, source};
