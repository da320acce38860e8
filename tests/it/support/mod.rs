//! What several areas of the integration tests share.

pub mod certificates;
pub mod client;
#[cfg(all(unix, feature = "containers"))]
pub mod database;
pub mod engine;
#[cfg(feature = "oauth")]
pub mod issuer;
pub mod load;
pub mod machine;
#[cfg(all(unix, feature = "containers"))]
pub mod own_engine;
pub mod place;
pub mod processes;
pub mod program;
pub mod sdk;
pub mod server;
pub mod skip;
#[cfg(all(unix, feature = "containers"))]
pub mod ssh_host;
pub mod web;
