//! A supervisor: a process of one thread that runs one command at a time and leaves nothing of it.
//!
//! Orders come in through its socket, reports go out. It is a subreaper, so whatever a command
//! leaves behind becomes its child, and it does not report an end before it has no children. When
//! its socket ends, because the server let it go or died, it kills what runs and is done. It knows
//! no deadlines: the server says when to terminate and when to kill.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::time::TimeVal;
use nix::unistd::setsid;

use super::cgroup::{Enforced, Leaf};
use super::channel::send_bytes;
use super::courtesy::Courtesy;
use super::inbox::{Inbox, Incoming};
use super::order::{Company, Order};
use super::raw::{self, Stack};
use super::report::{Ended, Failure, Report, Stage, Status};
use super::run::{Run, Socket, Surroundings};
use super::sandbox::{Cell, Rest};
use super::spawn;

/// Whoever has had no order for so long rests.
const RESTLESS: TimeVal = TimeVal::new(0, 250_000);

/// Serves one socket until it ends.
pub struct Supervisor {
    socket: OwnedFd,
    children: SignalFd,
    stack: Stack,
    /// Made for the first limited command, where the server has ground for it.
    leaf: Option<Leaf>,
    cell: Cell,
    courtesy: Courtesy,
}

impl Supervisor {
    /// Makes this process, which has just been forked for it, a supervisor.
    pub fn settle(socket: OwnedFd) -> nix::Result<Self> {
        // Whoever waits for the end of another socket or barrier must not wait for this process.
        raw::close_all_but(&socket);
        prctl::set_child_subreaper(true)?;
        setsid()?;
        let _ = prctl::set_name(c"mcpfier-run");
        setsockopt(&socket, ReceiveTimeout, &RESTLESS)?;
        Ok(Self {
            socket,
            children: watch_children()?,
            stack: Stack::new(),
            leaf: None,
            cell: Cell::default(),
            courtesy: Courtesy::begin(),
        })
    }

    /// Carries out orders until there is nobody to give them. Says whether nothing is left of them.
    pub fn serve(mut self) -> Rest {
        let mut inbox = Inbox::new();
        while let Some(incoming) = self.next(&mut inbox) {
            if self.carry_out(incoming) == Socket::Ended {
                break;
            }
        }
        self.cell.clear()
    }

    /// Waits for an order; whoever waits for long does so without what the last one needed of the program.
    fn next<'i>(&mut self, inbox: &'i mut Inbox) -> Option<Incoming<'i>> {
        let Self { socket, courtesy, .. } = self;
        inbox.receive(socket, || {
            raw::give_program_back();
            courtesy.heed(Company::Few);
        })
    }

    fn carry_out(&mut self, mut incoming: Incoming<'_>) -> Socket {
        let descriptors = incoming.take_descriptors();
        let Some(order) = Order::read(incoming.body()) else { return Socket::Ended };
        let (report, server) = match self.run(&order, &descriptors, incoming.said()) {
            Ok((ended, server)) => (Report::Ended(ended), server),
            Err(failure) => (Report::NotStarted(failure), Socket::Open),
        };
        send_bytes(&self.socket, &report.write());
        // The report says that there will be no more output; ends of pipes before it would wake the server
        // for each of them, to learn nothing.
        drop(descriptors);
        server
    }

    fn run(
        &mut self,
        order: &Order<'_>,
        descriptors: &[OwnedFd],
        said: &[u8],
    ) -> Result<(Ended, Socket), Failure> {
        let enforced = self.bound(order)?;
        let leaf = self.leaf.as_ref().filter(|_| !order.cgroup.is_empty());
        let before = leaf.map(Leaf::events).unwrap_or_default();
        let sandbox = match &order.sandbox {
            Some(sandbox) => Some(self.cell.prepare(sandbox)?),
            None if self.cell.is_free() => None,
            None => return Err(Failure { stage: Stage::Sandbox, errno: nix::libc::EPROTO }),
        };
        let cgroup = leaf.map(Leaf::procs);
        self.courtesy.heed(order.company);
        let policy = self.courtesy.not_for_commands();
        let main = spawn::start(order, descriptors, cgroup, sandbox.as_ref(), policy, &mut self.stack)?;
        let watch = order.bounds.to_watch(enforced);
        let surroundings = Surroundings { socket: &self.socket, children: &self.children, leaf, watch };
        let (mut ended, mut server) = Run::new(main, surroundings).see_through(said);
        if let Some(leaf) = leaf {
            let after = leaf.events();
            ended.out_of_memory |= after.killed > before.killed;
            // One that got by with fewer processes is none the worse for it.
            ended.too_many_processes |= after.refused > before.refused && ended.status != Status::Exited(0);
        }
        if order.sandbox.is_some() && self.cell.clear() == Rest::Some {
            // The fork server sees to it when this process has gone.
            (ended.leaving, server) = (true, Socket::Ended);
        }
        Ok((ended, server))
    }

    /// Sets the limits in this supervisor's cgroup, if there is to be one.
    fn bound(&mut self, order: &Order<'_>) -> Result<Enforced, Failure> {
        if order.cgroup.is_empty() {
            return Ok(Enforced::default());
        }
        let failed = |error: std::io::Error| Failure {
            stage: Stage::Cgroup,
            errno: error.raw_os_error().unwrap_or(nix::libc::EIO),
        };
        let leaf = match self.leaf.take() {
            Some(leaf) => leaf,
            None => Leaf::make(Path::new(OsStr::from_bytes(order.cgroup.to_bytes()))).map_err(failed)?,
        };
        Ok(self.leaf.insert(leaf).bound(order.bounds))
    }
}

/// Tells through a descriptor that a child has ended. Signals are blocked already.
pub fn watch_children() -> nix::Result<SignalFd> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}
