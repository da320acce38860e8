//! What a user wrote in a native file → the model, checked for what its keys mean together.

mod arguments;
mod command;
mod container;
mod defaults;
mod description;
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

pub use command::{Commands, missing};
pub use container::{host_root, judge as judge_image};
pub use defaults::{Defaults, limits};
pub use description::default_description;
pub use interpreter::Interpreter;
pub use place::Place;
pub use secrets::{fed, secrets};
pub use server::server;
pub use trial::trials;
pub use vars::{Var, Vars};
