//! The server's hold on its fork server.
//!
//! It is forked before the server has a second thread, or started anew from the server's own
//! program. Letting go of it ends it, and with it every supervisor and everything they run.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use nix::sys::socket::MsgFlags;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use super::channel::send_with;
use super::forking::{self, BARRIER, SUPERVISOR};
use super::raw;
use crate::runner::process::FORK_SERVER_ARGUMENT;

/// The process that forks supervisors.
pub struct ForkServer {
    control: UnixStream,
    pid: Pid,
}

impl ForkServer {
    /// Forks it. Must be called while this process has a single thread.
    pub fn split_off() -> io::Result<Self> {
        let (control, theirs) = UnixStream::pair()?;
        control.set_nonblocking(true)?;
        let pid = raw::fork(|| {
            forking::serve(OwnedFd::from(theirs));
            0
        })?;
        Ok(Self { control, pid })
    }

    /// Starts it by executing this program anew.
    pub fn spawn(executable: &Path) -> io::Result<Self> {
        let (control, theirs) = UnixStream::pair()?;
        control.set_nonblocking(true)?;
        let child = Command::new(executable)
            .arg(FORK_SERVER_ARGUMENT)
            .env_clear()
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        Ok(Self { control, pid: Pid::from_raw(pid) })
    }

    /// Asks for a supervisor that serves the other end of the given socket.
    pub fn supervisor(&self, socket: BorrowedFd<'_>) -> io::Result<()> {
        self.send(SUPERVISOR, socket)
    }

    /// Has a descriptor closed as soon as no orphans of dead supervisors are left.
    pub fn barrier(&self, descriptor: BorrowedFd<'_>) -> io::Result<()> {
        self.send(BARRIER, descriptor)
    }

    fn send(&self, tag: u8, descriptor: BorrowedFd<'_>) -> io::Result<()> {
        send_with(&self.control, &[tag], &[descriptor], MsgFlags::empty())?;
        Ok(())
    }

    /// Lets go of it and gives the socket whose end says that it and all its children are gone.
    pub fn let_go(&self) -> io::Result<UnixStream> {
        self.control.shutdown(std::net::Shutdown::Write)?;
        self.control.try_clone()
    }

    /// Takes leave of it after its socket has ended, which is the last thing it does.
    pub fn reap(&self) {
        let _ = waitpid(self.pid, None);
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        // It is reaped if it is gone already; otherwise whoever adopts it does that.
        let _ = waitpid(self.pid, Some(WaitPidFlag::WNOHANG));
    }
}

/// What this program does when it is started with [`FORK_SERVER_ARGUMENT`].
pub fn fork_server_main() -> ExitCode {
    match io::stdin().as_fd().try_clone_to_owned() {
        Ok(control) => {
            forking::serve(control);
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}
