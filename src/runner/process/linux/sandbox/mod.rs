//! The sandbox of a supervisor's commands: what is prepared before a child is made, so that the
//! child itself has only to apply it.
//!
//! Three things hold a command: a ruleset of Landlock for files, signals and ports; a filter of
//! system calls for sockets, attributes of files and everything that could reach around the first;
//! and no privileges, neither held nor to be had. The child applies them in
//! [`raw`](super::raw::start). A ruleset is kept and used again as long as it still means the same.

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

use nix::libc::sock_filter;

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

/// What a supervisor keeps from one sandboxed command to the next.
#[derive(Default)]
pub struct Cell {
    tmp: Option<PrivateTmp>,
    rules: Option<Rules>,
    /// Without and with the host's network.
    filters: [Option<Vec<sock_filter>>; 2],
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
        let private = if order.private_tmp { Some(self.folder().map_err(failed)?) } else { None };
        if !self.rules.as_mut().is_some_and(|rules| rules.still_hold(order, private.as_deref())) {
            self.rules = None;
            self.rules = Some(Rules::make(order, private.as_deref()).map_err(failed)?);
        }
        let [isolated, connected] = &mut self.filters;
        let filter = if order.host_network { connected } else { isolated };
        let filter = filter.get_or_insert_with(|| program(order.host_network));
        let ruleset = self.rules.as_ref().and_then(Rules::descriptor).map(AsFd::as_fd);
        let tmp = self.tmp.as_ref().filter(|_| order.private_tmp);
        Ok(Prepared {
            restraints: Restraints { ruleset, filter },
            variables: tmp.map(PrivateTmp::variables).unwrap_or_default(),
        })
    }

    /// Removes what a command left in its private folder.
    pub fn clear(&mut self) {
        if self.tmp.as_ref().is_some_and(|tmp| !tmp.empty()) {
            // What cannot be removed must not be found by the next command.
            self.tmp = None;
        }
    }

    fn folder(&mut self) -> io::Result<CString> {
        let tmp = match self.tmp.take() {
            Some(tmp) => tmp,
            None => PrivateTmp::make()?,
        };
        Ok(self.tmp.insert(tmp).path().to_owned())
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
    Failure { stage: Stage::Sandbox, errno: error.raw_os_error().unwrap_or(nix::libc::EIO) }
}
