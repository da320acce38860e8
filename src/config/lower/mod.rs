//! What a user wrote in a native file → the model, checked for what its keys mean together.

mod arguments;
mod code_words;
mod command;
mod defaults;
mod filling;
mod interpreter;
mod json;
mod output;
mod param;
mod param_rule;
mod pattern;
mod place;
mod schema;
mod scope;
mod script;
mod secret_words;
mod secrets;
mod server;
mod trial;
mod trial_arguments;
mod vars;
mod webhook;
mod words;

pub use command::{Commands, default_description, missing};
pub use defaults::{Defaults, limits};
pub use interpreter::Interpreter;
pub use place::Place;
pub use secrets::{fed, secrets};
pub use server::server;
pub use trial::trials;
pub use vars::{Var, Vars};
