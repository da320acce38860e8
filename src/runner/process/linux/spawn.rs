//! From an order and its descriptors to a running command.
//!
//! Knows what an order holds; not who sent it, nor what happens to the command afterwards.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::order::Order;
use super::raw::{self, Image, Pointers, Policy, Stack};
use super::report::{Failure, Stage};
use super::sandbox::Prepared;

/// Starts what the order says. The child that could not execute its program is gone already.
pub fn start(
    order: &Order<'_>,
    descriptors: &[OwnedFd],
    cgroup: Option<BorrowedFd<'_>>,
    sandbox: Option<&Prepared<'_>>,
    policy: Option<Policy>,
    stack: &mut Stack,
) -> Result<Pid, Failure> {
    let malformed = Failure { stage: Stage::Fork, errno: nix::libc::EPROTO };
    let (stdin, [stdout, stderr]) = match (order.has_stdin, descriptors) {
        (true, [stdin, stdout, stderr]) => (Some(stdin), [stdout, stderr]),
        (false, [stdout, stderr]) => (None, [stdout, stderr]),
        _ => return Err(malformed),
    };
    let missing = sandbox.map(|sandbox| sandbox.missing_in(&order.environment)).unwrap_or_default();
    let image = Image {
        program: order.program,
        argv: Pointers::new(order.argv.iter().copied()),
        environment: Pointers::new(order.environment.iter().copied().chain(missing)),
        working_dir: order.working_dir,
        stdin: stdin.map(AsFd::as_fd),
        stdout: stdout.as_fd(),
        stderr: stderr.as_fd(),
        files: open_files(order.bounds.files),
        cgroup,
        restraints: sandbox.map(|sandbox| sandbox.restraints),
        policy,
    };
    match raw::start(&image, stack) {
        (Ok(pid), None) => Ok(pid),
        (Ok(pid), Some(failure)) => {
            let _ = waitpid(pid, None);
            Err(failure)
        }
        (Err(errno), _) => Err(Failure { stage: Stage::Fork, errno: errno as i32 }),
    }
}

/// The limit on open files, within what this process may set at all.
fn open_files(wanted: u64) -> Option<u64> {
    if wanted == 0 {
        return None;
    }
    let hard = getrlimit(Resource::RLIMIT_NOFILE).map_or(wanted, |(_, hard)| hard);
    Some(wanted.min(hard))
}
