//! Where the server listens: an address, or a socket in the file system.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use nix::sys::socket::{getsockopt, sockopt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixSocket, UnixStream};

use crate::model::HttpServer;

use super::tls::{BadTls, Keeper};

/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;
/// After this, what is not available (descriptors, memory) may be again.
const BREATH: Duration = Duration::from_millis(50);

/// What listens.
pub struct Bound {
    listener: Listener,
    pub address: Address,
    /// What TLS is spoken with, if it is.
    pub keeper: Option<Arc<Keeper>>,
    /// Whether a socket in the file system is ours to take away.
    is_ours: bool,
}

/// Where that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `host` as it was written.
    Tcp {
        host: String,
        at: SocketAddr,
        scheme: Scheme,
    },
    Socket(PathBuf),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { at, scheme, .. } => write!(f, "{}://{at}/mcp", scheme.word()),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// What is spoken there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that needs not be said.
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
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
    #[error(transparent)]
    Tls(#[from] BadTls),
    #[error(
        "{count} sockets were handed over, and one is listened on; leave one `ListenStream` in the socket unit"
    )]
    Many { count: usize },
    #[error("what was handed over is no socket that listens for connections: {error}")]
    Inherited { error: io::Error },
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
    let at = listener.local_addr().unwrap_or(address);
    bound(settings, listener, settings.host.clone(), at)
}

fn bound(
    settings: &HttpServer,
    listener: TcpListener,
    host: String,
    at: SocketAddr,
) -> Result<Bound, Unreachable> {
    let keeper = match &settings.tls {
        Some(tls) => Some(Arc::new(Keeper::new(tls, names(settings, at.ip()))?)),
        None => None,
    };
    let scheme = if keeper.is_some() { Scheme::Https } else { Scheme::Http };
    let address = Address::Tcp { host, at, scheme };
    Ok(Bound { listener: Listener::Tcp(listener), address, keeper, is_ours: true })
}

/// What clients may call this server.
fn names(settings: &HttpServer, bound: IpAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend((!bound.is_unspecified()).then(|| bound.to_string()));
    let is_name = settings.host.parse::<IpAddr>().is_err() && !settings.host.contains(['[', ':']);
    names.extend(is_name.then(|| settings.host.clone()));
    names.extend(settings.allowed_hosts.iter().cloned());
    names.sort();
    names.dedup();
    names
}

/// Takes over what whoever started this program listens on already.
pub fn take_over(settings: &HttpServer, sockets: Vec<OwnedFd>) -> Result<Bound, Unreachable> {
    let count = sockets.len();
    let [socket] = <[OwnedFd; 1]>::try_from(sockets).map_err(|_| Unreachable::Many { count })?;
    let failed = |error: io::Error| Unreachable::Inherited { error };
    let listens = getsockopt(&socket, sockopt::AcceptConn).map_err(|errno| failed(errno.into()))?;
    if !listens {
        return Err(failed(io::Error::other("it does not listen; is it a `ListenStream`?")));
    }
    let listener = std::net::TcpListener::from(socket);
    match listener.local_addr() {
        Ok(at) => {
            listener.set_nonblocking(true).map_err(failed)?;
            let listener = TcpListener::from_std(listener).map_err(failed)?;
            bound(settings, listener, at.ip().to_string(), at)
        }
        // An address of another kind.
        Err(_) => {
            let listener = std::os::unix::net::UnixListener::from(OwnedFd::from(listener));
            let path = listener.local_addr().map_err(failed)?.as_pathname().map(Path::to_path_buf);
            listener.set_nonblocking(true).map_err(failed)?;
            let listener = Listener::Unix(UnixListener::from_std(listener).map_err(failed)?);
            let address = Address::Socket(path.unwrap_or_default());
            Ok(Bound { listener, address, keeper: None, is_ours: false })
        }
    }
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
    let socket =
        UnixSocket::new_stream().and_then(|socket| socket.bind(path).map(|()| socket)).map_err(failed)?;
    // Before it listens: until then nobody can connect, whatever others may do with the file.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o660);
    std::fs::set_permissions(path, mode).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    let address = Address::Socket(path.to_path_buf());
    Ok(Bound { listener: Listener::Unix(listener), address, keeper: None, is_ours: true })
}

