//! The way out of a container that may reach a few destinations: it has no network, and every
//! connection of it is made here, by what its file lists.
//!
//! [`gate`] decides and connects, [`proxy`] and [`question`] are what programs in the container talk
//! to, [`handover`] is how their sockets come out of the container's network. Nothing here knows how
//! containers are made. Sockets that change hands are a matter of Linux; elsewhere `absent` refuses.

// Nobody comes to use it.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

mod body;
mod denials;
mod gate;
#[cfg_attr(not(target_os = "linux"), path = "absent.rs")]
mod handover;
mod head;
mod proxy;
mod question;
mod serve;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::task::AbortOnDropHandle;

use crate::plan::{ContainerPlan, Doors};

use gate::{Gate, NamesOfHost};
use handover::Meeting;

/// Why there are no doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// The doors are open, and the program cannot be executed; the number is the kernel's.
    NotExecuted(i32),
    Other(String),
}

/// The socket to which the container's first process comes, in a folder of ours.
const MEETING: &str = "doors";

/// A way out that waits for its container.
pub struct WayOut {
    meeting: Meeting,
    doors: Doors,
    gate: Arc<Gate>,
}

/// A way out while its container runs. It is shut when this value goes.
pub struct OpenWay {
    gate: Arc<Gate>,
    _serving: AbortOnDropHandle<()>,
}

impl WayOut {
    /// Gives back where the container's first process has to come to.
    pub fn prepare(plan: &ContainerPlan, doors: Doors, folder: &Path) -> Result<(Self, PathBuf), String> {
        let place = folder.join(MEETING);
        let meeting = Meeting::at(folder, MEETING).map_err(|error| format!("{}: {error}", place.display()))?;
        let gate = Gate::new(plan.network.allowed(), &plan.hosts, Box::new(NamesOfHost));
        Ok((Self { meeting, doors, gate: Arc::new(gate) }, place))
    }

    /// Once the container has been started.
    pub async fn open(self) -> Result<OpenWay, Missed> {
        let Doors { hosts, doors, .. } = self.doors;
        let doors = self.meeting.doors(&doors).await?;
        let serving = tokio::spawn(serve::serve(doors, hosts, Arc::clone(&self.gate)));
        Ok(OpenWay { gate: self.gate, _serving: AbortOnDropHandle::new(serving) })
    }
}

impl OpenWay {
    /// What was tried in vain, in lines for whoever called.
    pub fn report(&self) -> Option<String> {
        self.gate.denials.report()
    }
}
