//! What several areas of the integration tests share.

pub mod client;
pub mod machine;
pub mod skip;
pub mod processes;
pub mod program;
