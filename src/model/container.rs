//! A command that runs in a container: image, what runs inside, and how far it is locked down.

use core::net::IpAddr;
use std::path::PathBuf;

use super::action::{Argument, Stdin, Variable};
use super::destination::Destination;
use super::executor::Executor;
use super::image::{Build, Gpus, Verify};
use super::reuse::Reuse;
use super::scan::Scan;
use super::template::Template;
use super::units::ByteSize;

/// A container with holes for arguments and secrets. What no template may decide is plain text here:
/// image, network, user, privileges.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerWorkload {
    /// Of this host: what relative paths of callers are relative to.
    pub folder: PathBuf,
    /// The engine that carries it out, if not the one that is found.
    pub executor: Option<Executor>,
    /// As written: `name:tag`, `name@sha256:…`. One that is built here has its tag by its content.
    pub image: String,
    pub build: Option<Build>,
    pub verify: Option<Verify>,
    pub scan: Option<Scan>,
    pub pull: Pull,
    pub platform: Option<String>,
    pub inside: Inside,
    pub env: Vec<Variable>,
    pub workdir: Option<String>,
    pub stdin: Stdin,
    pub mounts: Vec<Mount>,
    pub tmpfs: Vec<Tmpfs>,
    /// Written into the container before it starts, by absolute path. Secrets may stand in them.
    pub files: Vec<(String, Template)>,
    pub network: Network,
    pub lockdown: Lockdown,
    pub hosts: Vec<(String, IpAddr)>,
    pub dns: Vec<IpAddr>,
    pub devices: Vec<PathBuf>,
    pub gpus: Option<Gpus>,
    pub labels: Vec<(String, String)>,
    /// A small init of the engine's reaps orphans and passes signals on.
    pub init: bool,
    /// Sent before the kill; the image's own unless said.
    pub stop_signal: Option<String>,
    /// How many are made ahead and wait for their one call.
    pub warm: u32,
    /// They stay for several calls of one caller, if so.
    pub reuse: Option<Reuse>,
}

/// What runs in the container.
#[derive(Debug, Clone, PartialEq)]
pub enum Inside {
    /// The image's entrypoint with these words, or with the image's own if there are none. This is
    /// what `docker run IMAGE WORDS…` does.
    Image { args: Vec<Argument> },
    /// A program of the image in place of its entrypoint.
    Program { entrypoint: Vec<String>, args: Vec<Argument> },
    /// Text for an interpreter of the image. Parameters reach it as environment variables.
    Shell { shell: String, flag: String, text: String },
}

/// When the engine fetches the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    Always,
    Missing,
    Never,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mount {
    pub source: Template,
    /// Absolute, in the container.
    pub target: String,
    pub read_only: bool,
    /// What the source may not leave.
    pub within: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tmpfs {
    pub target: String,
    pub size: Option<ByteSize>,
}

/// What the container can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    None,
    Bridge,
    /// One that exists in the engine.
    Named(String),
    /// These and nothing else, sorted and each once.
    Only(Vec<Destination>),
}

/// What holds the container back. Everything, unless a file lifts a part of it by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockdown {
    pub read_only_root: bool,
    /// All capabilities are dropped, and these are given back.
    pub drop_capabilities: bool,
    pub cap_add: Vec<String>,
    pub no_new_privileges: bool,
    /// `user[:group]`; the image's own if `None`.
    pub user: Option<String>,
}

impl Lockdown {
    /// As a file with `version: 1` has it.
    pub fn strict() -> Self {
        Self {
            read_only_root: true,
            drop_capabilities: true,
            cap_add: Vec::new(),
            no_new_privileges: true,
            user: Some("65534:65534".to_owned()),
        }
    }

    /// As the original had it: what the engine does by itself.
    pub fn open() -> Self {
        Self {
            read_only_root: false,
            drop_capabilities: false,
            cap_add: Vec::new(),
            no_new_privileges: false,
            user: None,
        }
    }
}

impl Network {
    /// What may be reached, where that is a list.
    pub fn allowed(&self) -> &[Destination] {
        match self {
            Self::Only(list) => list,
            Self::None | Self::Bridge | Self::Named(_) => &[],
        }
    }
}
