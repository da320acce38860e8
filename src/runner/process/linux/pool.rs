//! The supervisors of this server: some idle, the others at work.
//!
//! Grows on demand, keeps what it was lately used for, and shrinks to a few when little happens.
//! Knows nothing of plans and output; gives out [`Link`]s and takes them back.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, sleep, timeout};

use super::fork_server::ForkServer;
use super::link::{Link, WeakLink};
use super::order::Company;
use super::sandbox::Held;

/// So many idle supervisors are kept for as long as nothing happens.
const FEW: usize = 4;

/// More than those are let go after so long without work. Until then they are kept, because making
/// one costs more than a short call does.
const REST: Duration = Duration::from_secs(5);

/// From so many commands for each processor on they are many. Of fewer each may be what somebody waits for.
const MANY: usize = 4;

pub struct Pool {
    /// At how many commands at work they are many.
    many: usize,
    /// What to start when the fork server is gone.
    executable: PathBuf,
    state: Mutex<State>,
}

struct State {
    fork_server: ForkServer,
    /// Since when each has nothing to do; the one that had work last is the last one.
    idle: Vec<(Instant, Link)>,
    /// Somebody looks after those that have nothing to do for long.
    thinning: bool,
    all: Vec<WeakLink>,
    /// Held by each that is not gone.
    counted: Arc<()>,
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
        let (idle, all, counted) = (Vec::new(), Vec::new(), Arc::default());
        let state = State { fork_server, idle, thinning: false, all, counted, open: true };
        let many = MANY * thread::available_parallelism().map_or(1, usize::from);
        Self { many, executable, state: Mutex::new(state) }
    }

    /// In what company the next command will run.
    pub fn company(&self) -> Company {
        if self.state().at_work() >= self.many { Company::Many } else { Company::Few }
    }

    /// A supervisor for one call that needs such a one.
    pub fn acquire(&self, held: Held) -> io::Result<(Link, Origin)> {
        let mut state = self.state();
        if !state.open {
            return Err(io::Error::other("the server is shutting down"));
        }
        let runtime = Handle::current().id();
        let (mut link, origin) = match state.take_idle(held, runtime) {
            Some(link) if link.is_at_home(runtime) => (link, Origin::Idle),
            Some(link) => {
                let link = link.taken_over()?;
                state.know(&link);
                (link, Origin::Idle)
            }
            None => (self.grow(&mut state)?, Origin::New),
        };
        link.held = held;
        Ok((link, origin))
    }

    /// Has a supervisor ready before it is needed.
    pub fn warm(&self) -> io::Result<()> {
        let mut state = self.state();
        let link = self.grow(&mut state)?;
        state.idle.push((Instant::now(), link));
        Ok(())
    }

    /// Takes back a supervisor whose call has ended.
    pub fn release(self: &Arc<Self>, link: Link) {
        let mut state = self.state();
        if !state.open {
            return;
        }
        state.idle.push((Instant::now(), link));
        if state.idle.len() > FEW
            && !state.thinning
            && let Ok(runtime) = Handle::try_current()
        {
            state.thinning = true;
            runtime.spawn(thin_out(Arc::downgrade(self)));
        }
    }

    /// Lets go of those that have had no work for long, and says whether there may be more later.
    fn let_rested_go(&self) -> bool {
        let mut state = self.state();
        let rested = state.idle.iter().take_while(|(since, _)| since.elapsed() >= REST).count();
        let spare = state.idle.len().saturating_sub(FEW);
        state.idle.drain(..rested.min(spare));
        state.thinning = state.idle.len() > FEW;
        state.thinning
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
        let link = Link::new(ours, Arc::clone(&state.counted))?;
        state.know(&link);
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
        let gone = timeout(patience, last.read_u8()).await.is_ok();
        if gone {
            self.state().fork_server.reap();
        }
        gone
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

impl State {
    fn at_work(&self) -> usize {
        Arc::strong_count(&self.counted).saturating_sub(1 + self.idle.len())
    }

    /// The one that had work last of those that are held like that already, or else of those that are
    /// not held yet. Of these one that the asking thread hears of itself, if there is any.
    fn take_idle(&mut self, held: Held, runtime: Id) -> Option<Link> {
        let last = |held, is_at_home| {
            self.idle
                .iter()
                .rposition(|(_, link)| link.held == held && link.is_at_home(runtime) == is_at_home)
        };
        let of = |held| last(held, true).or_else(|| last(held, false));
        let at = of(held).or_else(|| of(Held::No))?;
        Some(self.idle.remove(at).1)
    }

    fn know(&mut self, link: &Link) {
        if self.all.len() == self.all.capacity() {
            self.all.retain(|link| !link.is_gone());
        }
        self.all.push(link.downgrade());
    }
}

/// Ends when a few are left, so that an idle server does nothing at all.
async fn thin_out(pool: Weak<Pool>) {
    loop {
        sleep(REST).await;
        if !pool.upgrade().is_some_and(|pool| pool.let_rested_go()) {
            return;
        }
    }
}
