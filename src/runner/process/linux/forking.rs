//! The fork server's process: forks supervisors on demand and outlives them.
//!
//! One thread, one socket to the server. Each message brings a descriptor: for [`SUPERVISOR`] the
//! socket that a new supervisor will serve; for [`BARRIER`] one to hold until no orphans are left.
//! It is a subreaper: what falls to it, because a supervisor was killed by its own command, is
//! killed; private folders that a supervisor could not remove are removed. It leaves when the server
//! has closed its socket and every child is gone.

use std::collections::HashSet;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, setsid};

use super::channel::receive_with;
use super::raw::{self, Reaped};
use super::report::Status;
use super::sandbox::{self, Rest};
use super::supervisor::{Supervisor, watch_children};
use super::tree;

pub const SUPERVISOR: u8 = b'S';
pub const BARRIER: u8 = b'B';

/// Orphans that are still there after so long belong to someone whom this user cannot kill.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who has had nothing to do for so long rests.
const RESTLESS: Duration = Duration::from_millis(100);

/// Makes this process the fork server and serves until the server is gone.
pub fn serve(control: OwnedFd) {
    let Ok(children) = prepare(&control) else { return };
    ForkServerProcess {
        control,
        listening: true,
        children,
        supervisors: HashSet::new(),
        to_sweep: false,
        sweeper: None,
        barriers: Vec::new(),
        orphans_since: None,
        is_resting: false,
    }
    .run();
}

/// Gives up everything that belongs to the server: its descriptors, its session, its signals.
fn prepare(control: &OwnedFd) -> nix::Result<SignalFd> {
    SigSet::all().thread_set_mask()?;
    raw::restore_signal_actions();
    // The server's client waits for the end of these when the server has died.
    let null = File::options().read(true).write(true).open("/dev/null").map_err(errno)?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    drop(null);
    raw::close_all_but(control);
    // It may be the leader of its own group already.
    let _ = setsid();
    let _ = prctl::set_name(c"mcpfier-fork");
    prctl::set_child_subreaper(true)?;
    // A core of a command could hold secrets, and nobody would look for it.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    watch_children()
}

fn errno(error: std::io::Error) -> nix::errno::Errno {
    nix::errno::Errno::from_raw(error.raw_os_error().unwrap_or(nix::libc::EIO))
}

struct ForkServerProcess {
    /// Stays open to the last, so that its end tells the server that everything is gone.
    control: OwnedFd,
    listening: bool,
    children: SignalFd,
    supervisors: HashSet<Pid>,
    /// A supervisor has gone and may have left a folder.
    to_sweep: bool,
    /// Who does that.
    sweeper: Option<Pid>,
    barriers: Vec<OwnedFd>,
    orphans_since: Option<Instant>,
    is_resting: bool,
}

impl ForkServerProcess {
    fn run(&mut self) {
        loop {
            let (asked, child) = self.wait();
            self.is_resting = !asked && !child && self.orphans_since.is_none();
            if self.is_resting {
                // A server has this process beside it all the time.
                raw::give_program_back();
                continue;
            }
            if asked {
                self.listen();
            }
            if child {
                while let Ok(Some(_)) = self.children.read_signal() {}
            }
            let childless = self.reap();
            self.kill_orphans();
            self.sweep();
            if !self.listening && (childless && self.sweeper.is_none() || self.gives_up()) {
                return;
            }
        }
    }

    fn wait(&self) -> (bool, bool) {
        let timeout = match self.orphans_since {
            Some(since) => (since.elapsed() / 4).clamp(Duration::from_millis(1), Duration::from_secs(1)),
            None if self.is_resting => Duration::MAX,
            None => RESTLESS,
        };
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::NONE);
        let mut events = [
            PollFd::new(self.children.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.control.as_fd(), PollFlags::POLLIN),
        ];
        let watched = if self.listening { 2 } else { 1 };
        let _ = events.get_mut(..watched).map(|events| poll(events, timeout));
        let [child, asked] = events.map(|event| event.any().unwrap_or(false));
        (asked, child)
    }

    fn listen(&mut self) {
        let mut tag = [0];
        let mut descriptors = Vec::new();
        self.listening = receive_with(&self.control, &mut tag, &mut descriptors) == Ok(1);
        for descriptor in descriptors {
            match tag {
                [SUPERVISOR] => self.fork_supervisor(descriptor),
                _ => self.barriers.push(descriptor),
            }
        }
    }

    /// Whoever waits at the other end of the socket sees it end if there is no supervisor.
    fn fork_supervisor(&mut self, socket: OwnedFd) {
        let forked = raw::fork(|| {
            let rest = Supervisor::settle(socket).map_or(Rest::None, Supervisor::serve);
            i32::from(rest == Rest::Some)
        });
        if let Ok(pid) = forked {
            self.supervisors.insert(pid);
        }
    }

    /// Whether there are no children left.
    fn reap(&mut self) -> bool {
        loop {
            match raw::reap() {
                Reaped::Child(pid, status) => self.gone(pid, status),
                Reaped::NoneEnded => return false,
                Reaped::NoChildren => return true,
            }
        }
    }

    fn gone(&mut self, pid: Pid, status: Status) {
        if self.supervisors.remove(&pid) && status != Status::Exited(0) {
            self.to_sweep = true;
        }
        if self.sweeper == Some(pid) {
            self.sweeper = None;
        }
    }

    /// Removes what is left of supervisors that have gone, as soon as nobody can write there any more.
    /// That may be much, so it is done by a process of its own.
    fn sweep(&mut self) {
        if !self.to_sweep || self.sweeper.is_some() || self.orphans_since.is_some() || self.is_anyone_dying()
        {
            return;
        }
        self.to_sweep = false;
        let control = &self.control;
        let forked = raw::fork(|| {
            raw::close_all_but(control);
            sandbox::sweep();
            0
        });
        self.sweeper = forked.ok();
    }

    fn kill_orphans(&mut self) {
        let mut orphans = tree::own_children();
        orphans.retain(|pid| !self.supervisors.contains(pid) && self.sweeper != Some(*pid));
        for orphan in &orphans {
            let _ = kill(*orphan, Signal::SIGKILL);
        }
        match orphans.as_slice() {
            [] => self.orphans_since = None,
            _ => drop(self.orphans_since.get_or_insert_with(Instant::now)),
        }
        if (orphans.is_empty() && !self.expects_orphans()) || self.gives_up() {
            self.barriers.clear();
        }
    }

    /// Whether somebody waits, and a supervisor is dying whose children have not come here yet: the
    /// server sees its socket end a moment before. Its death wakes this process.
    fn expects_orphans(&self) -> bool {
        !self.barriers.is_empty() && self.is_anyone_dying()
    }

    fn is_anyone_dying(&self) -> bool {
        self.supervisors.iter().any(|pid| tree::is_exiting(*pid))
    }

    fn gives_up(&self) -> bool {
        self.orphans_since.is_some_and(|since| since.elapsed() > PATIENCE)
    }
}
