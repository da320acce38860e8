//! The runner of HTTP calls: fills a planned request and gets it going.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::client::Clients;
use super::request::Request;
use super::running::HttpRunning;
use crate::plan::Step;
use crate::runner::{BoxFuture, Runner, Running, SecretValues, StartError};

/// Carries out [`Step::Http`].
#[derive(Clone)]
pub struct HttpRunner {
    clients: Arc<Clients>,
}

impl HttpRunner {
    pub fn new() -> Self {
        Self { clients: Arc::default() }
    }
}

impl Default for HttpRunner {
    fn default() -> Self {
        Self::new()
    }
}

impl Runner for HttpRunner {
    fn start<'a>(
        &'a self,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        Box::pin(async move {
            let Step::Http(call) = step else { return Err(StartError::Elsewhere("no HTTP call")) };
            let request = Request::fill(call, secrets)?;
            let running = HttpRunning::new(call, request, Arc::clone(&self.clients), cancel);
            Ok(Box::new(running) as Box<dyn Running>)
        })
    }
}
