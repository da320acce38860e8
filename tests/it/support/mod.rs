//! What several areas of the integration tests share.

pub mod client;
pub mod machine;
pub mod server;
pub mod skip;