/// A connection that has come.
pub struct Incoming {
    pub stream: Stream,
    /// `None` for one over a socket in the file system.
    pub peer: Option<IpAddr>,
}

impl Incoming {
    /// The same, read and written by the runtime that this is called on.
    pub fn taken_over(self) -> io::Result<Self> {
        let stream = match self.stream {
            Stream::Tcp(stream) => Stream::Tcp(TcpStream::from_std(stream.into_std()?)?),
            Stream::Unix(stream) => Stream::Unix(UnixStream::from_std(stream.into_std()?)?),
        };
        Ok(Self { stream, peer: self.peer })
    }
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

    /// Takes no more than what waits to be taken; who closes it before resets that. A socket's path is
    /// free again.
    pub fn close(self) -> Vec<Incoming> {
        if let (Address::Socket(path), true) = (&self.address, self.is_ours) {
            let _ = std::fs::remove_file(path);
        }
        match self.listener {
            Listener::Tcp(listener) => waiting(listener.into_std(), |listener| {
                let (stream, peer) = listener.accept()?;
                stream.set_nonblocking(true)?;
                let _ = stream.set_nodelay(true);
                let stream = Stream::Tcp(TcpStream::from_std(stream)?);
                Ok(Incoming { stream, peer: Some(peer.ip().to_canonical()) })
            }),
            Listener::Unix(listener) => waiting(listener.into_std(), |listener| {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok(Incoming { stream: Stream::Unix(UnixStream::from_std(stream)?), peer: None })
            }),
        }
    }
}

/// What waits at a listener, which is closed then.
fn waiting<L>(listener: io::Result<L>, accept: impl Fn(&L) -> io::Result<Incoming>) -> Vec<Incoming> {
    let Ok(listener) = listener else { return Vec::new() };
    let most = usize::try_from(BACKLOG).unwrap_or(usize::MAX);
    std::iter::from_fn(|| accept(&listener).ok()).take(most).collect()
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

/// Lets this process have as many descriptors as it may; commands have limits of their own. Says how many
/// connections that leaves room for.
pub fn take_descriptors() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return usize::MAX };
    let wanted = hard.min(65_536).max(soft);
    let got = if soft < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_err() {
        soft
    } else {
        wanted
    };
    // Commands need some, and without them the server could not even answer.
    usize::try_from(got - (got / 4).min(2048)).unwrap_or(usize::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn is_prompt(incoming: &Incoming) -> bool {
        matches!(&incoming.stream, Stream::Tcp(stream) if stream.nodelay().unwrap())
    }

    #[tokio::test]
    async fn connections_that_are_taken_answer_at_once_and_are_given_up_after_silence() {
        let settings = HttpServer { port: 0, ..HttpServer::default() };
        let bound = bind(&settings).await.unwrap();
        let Address::Tcp { at, .. } = bound.address else { panic!("no address: {}", bound.address) };
        let _client = TcpStream::connect(at).await.unwrap();
        let taken = bound.accept(Duration::from_millis(4321)).await;
        assert!(is_prompt(&taken), "small answers would wait for those before");
        #[cfg(target_os = "linux")]
        {
            let Stream::Tcp(stream) = &taken.stream else { panic!("no connection over TCP") };
            assert_eq!(getsockopt(stream, sockopt::TcpUserTimeout).unwrap(), 4321);
        }
        assert!(is_prompt(&taken.taken_over().unwrap()), "another thread has it as it was");
        let _waiting = TcpStream::connect(at).await.unwrap();
        let last = bound.close();
        assert_eq!(last.len(), 1);
        assert!(last.iter().all(is_prompt), "those of the last moment, too");
    }
}
