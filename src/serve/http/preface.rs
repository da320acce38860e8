//! What is judged before anything listens: who would reach this server, and who would be let in.

use std::net::SocketAddr;

use crate::model::HttpServer;

use super::listen::{Bound, Unreachable, addresses};

/// Why a server is not started: everyone who reaches the machine could run its tools.
#[derive(Debug, thiserror::Error)]
pub enum Exposed {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error(
        "`{host}` can be reached from other machines, and nobody would be asked for a key\n\
         help: make one with `mcpfier key create NAME`, and put its line into `server.http.auth.api_keys`\n\
         help: or listen on this machine only: --host 127.0.0.1\n\
         help: or say that it shall be open to everyone: `server.http.insecure: true`"
    )]
    Open { host: String },
}

/// Judges what is listened on, whoever has seen to that.
pub fn judge_bound(settings: &HttpServer, bound: &Bound) -> Result<(), Exposed> {
    match settings.auth.is_some() || settings.insecure || !bound.is_exposed() {
        true => Ok(()),
        false => Err(Exposed::Open { host: bound.address.to_string() }),
    }
}

/// Judges where a server would listen.
pub async fn judge(settings: &HttpServer) -> Result<(), Exposed> {
    if settings.auth.is_some() || settings.insecure || settings.socket.is_some() {
        return Ok(());
    }
    let is_private = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
    let found = addresses(&settings.host, settings.port).await?;
    if found.iter().all(is_private) {
        return Ok(());
    }
    Err(Exposed::Open { host: settings.host.clone() })
}
