//! The fallback for systems that no containment was written for: it starts nothing and says why.
//!
//! A process that could outlive its call would break the promise of this program, so a run that
//! cannot be contained is refused instead.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::plan::{Means, Step};
use crate::runner::{BoxFuture, Runner, Running, SecretValues, StartError};

/// Stands for the process that forks where there is one.
pub struct ForkServer(());

impl ForkServer {
    pub fn split_off() -> io::Result<Self> {
        Ok(Self(()))
    }

    pub fn spawn(_executable: &Path) -> io::Result<Self> {
        Ok(Self(()))
    }
}

/// Nobody hands sockets over there.
pub fn inherited(_count: u8) -> io::Result<Vec<OwnedFd>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub fn give_memory_back() {}

pub fn give_program_back() {}

pub fn share_one_heap() {}

/// Elsewhere a program notices the end of its pipes.
pub fn end_with_us(_command: &mut Command) {}

pub fn probe_means() -> Means {
    Means::NONE
}

pub fn fork_server_main() -> ExitCode {
    ExitCode::FAILURE
}

/// Refuses every step.
#[derive(Clone)]
pub struct ProcessRunner(());

impl ProcessRunner {
    pub fn new(_fork_server: ForkServer, _executable: PathBuf) -> io::Result<Self> {
        Ok(Self(()))
    }

    pub fn means(&self) -> Means {
        Means::NONE
    }

    pub async fn shut_down(&self, _patience: Duration) -> bool {
        true
    }
}

impl Runner for ProcessRunner {
    fn start<'a>(
        &'a self,
        _step: &'a Step,
        _secrets: &'a SecretValues,
        _cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        Box::pin(async {
            let reason = "local commands can only be contained on Linux so far";
            Err(StartError::Unavailable(io::Error::new(io::ErrorKind::Unsupported, reason)))
        })
    }
}
