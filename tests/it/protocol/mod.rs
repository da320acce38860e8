//! The protocol in process: every message is real, the commands are make-believe, and the clock is
//! moved by the tests.

mod closing;
mod fake;
mod messages;
mod results;
mod streaming;
