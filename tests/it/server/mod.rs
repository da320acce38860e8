//! The server over HTTP, from outside: both eras, clients of the original, and those who mean harm.

#[cfg(feature = "acme")]
mod acme;
mod clients;
mod house;
mod http2;
mod keys;
mod managed;
mod mtls;
mod operation;
mod proxies;
mod safety;
mod sessions;
mod tls;
mod transport;
