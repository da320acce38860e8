//! The runner of HTTP calls: fills a planned request and gets it going.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::certificates::Certificates;
use super::client::Clients;
use super::exchange::Exchange;
use super::multipart;
use super::oauth::{TokenRequest, Tokens};
use super::request::{Request, RequestBody};
use super::running::HttpRunning;
use super::way::Way;
use crate::model::HttpTls;
use crate::plan::{HttpStep, PlannedAuth, Step};
use crate::runner::{BoxFuture, Runner, Running, SecretValues, StartError};

/// Carries out [`Step::Http`].
#[derive(Clone, Default)]
pub struct HttpRunner {
    clients: Arc<Clients>,
    tokens: Arc<Tokens>,
}

impl HttpRunner {
    pub fn new() -> Self {
        Self::default()
    }

    async fn exchange(&self, call: &HttpStep, secrets: &SecretValues) -> Result<Exchange, StartError> {
        let request = Request::fill(call, secrets)?;
        let token = match &call.auth {
            Some(PlannedAuth::OAuth2(token)) => Some(TokenRequest::fill(token, secrets)?),
            _ => None,
        };
        if let Some(RequestBody::Parts(parts)) = &request.body {
            // Looked at before anybody is asked anything, and opened again when it is sent.
            multipart::open(parts).await.map_err(|failure| StartError::Request(failure.to_string()))?;
        }
        let certificates = match &call.tls {
            Some(tls) => Some(Arc::new(certificates(tls.clone()).await?)),
            None => None,
        };
        let way = Way {
            clients: Arc::clone(&self.clients),
            allow_private: call.allow_private,
            certificates,
            proxy: call.proxy.as_ref().map(ToString::to_string),
            connect: call.times.connect,
        };
        let (redirects, tokens) = (call.redirects, Arc::clone(&self.tokens));
        Ok(Exchange { way, request, redirects, token, tokens, hidden: Vec::new() })
    }
}

async fn certificates(tls: HttpTls) -> Result<Certificates, StartError> {
    let loaded = tokio::task::spawn_blocking(move || Certificates::load(&tls)).await;
    let loaded = loaded.map_err(|error| StartError::Request(error.to_string()))?;
    loaded.map_err(|problem| StartError::Request(problem.to_string()))
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
            let exchange = self.exchange(call, secrets).await?;
            Ok(Box::new(HttpRunning::new(call, exchange, cancel)) as Box<dyn Running>)
        })
    }
}
