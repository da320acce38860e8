//! The server over HTTP, from outside: both eras, clients of the original, and those who mean harm.

#[cfg(feature = "acme")]
mod acme;
mod attack;
mod browser;
#[cfg(feature = "oauth")]
mod claims;
mod clients;
mod copies;
mod deploy;
mod going;
pub mod house;
mod http2;
mod keys;
mod legacy_sse;
mod limits;
mod managed;
mod mtls;
#[cfg(feature = "oauth")]
mod oauth;
mod offers;
mod operation;
#[cfg(feature = "oauth")]
mod original;
#[cfg(feature = "oauth")]
mod original_sample;
mod own_folders;
mod passwords;
mod pauses;
mod permissions;
mod proxies;
mod rates;
mod safety;
mod schedules;
mod sessions;
#[cfg(feature = "redis")]
mod shared;
mod soak;
mod tasks;
mod threads;
mod tls;
#[cfg(feature = "oauth")]
mod tokens;
mod toolsets;
mod transport;
mod traps;
mod triggers;
#[cfg(feature = "oauth")]
mod upstreams;
