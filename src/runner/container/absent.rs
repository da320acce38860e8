//! The runner of a build without containers: it refuses each and says why.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Cleaned, ContainerFailure, Survey};
use crate::plan::{Environment, Step};
use crate::runner::{BoxFuture, Runner, Running, SecretValues, StartError};

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

pub async fn clean(_environment: Arc<Environment>) -> Result<Vec<Cleaned>, ContainerFailure> {
    Err(ContainerFailure::NotBuilt)
}

pub async fn survey(_environment: Arc<Environment>) -> Result<Survey, ContainerFailure> {
    Err(ContainerFailure::NotBuilt)
}

pub async fn has_image(_environment: Arc<Environment>, _image: &str) -> Result<bool, ContainerFailure> {
    Err(ContainerFailure::NotBuilt)
}
