//! One command under its supervisor, from its start until nothing of it is left.
//!
//! Reads what the server says, reaps, and kills; knows nothing of orders and how they are started.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::signalfd::SignalFd;
use nix::unistd::Pid;

use super::cgroup::Leaf;
use super::channel::receive_now;
use super::order::{KILL, TERMINATE};
use super::raw::{self, Reaped};
use super::report::{Ended, Status};
use super::tree;
use super::watch::{Excess, Watch};

/// Processes that are still there after so long a killing will not go.
const KILLING_LASTS: Duration = Duration::from_secs(3);

/// Whether anybody is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socket {
    Open,
    Ended,
}

/// What is to become of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// It lives as long as the command itself.
    Run,
    /// It was asked to end, and may take its time.
    End,
    /// It has to go now.
    Die { since: Instant },
}

/// Where a command runs, and what watches over it.
pub struct Surroundings<'a> {
    pub socket: &'a OwnedFd,
    pub children: &'a SignalFd,
    pub leaf: Option<&'a Leaf>,
    pub watch: Option<Watch>,
}

pub struct Run<'a> {
    main: Pid,
    socket: &'a OwnedFd,
    children: &'a SignalFd,
    leaf: Option<&'a Leaf>,
    watch: Option<Watch>,
    excess: Option<Excess>,
    server: Socket,
    status: Option<Status>,
    wish: Wish,
}

impl<'a> Run<'a> {
    pub fn new(main: Pid, surroundings: Surroundings<'a>) -> Self {
        let Surroundings { socket, children, leaf, watch } = surroundings;
        Self {
            main,
            socket,
            children,
            leaf,
            watch,
            excess: None,
            server: Socket::Open,
            status: None,
            wish: Wish::Run,
        }
    }

    /// Returns when the tree is empty, or what is left of it cannot be killed. What the server has
    /// said already is heeded first.
    pub fn see_through(mut self, said: &[u8]) -> (Ended, Socket) {
        said.iter().for_each(|byte| self.obey(*byte));
        let mut unkillable = 0;
        loop {
            self.wait();
            if self.reap() == Tree::Empty {
                break;
            }
            if self.status.is_some() && self.wish == Wish::Run {
                self.leave();
            }
            self.look();
            if let Wish::Die { since } = self.wish {
                let left = self.kill();
                if since.elapsed() > KILLING_LASTS {
                    unkillable = u32::try_from(left).unwrap_or(u32::MAX);
                    // What is left must not be taken for a part of the next call.
                    self.server = Socket::Ended;
                    break;
                }
            }
        }
        let status = self.status.unwrap_or(Status::Signalled(Signal::SIGKILL as i32));
        let ended = Ended {
            status,
            out_of_memory: self.excess == Some(Excess::Memory),
            too_many_processes: self.excess == Some(Excess::Processes),
            unkillable,
            leaving: false,
        };
        (ended, self.server)
    }

    /// Waits for a child, for the server, or until there is something to do without them.
    fn wait(&mut self) {
        let timeout = self.patience();
        let mut events = [
            PollFd::new(self.children.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
        ];
        let watched = if self.server == Socket::Open { 2 } else { 1 };
        let _ = events.get_mut(..watched).map_or(Ok(0), |events| poll(events, timeout));
        let [child, server] = events.map(|event| event.any().unwrap_or(false));
        if child {
            let _ = self.children.read_signal();
        }
        if server {
            self.listen();
        }
    }

    fn patience(&self) -> PollTimeout {
        let patience = match (self.wish, &self.watch) {
            (Wish::Die { since }, _) => (since.elapsed() / 4).min(Duration::from_millis(50)),
            (_, Some(watch)) => watch.patience(),
            (_, None) => return PollTimeout::NONE,
        };
        // Less than a millisecond would be none at all.
        PollTimeout::try_from(patience.max(Duration::from_millis(1))).unwrap_or(PollTimeout::NONE)
    }

    /// Kills the tree when it uses more than it may.
    fn look(&mut self) {
        if matches!(self.wish, Wish::Die { .. }) {
            return;
        }
        if let Some(excess) = self.watch.as_mut().and_then(Watch::look) {
            self.excess = Some(excess);
            self.die();
        }
    }

    /// The command has ended before what it made. That may be more than it may have, made so fast
    /// that nobody has looked since.
    fn leave(&mut self) {
        self.excess = self.watch.as_mut().and_then(Watch::look_now);
        self.die();
    }

    fn listen(&mut self) {
        let mut said = [0; 16];
        match receive_now(self.socket, &mut said) {
            Ok(0) => {
                self.server = Socket::Ended;
                self.die();
            }
            Ok(count) => said.iter().take(count).for_each(|byte| self.obey(*byte)),
            Err(_) => (),
        }
    }

    fn obey(&mut self, said: u8) {
        match said {
            TERMINATE if self.wish == Wish::Run => {
                self.wish = Wish::End;
                tree::signal_descendants(Signal::SIGTERM);
            }
            KILL => self.die(),
            _ => (),
        }
    }

    fn die(&mut self) {
        if !matches!(self.wish, Wish::Die { .. }) {
            self.wish = Wish::Die { since: Instant::now() };
        }
    }

    /// Kills everything that is left and says how much that is.
    fn kill(&self) -> usize {
        if let Some(leaf) = self.leaf {
            leaf.kill();
        }
        if self.status.is_none() {
            // At once for the whole group, before any of it can fork again. While the command is
            // not reaped, nobody else can have its number.
            let _ = killpg(self.main, Signal::SIGKILL);
        }
        tree::signal_descendants(Signal::SIGKILL)
    }

    fn reap(&mut self) -> Tree {
        loop {
            match raw::reap() {
                Reaped::Child(pid, status) if pid == self.main => self.status = Some(status),
                Reaped::Child(..) => (),
                Reaped::NoneEnded => return Tree::Alive,
                Reaped::NoChildren => return Tree::Empty,
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tree {
    Alive,
    Empty,
}
