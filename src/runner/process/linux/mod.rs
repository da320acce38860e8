//! Linux: every call has a supervisor of its own, and nothing survives it.
//!
//! ```text
//! server ── control ─► fork server          forked by main() before any thread exists
//!    │                     └─► supervisor   one call at a time; a subreaper, so whatever the
//!    └── order, TERM, KILL ─►      │        command leaves behind becomes its child
//!    ◄── ended ──────────────      └─► command
//! ```
//!
//! A supervisor answers `ended` only when `waitpid` says that it has no children left: that is the
//! proof that the tree is dead. It is told by the end of its socket that the server died, however
//! it died, and kills its tree then. If a command kills its supervisor, the tree falls to the fork
//! server, which kills whatever it did not fork itself.

mod cgroup;
mod channel;
mod courtesy;
mod enforcer;
mod filling;
mod fork_server;
mod forking;
mod inbox;
mod link;
mod mapped;
mod order;
mod pipes;
mod pool;
mod raw;
mod report;
mod run;
mod runner;
mod running;
mod sandbox;
mod spawn;
mod supervisor;
mod tree;
mod watch;

#[cfg(feature = "containers")]
pub(in crate::runner) use channel::receive_with;
pub use enforcer::probe_means;
pub use fork_server::{ForkServer, fork_server_main};
pub use raw::{end_with_us, give_memory_back, give_program_back, inherited, share_one_heap};
pub use runner::ProcessRunner;
