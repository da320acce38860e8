//! The configuration files of MCP clients: where they are, and what our entry in them changes.
//!
//! Text in, text out: nothing here reads or writes a file. An edit puts in, brings up to date or
//! takes out one entry and leaves every other byte as it was; each edit is read back and compared
//! with what it should mean before it is handed out, so a file of an unexpected shape is refused
//! rather than broken.

mod bundle;
mod diff;
mod edit;
mod entry;
mod json;
mod registry;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod toml;
mod yaml;

pub use bundle::{Bundle, CONFIG};
pub use diff::diff;
pub use edit::{Change, Edit, Refusal, Wish, edit, found};
pub use entry::{Launch, Served};
pub use registry::{BadEntry, Entry};
pub use table::{CLIENTS, Client, Platform, Surroundings, client};
