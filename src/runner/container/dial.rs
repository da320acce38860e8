//! Requests to an engine over wires of our own: TLS with the certificates of a file, and SSH.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use http::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use super::ssh::SshDialer;
use super::tls::TlsDialer;

/// How a connection is made.
#[derive(Clone)]
pub enum Dialer {
    Tls(Arc<TlsDialer>),
    Ssh(Arc<SshDialer>),
}

/// A connection by SSH costs both sides a process and the exchange of keys: a few are kept for the
/// next request.
const KEPT: usize = 4;
const KEPT_FOR: Duration = Duration::from_secs(60);

/// A client of the engine. Nothing is sent yet.
pub fn client(dialer: Dialer, authority: &str, seconds: u64) -> Result<Docker, Error> {
    let kept = if matches!(dialer, Dialer::Ssh(_)) { KEPT } else { 0 };
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(kept)
        .pool_idle_timeout(KEPT_FOR)
        .pool_timer(TokioTimer::new())
        .build(dialer);
    let transport = move |request: BollardRequest| {
        let answer = client.request(request);
        async move { answer.await.map_err(Error::from) }
    };
    Docker::connect_with_custom_transport(
        transport,
        Some(format!("http://{authority}")),
        seconds,
        API_DEFAULT_VERSION,
    )
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<Wire>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move {
            let wire: Box<dyn Duplex> = match dialer {
                Self::Tls(tls) => Box::new(tls.dial().await?),
                Self::Ssh(ssh) => Box::new(ssh.dial()?),
            };
            Ok(TokioIo::new(Wire(wire)))
        })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection, whatever it is made of.
pub struct Wire(Box<dyn Duplex>);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}
