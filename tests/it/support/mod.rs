//! What several areas of the integration tests share.

pub mod client;
#[cfg(all(unix, feature = "containers"))]
pub mod engine;
pub mod machine;
pub mod place;
pub mod processes;
pub mod program;
pub mod server;
pub mod skip;
pub mod web;
