//! Which means enforces which limit here, and the ground for the limits of cgroups.
//!
//! The ground is made when the first limited call comes, so that a server whose commands have no
//! limits leaves the tree of cgroups alone. If it cannot be made, or a command cannot enter it, the
//! supervisors watch instead.

use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cgroup::{Controllers, Ground, Place, sweep};
use super::sandbox;
use crate::model::Limits;
use crate::plan::{Mean, Means};

pub struct Enforcer {
    state: Mutex<State>,
}

enum State {
    /// There may be limits by cgroup; nobody has needed them yet.
    Possible(Place),
    Ready(Ground),
    Impossible,
}

/// Which means would enforce each limit on this host; changes nothing there.
pub fn probe_means() -> Means {
    means(Place::find().map(|place| place.controllers).unwrap_or_default())
}

fn means(controllers: Controllers) -> Means {
    let Controllers { memory, pids, cpu } = controllers;
    let watched_unless = |has| if has { Mean::Cgroup } else { Mean::Watched };
    Means {
        memory: watched_unless(memory),
        pids: watched_unless(pids),
        cpu: if cpu { Mean::Cgroup } else { Mean::NotEnforced },
        files: Mean::Rlimit,
        disk: Mean::NotEnforced,
        sandbox: sandbox::means(),
    }
}

impl Enforcer {
    /// Looks for a place, and removes there what dead servers left.
    pub fn new() -> Self {
        let place = Place::find();
        if let Some(place) = &place {
            sweep(&place.parent);
        }
        Self { state: Mutex::new(place.map_or(State::Impossible, State::Possible)) }
    }

    pub fn means(&self) -> Means {
        means(match &*self.state() {
            State::Possible(place) => place.controllers,
            State::Ready(ground) => ground.controllers,
            State::Impossible => Controllers::default(),
        })
    }

    /// The cgroup below which a command with these limits is to run; empty where it is none.
    pub fn ground_for(&self, limits: &Limits) -> Vec<u8> {
        if limits.memory.is_none() && limits.pids.is_none() && limits.cpu.is_none() {
            return Vec::new();
        }
        let mut state = self.state();
        if let State::Possible(place) = &*state {
            *state = match Ground::make(place) {
                Ok(ground) => State::Ready(ground),
                Err(error) => {
                    tracing::warn!(%error, place = %place.parent.display(), "no limits by cgroup here");
                    State::Impossible
                }
            };
        }
        match &*state {
            State::Ready(ground) => ground.path().as_os_str().as_bytes().to_vec(),
            State::Possible(_) | State::Impossible => Vec::new(),
        }
    }

    /// Commands cannot enter the ground: from now on they are watched.
    pub fn give_up(&self, error: &std::io::Error) {
        tracing::warn!(%error, "a command could not enter its cgroup; its limits are watched instead");
        self.leave();
    }

    /// Removes the ground with everything in it.
    pub fn leave(&self) {
        *self.state() = State::Impossible;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
