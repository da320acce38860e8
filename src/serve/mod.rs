//! Ways in for clients. Each takes the engine, its streams or listener, and a shutdown future.
//!
//! Knows where bytes come from and when to stop; what they mean is `mcp`'s. Beside them
//! [`reload`] keeps the engine at what the files say.

#[cfg(unix)]
mod herald;
#[cfg(all(unix, feature = "server"))]
pub mod http;
pub mod reload;
#[cfg(unix)]
pub mod schedule;
pub mod stdio;
#[cfg(unix)]
pub mod trigger;

#[cfg(unix)]
pub use herald::Herald;
