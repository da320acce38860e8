//! The sandbox of a supervisor's commands: what is prepared before a child is made, so that the
//! child itself has only to apply it.
//!
//! Three things hold a command: a ruleset of Landlock for files, signals and ports; a filter of
//! system calls for sockets, attributes of files and everything that could reach around the first;
//! and no privileges, neither held nor to be had. The child applies the ruleset and gives up what it
//! holds in [`raw`](super::raw::start); a ruleset is kept and used again as long as it still means the
//! same. The filter is the supervisor's own: setting one costs more than all the rest, what a process
//! makes inherits it, and nobody can ever lift it. So a supervisor that has run a command in a sandbox
//! runs no others, save with the same filter ([`Held`]).

mod owner;
mod tmp;

#[cfg(feature = "sandbox")]
mod calls;
#[cfg(feature = "sandbox")]
mod filter;
#[cfg(feature = "sandbox")]
mod rules;
#[cfg(feature = "sandbox")]
mod search;
#[cfg(feature = "sandbox")]
mod system;
#[cfg(feature = "sandbox")]
use {filter::program, rules::Rules};

#[cfg(not(feature = "sandbox"))]
mod absent;
#[cfg(not(feature = "sandbox"))]
use absent::{Rules, program};

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::AsFd;

use nix::libc;

use super::order::SandboxOrder;
use super::raw::{self, Restraints};
use super::report::{Failure, Stage};
use crate::plan::SandboxMeans;
use tmp::PrivateTmp;

pub use tmp::sweep;

/// What this kernel and this build can do.
pub fn means() -> SandboxMeans {
    if !cfg!(feature = "sandbox") {
        return SandboxMeans::NONE;
    }
    // Those that `seccompiler` knows.
    let machine = cfg!(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"));
    SandboxMeans { landlock: raw::landlock_version(), filter: machine && raw::can_filter() }
}

/// The filter that a supervisor has set on itself, and cannot lift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Held {
    #[default]
    No,
    Isolated,
    /// With the host's network.
    Connected,
}

/// What a supervisor keeps from one sandboxed command to the next.
#[derive(Default)]
pub struct Cell {
    tmp: Option<PrivateTmp>,
    rules: Option<Rules>,
    held: Held,
}

/// Whether something of a command is left in its private folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    None,
    /// What only a process without the filter can remove.
    Some,
}

/// What one command gets.
#[derive(Clone, Copy)]
pub struct Prepared<'a> {
    pub restraints: Restraints<'a>,
    /// Set where the order does not set them.
    pub variables: &'a [CString],
}

impl Cell {
    /// Everything for a command, made before there is a child.
    pub fn prepare(&mut self, order: &SandboxOrder<'_>) -> Result<Prepared<'_>, Failure> {
        self.hold(Held::of(Some(order.host_network)))?;
        let private = if order.private_tmp { Some(self.folder().map_err(failed)?) } else { None };
        if !self.rules.as_mut().is_some_and(|rules| rules.still_hold(order, private.as_deref())) {
            self.rules = None;
            self.rules = Some(Rules::make(order, private.as_deref()).map_err(failed)?);
        }
        let ruleset = self.rules.as_ref().and_then(Rules::descriptor).map(AsFd::as_fd);
        let tmp = self.tmp.as_ref().filter(|_| order.private_tmp);
        Ok(Prepared {
            restraints: Restraints { ruleset },
            variables: tmp.map(PrivateTmp::variables).unwrap_or_default(),
        })
    }

    /// Whether this process can run a command without a sandbox.
    pub fn is_free(&self) -> bool {
        self.held == Held::No
    }

    /// Removes what a command left in its private folder. What cannot be removed must not be found by
    /// the next command.
    pub fn clear(&mut self) -> Rest {
        match self.tmp.as_ref().is_none_or(PrivateTmp::empty) {
            true => Rest::None,
            false => Rest::Some,
        }
    }

    fn hold(&mut self, wanted: Held) -> Result<(), Failure> {
        if self.held == Held::No {
            let filter = program(wanted == Held::Connected);
            // What this kernel does not have, its plan has said.
            if !filter.is_empty() && raw::can_filter() {
                raw::filter_from_now_on(&filter).map_err(io::Error::from).map_err(failed)?;
            }
            self.held = wanted;
        }
        // Two filters would hold together.
        if self.held == wanted { Ok(()) } else { Err(failed(io::Error::from_raw_os_error(libc::EPROTO))) }
    }

    fn folder(&mut self) -> io::Result<CString> {
        let tmp = match self.tmp.take() {
            Some(tmp) => tmp,
            None => PrivateTmp::make()?,
        };
        Ok(self.tmp.insert(tmp).path().to_owned())
    }
}

impl Held {
    /// What a command needs: with a sandbox, whether it has the host's network.
    pub fn of(sandbox: Option<bool>) -> Self {
        match sandbox {
            None => Self::No,
            Some(false) => Self::Isolated,
            Some(true) => Self::Connected,
        }
    }
}

impl Prepared<'_> {
    /// The variables that an environment does not set itself.
    pub fn missing_in<'a>(&'a self, environment: &[&CStr]) -> Vec<&'a CStr> {
        let name = |variable: &CStr| {
            let bytes = variable.to_bytes();
            bytes.iter().position(|byte| *byte == b'=').map(|at| bytes.get(..at).map(<[u8]>::to_vec))
        };
        let is_set = |variable: &&CString| environment.iter().any(|other| name(other) == name(variable));
        self.variables.iter().filter(|variable| !is_set(variable)).map(CString::as_c_str).collect()
    }
}

fn failed(error: io::Error) -> Failure {
    Failure { stage: Stage::Sandbox, errno: error.raw_os_error().unwrap_or(libc::EIO) }
}
