//! Text → [`Catalog`](crate::model::Catalog), with every problem of the file told at once.
//!
//! The only module that knows YAML. It imports the model and nothing else of the house: what it
//! has to know of the host is handed in as a [`Host`].
//!
//! ```text
//! bytes ─► Source ─► Node ─► compose ─► native::File ─► Catalog     files with `version: 1`
//!                        └─► original ─────────────────► Catalog     files of the original mcpfier
//! ```

mod allow;
mod choice;
mod code;
mod compose;
mod deep;
mod diagnostic;
mod executable;
mod expansion;
mod explain;
mod find;
mod foreign;
mod glance;
mod host;
mod images;
mod interpret;
mod keys;
mod lint;
mod load;
mod lower;
mod migrate;
mod native;
mod original;
mod outline;
mod parts;
mod possible;
mod read;
mod report;
mod schema;
mod shape;
mod show;
mod skim;
mod source;
mod sources;
mod syntax;
#[cfg(test)]
mod tests;
mod unreadable;

pub use choice::{Choice, PROFILE_VARIABLE, Typed};
pub use code::Code;
pub use compose::may_be_root_of_folder;
pub use diagnostic::{Class, Diagnostic, Severity};
pub use expansion::{BadEnvFile, read_env_file};
pub use explain::{Page, code_named, explain};
pub use find::{Found, How, NotFound, VARIABLE, find};
pub use foreign::read_foreign;
pub use glance::may_be_configuration;
pub use host::Host;
pub use images::{images, pin_images};
pub use keys::{KeyEdit, NotEdited, edit_key};
pub use load::{AskedAt, Loaded, check, check_bytes, effective, load, load_bytes};
pub use migrate::{Migration, NotMigrated, Note, migrate};
pub use outline::{Outlined, profiles, settings, tags};
pub use report::{JsonDiagnostic, JsonPlace, JsonReport, Report, Style, sarif};
pub use schema::{config_schema, reference};
pub use show::{Effective, Wanted};
pub use skim::{Skimmed, only, skim};
pub use source::{Position, Span};
