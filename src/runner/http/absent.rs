//! The runner of a build without HTTP calls: it refuses each and says why.

use tokio_util::sync::CancellationToken;

use crate::plan::Step;
use crate::runner::{BoxFuture, Runner, Running, SecretValues, StartError};

#[derive(Clone)]
pub struct HttpRunner(());

impl HttpRunner {
    pub fn new() -> Self {
        Self(())
    }
}

impl Runner for HttpRunner {
    fn start<'a>(
        &'a self,
        _step: &'a Step,
        _secrets: &'a SecretValues,
        _cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        Box::pin(async { Err(StartError::WithoutHttp) })
    }
}
