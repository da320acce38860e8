//! The server over HTTP, from outside: both eras, clients of the original, and those who mean harm.

mod clients;
mod copies;
mod deploy;
mod going;
pub mod house;
mod keys;
mod legacy_sse;
mod limits;
mod operation;
mod passwords;
mod safety;
mod sessions;
#[cfg(feature = "redis")]
mod shared;
mod transport;
mod traps;
