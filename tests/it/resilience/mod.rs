//! Retries, fallbacks, breakers and caches: in process with a runner that plays what it is told, and with
//! the built program.

mod breaker;
mod cache;
mod served;
mod shell;
mod stage;
mod tries;
