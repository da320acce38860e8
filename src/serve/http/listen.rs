//! Where the server listens: an address, or a socket in the file system.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use crate::model::HttpServer;

/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;
/// After this, what is not available (descriptors, memory) may be again.
const BREATH: Duration = Duration::from_millis(50);

/// What listens.
pub struct Bound {
    listener: Listener,
    pub address: Address,
}

/// Where that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `host` as it was written.
    Tcp {
        host: String,
        at: SocketAddr,
    },
    Socket(PathBuf),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { at, .. } => write!(f, "http://{at}/mcp"),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why nothing can be listened on.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    #[error("`{host}` is no address of this machine: {error}")]
    Host { host: String, error: io::Error },
    #[error("cannot listen on {address}: {error}{}", hint(.error))]
    Address { address: SocketAddr, error: io::Error },
    #[error("cannot listen on `{}`: {error}", path.display())]
    Socket { path: PathBuf, error: io::Error },
    #[error("`{}` is there and is no socket; remove it, or name another path", path.display())]
    Occupied { path: PathBuf },
    #[error("another server listens on `{}`", path.display())]
    InUse { path: PathBuf },
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "\nhelp: another program listens there; stop it, or choose another --port"
        }
        io::ErrorKind::PermissionDenied => "\nhelp: ports below 1024 need a privilege; choose another --port",
        _ => "",
    }
}

/// The addresses that a host stands for.
pub async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreachable> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let found = tokio::net::lookup_host((bare, port)).await;
    let found: Vec<SocketAddr> =
        found.map_err(|error| Unreachable::Host { host: host.to_owned(), error })?.collect();
    Ok(found)
}

/// Binds what the settings say.
pub async fn bind(settings: &HttpServer) -> Result<Bound, Unreachable> {
    if let Some(path) = &settings.socket {
        return bind_socket(path).await;
    }
    let mut found = addresses(&settings.host, settings.port).await?;
    // `localhost` may be both; most clients try the older one first.
    found.sort_by_key(|address| address.is_ipv6());
    let address = *found.first().ok_or_else(|| Unreachable::Host {
        host: settings.host.clone(),
        error: io::ErrorKind::NotFound.into(),
    })?;
    let listener = listen(address).map_err(|error| Unreachable::Address { address, error })?;
    let address = listener.local_addr().unwrap_or(address);
    let address = Address::Tcp { host: settings.host.clone(), at: address };
    Ok(Bound { listener: Listener::Tcp(listener), address })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A socket that only its owner and the group reach. What an earlier server left is taken away.
async fn bind_socket(path: &Path) -> Result<Bound, Unreachable> {
    let failed = |error| Unreachable::Socket { path: path.to_path_buf(), error };
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(Unreachable::Occupied { path: path.to_path_buf() });
        }
        Ok(_) if UnixStream::connect(path).await.is_ok() => {
            return Err(Unreachable::InUse { path: path.to_path_buf() });
        }
        Ok(_) => std::fs::remove_file(path).map_err(failed)?,
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o660);
    std::fs::set_permissions(path, mode).map_err(failed)?;
    Ok(Bound { listener: Listener::Unix(listener), address: Address::Socket(path.to_path_buf()) })
}

/// A connection that has come.
pub struct Incoming {
    pub stream: Stream,
    /// `None` for one over a socket in the file system.
    pub peer: Option<IpAddr>,
}

impl Bound {
    /// The next connection. What goes wrong with one is no reason to take no other. One whose other
    /// side is not heard of for `silence`, while something is sent to it, is over.
    pub async fn accept(&self, silence: Duration) -> Incoming {
        loop {
            let accepted = match &self.listener {
                Listener::Tcp(listener) => listener.accept().await.map(|(stream, peer)| {
                    // Without it small answers wait for the client's word that it has the last.
                    let _ = stream.set_nodelay(true);
                    give_up_after(&stream, silence);
                    Incoming { stream: Stream::Tcp(stream), peer: Some(peer.ip().to_canonical()) }
                }),
                Listener::Unix(listener) => listener
                    .accept()
                    .await
                    .map(|(stream, _)| Incoming { stream: Stream::Unix(stream), peer: None }),
            };
            match accepted {
                Ok(incoming) => return incoming,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }

    /// Whether other machines reach it.
    pub fn is_exposed(&self) -> bool {
        matches!(&self.address, Address::Tcp { at, .. } if !at.ip().to_canonical().is_loopback())
    }

    /// Takes no more; a socket's path is free again.
    pub fn close(self) {
        drop(self.listener);
        if let Address::Socket(path) = &self.address {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// What is sent and not confirmed for so long never will be: the other side is gone without a word.
#[cfg(target_os = "linux")]
fn give_up_after(stream: &TcpStream, silence: Duration) {
    use nix::sys::socket::{setsockopt, sockopt::TcpUserTimeout};
    let millis = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
    let _ = setsockopt(stream, TcpUserTimeout, &millis);
}

#[cfg(not(target_os = "linux"))]
fn give_up_after(_: &TcpStream, _: Duration) {}

/// Lets this process have as many connections as it may; commands have limits of their own.
pub fn take_descriptors() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard.min(65_536).max(soft), hard);
    }
}

/// A stream of either kind.
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
