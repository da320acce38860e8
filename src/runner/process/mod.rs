//! Carries out local processes so that nothing of them stays alive.
//!
//! What the kernel has to offer for that differs from system to system, so everything that knows a
//! system lives in one module: [`linux`], or on any other system `unsupported`, which starts
//! nothing and says so. Both offer the same names. Comes in: a [`crate::plan::ProcessPlan`]; goes
//! out: output as it appears and one [`crate::runner::End`].

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as platform;

#[cfg(not(target_os = "linux"))]
mod unsupported;
#[cfg(not(target_os = "linux"))]
use unsupported as platform;

/// For sockets that come from a container.
#[cfg(all(target_os = "linux", feature = "containers"))]
pub(in crate::runner) use linux::receive_with;
pub use platform::{
    ForkServer, ProcessRunner, end_with_us, fork_server_main, give_memory_back, give_program_back, inherited,
    probe_means, share_one_heap,
};

/// The one argument with which this program runs as a fork server. Nobody types it: the server
/// starts itself with it when its fork server is gone.
pub const FORK_SERVER_ARGUMENT: &str = "__fork-server";
