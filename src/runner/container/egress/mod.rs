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

use std::collections::HashMap;
use std::sync::Arc;

use bollard::models::{ContainerCreateBody, Mount, MountType};
use tokio_util::task::AbortOnDropHandle;

use crate::plan::{ContainerPlan, Doors, Environment};

use super::init::{InitFile, TARGET, wire};
use super::owner::Owner;
use super::private_files::write_file;
use gate::{Gate, NamesOfHost};
use handover::Meeting;

/// Why there are no doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// The doors are open, and the program cannot be executed; the number is the kernel's.
    NotExecuted(i32),
    Other(String),
}

/// The socket to which the container's first process comes, beside the init.
const MEETING: &str = "doors";
/// What tells programs whom to ask for names, beside it too.
const RESOLVER: &str = "resolv.conf";
/// Ports that every user may listen at, from this one on. Some engines do that by themselves.
const PORTS: (&str, &str) = ("net.ipv4.ip_unprivileged_port_start", "0");

/// A way out that waits for its container.
pub struct WayOut {
    init: InitFile,
    meeting: Meeting,
    doors: Doors,
    gate: Arc<Gate>,
}

/// A way out while its container runs. It is shut when this value goes.
pub struct OpenWay {
    gate: Arc<Gate>,
    _serving: AbortOnDropHandle<()>,
    _init: InitFile,
}

impl WayOut {
    /// For a container of this name.
    pub fn prepare(
        plan: &ContainerPlan,
        doors: Doors,
        name: &str,
        owner: &Owner,
        environment: &Environment,
    ) -> Result<Self, String> {
        let init = InitFile::write(&format!("{MEETING}-{name}"), owner, environment)?;
        let told = |error: std::io::Error| format!("{}: {error}", init.folder().display());
        let meeting = Meeting::at(init.folder(), MEETING).map_err(told)?;
        let resolver = format!("nameserver {}\n", doors.dns);
        write_file(&init.folder().join(RESOLVER), resolver.as_bytes(), 0o444).map_err(told)?;
        let gate = Gate::new(plan.network.allowed(), &plan.hosts, Box::new(NamesOfHost));
        Ok(Self { init, meeting, doors, gate: Arc::new(gate) })
    }

    /// What the engine is asked for besides, but the entrypoint.
    pub fn add_to(&self, body: &mut ContainerCreateBody) {
        let host = body.host_config.get_or_insert_default();
        let mounts = host.mounts.get_or_insert_default();
        // One that is made ahead has an init already.
        if !mounts.iter().any(|mount| mount.target.as_deref() == Some(TARGET)) {
            mounts.push(self.init.mount());
        }
        mounts.push(self.mount(MEETING, &wire::MEETING.to_string_lossy()));
        // Not every engine writes it for a container without a network.
        mounts.push(self.mount(RESOLVER, "/etc/resolv.conf"));
        let hosts = host.extra_hosts.get_or_insert_default();
        let is_door = |line: &String| {
            self.doors
                .hosts
                .iter()
                .any(|(name, _)| line.split(':').next().is_some_and(|own| own.eq_ignore_ascii_case(name)))
        };
        hosts.retain(|line| !is_door(line));
        hosts.extend(self.doors.hosts.iter().map(|(name, address)| format!("{name}:{address}")));
        host.sysctls = Some(HashMap::from([(PORTS.0.to_owned(), PORTS.1.to_owned())]));
    }

    fn mount(&self, name: &str, target: &str) -> Mount {
        Mount {
            target: Some(target.to_owned()),
            source: Some(self.init.folder().join(name).display().to_string()),
            typ: Some(MountType::BIND),
            read_only: Some(true),
            ..Mount::default()
        }
    }

    /// Once the container has been started.
    pub async fn open(self) -> Result<OpenWay, Missed> {
        let Doors { hosts, doors, .. } = self.doors;
        let doors = self.meeting.doors(&doors).await?;
        let serving = tokio::spawn(serve::serve(doors, hosts, Arc::clone(&self.gate)));
        Ok(OpenWay { gate: self.gate, _serving: AbortOnDropHandle::new(serving), _init: self.init })
    }
}

/// The words that open the doors and then become these.
pub fn entrypoint(words: Vec<String>) -> Vec<String> {
    let ours = [TARGET.to_owned(), wire::DOORS.to_string_lossy().into_owned()];
    ours.into_iter().chain(words).collect()
}

impl OpenWay {
    /// What was tried in vain, in lines for whoever called.
    pub fn report(&self) -> Option<String> {
        self.gate.denials.report()
    }

    /// From now on it is another command's.
    pub fn begin_anew(&self) {
        self.gate.denials.forget();
    }
}
