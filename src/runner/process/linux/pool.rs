//! The supervisors of this server: some idle, the others at work.
//!
//! Grows on demand and keeps a few idle. Knows nothing of plans and output; gives out [`Link`]s and
//! takes them back.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::fork_server::ForkServer;
use super::link::{Link, WeakLink};

/// More idle supervisors than this are let go.
const MOST_IDLE: usize = 16;

pub struct Pool {
    /// What to start when the fork server is gone.
    executable: PathBuf,
    state: Mutex<State>,
}

struct State {
    fork_server: ForkServer,
    idle: Vec<Link>,
    all: Vec<WeakLink>,
    open: bool,
}

/// Whether a supervisor was waiting or had to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Idle,
    New,
}

impl Pool {
    pub fn new(fork_server: ForkServer, executable: PathBuf) -> Self {
        let state = State { fork_server, idle: Vec::new(), all: Vec::new(), open: true };
        Self { executable, state: Mutex::new(state) }
    }

    /// A supervisor for one call.
    pub fn acquire(&self) -> io::Result<(Link, Origin)> {
        let mut state = self.state();
        if !state.open {
            return Err(io::Error::other("the server is shutting down"));
        }
        if let Some(link) = state.idle.pop() {
            return Ok((link, Origin::Idle));
        }
        let link = self.grow(&mut state)?;
        Ok((link, Origin::New))
    }

    /// Has a supervisor ready before it is needed.
    pub fn warm(&self) -> io::Result<()> {
        let mut state = self.state();
        let link = self.grow(&mut state)?;
        state.idle.push(link);
        Ok(())
    }

    /// Takes back a supervisor whose call has ended.
    pub fn release(&self, link: Link) {
        let mut state = self.state();
        if state.open && state.idle.len() < MOST_IDLE {
            state.idle.push(link);
        }
    }

    pub fn is_open(&self) -> bool {
        self.state().open
    }

    fn grow(&self, state: &mut State) -> io::Result<Link> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        if state.fork_server.supervisor(theirs.as_fd()).is_err() {
            tracing::warn!("the fork server is gone; starting another one");
            state.fork_server = ForkServer::spawn(&self.executable)?;
            state.fork_server.supervisor(theirs.as_fd())?;
        }
        let link = Link::new(UnixStream::from_std(ours)?);
        if state.all.len() == state.all.capacity() {
            state.all.retain(|link| !link.is_gone());
        }
        state.all.push(link.downgrade());
        Ok(link)
    }

    /// Waits until what a dead supervisor left behind is dead as well.
    pub async fn orphans_gone(&self, patience: Duration) {
        let Ok((mut ours, theirs)) = UnixStream::pair() else { return };
        if self.state().fork_server.barrier(theirs.as_fd()).is_ok() {
            drop(theirs);
            let _ = timeout(patience, ours.read_u8()).await;
        }
    }

    /// Kills everything at once and says whether all of it was gone in time. Nothing can be started
    /// afterwards.
    pub async fn shut_down(&self, patience: Duration) -> bool {
        let Ok(mut last) = self.close() else { return false };
        // Nobody ever writes to it: reading ends with the fork server, which outlives the others.
        timeout(patience, last.read_u8()).await.is_ok()
    }

    fn close(&self) -> io::Result<UnixStream> {
        let mut state = self.state();
        state.open = false;
        state.idle.clear();
        state.all.iter().for_each(WeakLink::let_go);
        UnixStream::from_std(state.fork_server.let_go()?)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
