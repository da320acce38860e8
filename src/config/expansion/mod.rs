//! `${VAR}` in the values of a file, and where the variables come from.
//!
//! Works on parsed scalars and puts a value in as text: nothing in a value is read as YAML, as a
//! template or as another `${…}`. Which keys are expanded is for those who read the keys.

mod env_file;
mod expander;
mod server;
mod text;
mod variables;

pub use env_file::{BadEnvFile, read_env_file};
pub use expander::{Expander, NotExpanded};
pub use server::expand_server;
pub use text::{is_form, named};
pub use variables::Variables;
