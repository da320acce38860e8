//! Calls of HTTP interfaces, by the built program against a server of the tests' own.

mod bad_servers;
mod imported;
mod original;
mod plans;
mod reach;
mod requests;
