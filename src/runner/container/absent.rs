//! The runner of a build without containers: it refuses each and says why.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Cleaned, ContainerFailure, Found, Scanned, Seen};
use crate::model::{Executor, Scan, Verify};
use crate::plan::{Environment, PlannedBuild, Step};
use crate::runner::{BoxFuture, Runner, Running, SecretValues, StartError, Teller};

#[derive(Clone)]
pub struct ContainerRunner(());

impl ContainerRunner {
    pub fn new(_environment: Arc<Environment>) -> Self {
        Self(())
    }

    pub fn waiting(&self) -> usize {
        0
    }

    pub async fn shut_down(&self, _patience: Duration) -> bool {
        true
    }
}

impl Runner for ContainerRunner {
    fn start<'a>(
        &'a self,
        _step: &'a Step,
        _secrets: &'a SecretValues,
        _cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        Box::pin(async { Err(StartError::Container(ContainerFailure::NotBuilt)) })
    }
}

pub async fn clean(
    _environment: Arc<Environment>,
    _executor: Option<&Executor>,
) -> Result<Vec<Cleaned>, ContainerFailure> {
    Err(ContainerFailure::NotBuilt)
}

pub async fn look(
    _environment: Arc<Environment>,
    _executor: Option<Executor>,
    _images: Vec<String>,
) -> Result<Seen, ContainerFailure> {
    Err(ContainerFailure::NotBuilt)
}

pub struct Images(());

impl Images {
    pub fn new(_environment: Arc<Environment>) -> Self {
        Self(())
    }

    pub async fn look(
        &self,
        _executor: Option<&Executor>,
        _image: &str,
    ) -> Result<Option<Found>, ContainerFailure> {
        Err(ContainerFailure::NotBuilt)
    }

    pub async fn pull(
        &self,
        _executor: Option<&Executor>,
        _image: &str,
        _platform: Option<&str>,
        _news: &Teller,
    ) -> Result<(), ContainerFailure> {
        Err(ContainerFailure::NotBuilt)
    }

    pub async fn build(
        &self,
        _executor: Option<&Executor>,
        _planned: &PlannedBuild,
        _platform: Option<&str>,
        _news: &Teller,
    ) -> Result<(), ContainerFailure> {
        Err(ContainerFailure::NotBuilt)
    }

    pub async fn verify(
        &self,
        _executor: Option<&Executor>,
        _image: &str,
        _signers: &[Verify],
    ) -> Result<(), ContainerFailure> {
        Err(ContainerFailure::NotBuilt)
    }

    pub async fn scan(
        &self,
        _executor: Option<&Executor>,
        _image: &str,
        _scan: &Scan,
    ) -> Result<Option<Scanned>, ContainerFailure> {
        Err(ContainerFailure::NotBuilt)
    }
}
