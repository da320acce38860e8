//! The server over HTTP, from outside: both eras, clients of the original, and those who mean harm.

mod clients;
mod house;
mod keys;
mod operation;
mod safety;
mod sessions;
mod transport;
