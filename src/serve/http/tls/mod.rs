//! TLS for clients: which certificate they are shown, whether theirs is believed, and what is
//! spoken above it.
//!
//! Knows rustls and files in PEM. Whose a client's certificate is, `auth` says.

#[cfg(feature = "acme")]
mod acme;
mod certificate;
mod files;
mod keeper;
mod self_signed;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::server::TlsStream;

use crate::auth::Certificate;
use crate::model::Tls;

pub use keeper::{BadTls, Keeper};

const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";
/// An authority that wants to see whose name this is.
const CHALLENGE: &[u8] = b"acme-tls/1";

/// A connection on which TLS is spoken.
pub struct Secured<S> {
    pub stream: TlsStream<S>,
    /// Of the client; whoever has signed it is believed.
    pub certificate: Option<Certificate>,
    pub speaks_http2: bool,
}

/// Comes to TLS with a client, by the settings as they are now; `None` if that is not what it is for.
pub async fn handshake<S>(
    keeper: &Keeper,
    settings: Option<&Tls>,
    stream: S,
) -> io::Result<Option<Secured<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let patience = keeper.patience();
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "it took too long");
    tokio::time::timeout(patience, secure(keeper, settings, stream)).await.map_err(late)?
}

/// Sees to certificates that an authority gives by itself, where that is wanted.
#[cfg(feature = "acme")]
pub async fn renew(keeper: Option<Arc<Keeper>>) -> Infallible {
    match keeper {
        Some(keeper) => acme::renew(keeper).await,
        None => std::future::pending().await,
    }
}

/// A build without that has nothing to see to.
#[cfg(not(feature = "acme"))]
pub async fn renew(_keeper: Option<Arc<Keeper>>) -> Infallible {
    std::future::pending().await
}

async fn secure<S>(keeper: &Keeper, settings: Option<&Tls>, stream: S) -> io::Result<Option<Secured<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let started = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let hello = started.client_hello();
    if hello.alpn().is_some_and(|mut spoken| spoken.any(|protocol| protocol == CHALLENGE)) {
        if let Some(proof) = hello.server_name().and_then(|name| keeper.challenge(name)) {
            started.into_stream(proof).await?;
        }
        return Ok(None);
    }
    let config = keeper.config(settings);
    let stream = started.into_stream(config).await?;
    let (_, connection) = stream.get_ref();
    let certificate = match connection.peer_certificates().and_then(<[_]>::first) {
        Some(shown) => Some(certificate::read(shown).map_err(io::Error::other)?),
        None => None,
    };
    let speaks_http2 = connection.alpn_protocol() == Some(HTTP2);
    Ok(Some(Secured { stream, certificate, speaks_http2 }))
}
