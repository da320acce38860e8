//! Secrets from programs, files, variables and the encrypted store, with the built program: who gets
//! a value, and that nobody else sees it.

mod house;
mod rotation;
mod script;
mod sources;
mod store;
mod terminal;
