//! Carries out HTTP calls: one request, its redirects, and the answer as it comes.
//!
//! The only place that knows the HTTP client. Clients are made at the first call, so that a server
//! without such commands holds none. A build without the feature `http` refuses every call instead.

#[cfg(feature = "http")]
mod certificates;
#[cfg(feature = "http")]
mod client;
#[cfg(feature = "http")]
mod events;
#[cfg(feature = "http")]
mod exchange;
#[cfg(feature = "http")]
mod failure;
#[cfg(feature = "http")]
mod multipart;
#[cfg(feature = "http")]
mod oauth;
#[cfg(feature = "http")]
mod request;
#[cfg(feature = "http")]
mod resolver;
#[cfg(feature = "http")]
mod retry_after;
#[cfg(feature = "http")]
mod runner;
#[cfg(feature = "http")]
mod running;
#[cfg(feature = "http")]
mod sign;
#[cfg(feature = "http")]
mod way;
#[cfg(feature = "http")]
use runner as present;

#[cfg(not(feature = "http"))]
mod absent;
#[cfg(not(feature = "http"))]
use absent as present;

pub use present::HttpRunner;
