//! Carries out containers through the API of an engine, Docker's or Podman's: one container a call.
//!
//! The only place that knows the engine's client. An engine is looked for at the first call, so that
//! a server without such commands never asks for one; what is wrong with it is said when it is
//! needed, and it is asked again at the next call. A build without the feature `containers` refuses
//! every call instead.

#[cfg(feature = "containers")]
mod address;
#[cfg(feature = "containers")]
mod asked;
#[cfg(feature = "containers")]
mod attached;
#[cfg(feature = "containers")]
mod build;
#[cfg(feature = "containers")]
mod care;
#[cfg(feature = "containers")]
mod clean;
#[cfg(feature = "containers")]
mod connection;
#[cfg(feature = "containers")]
mod context;
#[cfg(feature = "containers")]
mod cosign;
#[cfg(feature = "containers")]
mod create;
#[cfg(feature = "containers")]
mod creation;
#[cfg(feature = "containers")]
mod credentials;
#[cfg(feature = "containers")]
mod dial;
#[cfg(feature = "containers")]
mod egress;
#[cfg(feature = "containers")]
mod ending;
#[cfg(feature = "containers")]
mod images;
#[cfg(feature = "containers")]
pub mod init;
#[cfg(feature = "containers")]
mod knowledge;
#[cfg(feature = "containers")]
mod layers;
#[cfg(feature = "containers")]
mod life;
#[cfg(feature = "containers")]
mod listing;
#[cfg(feature = "containers")]
mod meanwhile;
#[cfg(feature = "containers")]
mod name;
#[cfg(feature = "containers")]
mod old_builds;
#[cfg(feature = "containers")]
mod owner;
#[cfg(feature = "containers")]
mod private_files;
#[cfg(feature = "containers")]
mod pull;
#[cfg(feature = "containers")]
mod runner;
#[cfg(feature = "containers")]
mod scan;
#[cfg(feature = "containers")]
mod scans;
#[cfg(feature = "containers")]
mod shortage;
#[cfg(feature = "containers")]
mod ssh;
#[cfg(feature = "containers")]
mod survey;
#[cfg(feature = "containers")]
mod tls;
#[cfg(feature = "containers")]
mod turns;
#[cfg(feature = "containers")]
mod verdict;
#[cfg(feature = "containers")]
mod version;
#[cfg(feature = "containers")]
mod volumes;
#[cfg(feature = "containers")]
mod warm;
#[cfg(feature = "containers")]
mod way;
#[cfg(feature = "containers")]
use present as platform;
#[cfg(feature = "containers")]
mod present {
    pub use super::clean::clean;
    pub use super::images::Images;
    pub use super::runner::ContainerRunner;
    pub use super::survey::look;
}

#[cfg(not(feature = "containers"))]
mod absent;
mod failure;
#[cfg(not(feature = "containers"))]
use absent as platform;

use crate::model::Scanner;

pub use failure::ContainerFailure;
pub use platform::{ContainerRunner, Images, clean, look};

/// An engine that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Where it listens.
    pub at: String,
    /// What led there.
    pub by: String,
    pub name: String,
    pub version: String,
    pub api: String,
}

/// What was seen of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub survey: Survey,
    /// Of the images that were asked for, those that are not there.
    pub missing: Vec<String>,
}

/// A container that nobody owned any more, or an image of a build before the last one, that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    pub name: String,
    pub tool: String,
    pub is_image: bool,
}

/// An image that an engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: String,
    /// By which its registry has it, if it comes from there.
    pub digest: Option<String>,
    /// In bytes, unpacked.
    pub size: u64,
}

/// What a scanner has found in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    pub scanner: Scanner,
    /// There is something that is so bad as was asked for, or worse.
    pub is_blocked: bool,
    /// In its own words.
    pub report: String,
    /// What it knows is old, as people are told.
    pub stale: Option<String>,
}

impl Found {
    /// What tells it from every other of its name.
    pub fn told(&self) -> &str {
        self.digest.as_deref().unwrap_or(&self.id)
    }
}
