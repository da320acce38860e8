//! How doors come into being: the container's first process, which is ours, opens them in its
//! network and hands them over, before it becomes what the container is for. From then on nothing
//! of ours runs in there; the doors are sockets of its network in our hands.
//!
//! It comes to a socket in a folder of ours, says nothing, and answers each question with a byte: 0
//! and the door beside it, or why there is none. The last question is to go on; then the end of the
//! connection says that it has, and a byte why it cannot.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use nix::errno::Errno;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, UdpSocket, UnixListener, UnixStream};
use tokio::time::timeout;

use crate::plan::{Door, Leads};
use crate::runner::container::init::wire::{GO_ON, QUESTION, TCP_V4, TCP_V6, UDP_V4};
use crate::runner::process::receive_with;

use super::Missed;
use super::serve::OpenDoor;

/// For a process that only has to open sockets, on a busy host.
const PATIENCE: Duration = Duration::from_secs(20);

/// The place where a container's first process comes to.
pub struct Meeting(UnixListener);

impl Meeting {
    /// Whoever can come into the folder may come; in a container that is everybody.
    pub fn at(folder: &Path, name: &str) -> io::Result<Self> {
        // The path of a socket is short, and that of the folder may be long.
        let opened = fs::File::open(folder)?;
        let short = Path::new("/proc/self/fd").join(opened.as_raw_fd().to_string()).join(name);
        let listener = std::os::unix::net::UnixListener::bind(&short)?;
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o666))?;
        listener.set_nonblocking(true)?;
        Ok(Self(UnixListener::from_std(listener)?))
    }

    /// The doors, once the container's program runs. Nobody can come here again.
    pub async fn doors(self, wanted: &[Door]) -> Result<Vec<OpenDoor>, Missed> {
        match timeout(PATIENCE, self.meet(wanted)).await {
            Ok(doors) => doors,
            Err(_) => Err(Missed::Other(format!(
                "its first process does not answer within {} s",
                PATIENCE.as_secs()
            ))),
        }
    }

    async fn meet(self, wanted: &[Door]) -> Result<Vec<OpenDoor>, Missed> {
        let (mut stream, _) = self.0.accept().await.map_err(broken)?;
        drop(self);
        let mut doors = Vec::new();
        for door in wanted {
            stream.write_all(&question(door)).await.map_err(broken)?;
            match answered(&stream).await.map_err(broken)? {
                Ok(socket) => doors.push(opened(socket, door).map_err(broken)?),
                // A container without IPv6 has no such loopback either.
                Err(Errno::EADDRNOTAVAIL | Errno::EAFNOSUPPORT) if door.at.is_ipv6() => {}
                Err(problem) => {
                    return Err(Missed::Other(format!(
                        "{} cannot be listened at: {}",
                        door.at,
                        problem.desc()
                    )));
                }
            }
        }
        stream.write_all(&[GO_ON; QUESTION]).await.map_err(broken)?;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.map_err(broken)?;
        match rest.first() {
            None => Ok(doors),
            Some(number) => Err(Missed::NotExecuted(i32::from(*number))),
        }
    }
}

fn broken(error: io::Error) -> Missed {
    Missed::Other(format!("its first process broke off: {error}"))
}

fn question(door: &Door) -> [u8; QUESTION] {
    let kind = match (&door.leads, door.at) {
        (Leads::Names, _) => UDP_V4,
        (_, SocketAddr::V4(_)) => TCP_V4,
        (_, SocketAddr::V6(_)) => TCP_V6,
    };
    let address: &[u8] = match door.at.ip() {
        IpAddr::V4(address) => &address.octets(),
        IpAddr::V6(address) => &address.octets(),
    };
    let port = door.at.port().to_be_bytes();
    let mut question = [0; QUESTION];
    let said = std::iter::once(&kind).chain(&port).chain(address);
    question.iter_mut().zip(said).for_each(|(place, byte)| *place = *byte);
    question
}

async fn answered(stream: &UnixStream) -> io::Result<Result<OwnedFd, Errno>> {
    let mut byte = [0];
    let mut sockets = Vec::new();
    let received = stream.async_io(Interest::READABLE, || {
        receive_with(stream, &mut byte, &mut sockets).map_err(io::Error::from)
    });
    match (received.await?, byte, sockets.pop()) {
        (0, ..) => Err(io::ErrorKind::UnexpectedEof.into()),
        (_, [0], Some(socket)) => Ok(Ok(socket)),
        (_, [0], None) => Err(io::ErrorKind::InvalidData.into()),
        (_, [number], _) => Ok(Err(Errno::from_raw(i32::from(number)))),
    }
}

fn opened(socket: OwnedFd, door: &Door) -> io::Result<OpenDoor> {
    if door.leads == Leads::Names {
        let socket = std::net::UdpSocket::from(socket);
        socket.set_nonblocking(true)?;
        return Ok(OpenDoor::Names(UdpSocket::from_std(socket)?));
    }
    let listener = std::net::TcpListener::from(socket);
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    Ok(match &door.leads {
        Leads::To(destination) => OpenDoor::Lane(listener, destination.clone()),
        Leads::Proxy | Leads::Names => OpenDoor::Proxy(listener),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{IoSlice, Read, Write};
    use std::os::unix::net::UnixStream as Plain;

    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

    use super::*;
    use crate::model::{Destination, DestinationHost};

    /// What the container's first process does, as far as it is asked; its last word is given.
    fn first_process(path: &Path, last: &[u8]) {
        let mut stream = Plain::connect(path).unwrap();
        let mut question = [0; QUESTION];
        loop {
            stream.read_exact(&mut question).unwrap();
            let port = u16::from_be_bytes([question[1], question[2]]);
            let address: [u8; 4] = question[3..7].try_into().unwrap();
            let at = SocketAddr::from((address, port));
            let socket = match question[0] {
                GO_ON => break,
                TCP_V4 => std::net::TcpListener::bind(at).map(OwnedFd::from),
                UDP_V4 => std::net::UdpSocket::bind(at).map(OwnedFd::from),
                _ => Err(io::Error::from(Errno::EADDRNOTAVAIL)),
            };
            match socket {
                Ok(socket) => {
                    let sockets = [socket.as_raw_fd()];
                    let beside = [ControlMessage::ScmRights(&sockets)];
                    let slices = [IoSlice::new(&[0])];
                    sendmsg::<()>(stream.as_raw_fd(), &slices, &beside, MsgFlags::empty(), None).unwrap();
                }
                Err(error) => {
                    let number = error.raw_os_error().unwrap();
                    stream.write_all(&[u8::try_from(number).unwrap()]).unwrap();
                }
            }
        }
        stream.write_all(last).unwrap();
    }

    async fn doors(wanted: &[Door], last: &'static [u8]) -> Result<Vec<OpenDoor>, Missed> {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("x".repeat(200));
        fs::create_dir(&long).unwrap();
        let meeting = Meeting::at(&long, "doors").unwrap();
        let short = folder.path().join("s");
        std::os::unix::fs::symlink(&long, &short).unwrap();
        let thread = std::thread::spawn(move || first_process(&short.join("doors"), last));
        let doors = meeting.doors(wanted).await;
        let is_gone = std::os::unix::net::UnixStream::connect(folder.path().join("s/doors")).is_err();
        assert!(is_gone, "nobody else can come");
        if doors.is_ok() {
            thread.join().unwrap();
        }
        doors
    }

    fn door(at: &str, leads: Leads) -> Door {
        Door { at: at.parse().unwrap(), leads }
    }

    #[tokio::test]
    async fn doors_are_handed_over() {
        let host = DestinationHost::Name("a.b".to_owned());
        let to = Destination { host, port: 1, private: false };
        let wanted = [
            door("127.0.0.1:0", Leads::Proxy),
            door("[::1]:0", Leads::To(to.clone())),
            door("127.0.0.1:0", Leads::To(to.clone())),
            door("127.0.0.1:0", Leads::Names),
        ];
        let doors = doors(&wanted, b"").await.unwrap();
        let [OpenDoor::Proxy(proxy), OpenDoor::Lane(_, leads), OpenDoor::Names(names)] = doors.as_slice()
        else {
            panic!("other doors");
        };
        assert_eq!(*leads, to);
        assert!(names.local_addr().unwrap().ip().is_loopback());
        let at = proxy.local_addr().unwrap();
        let (client, taken) = tokio::join!(tokio::net::TcpStream::connect(at), proxy.accept());
        assert_eq!(client.unwrap().local_addr().unwrap(), taken.unwrap().1);
    }

    #[tokio::test]
    async fn what_went_wrong_is_told() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = taken.local_addr().unwrap().to_string();
        let missed = doors(&[door(&at, Leads::Proxy)], b"").await.err();
        assert_eq!(
            missed,
            Some(Missed::Other(format!("{at} cannot be listened at: Address already in use")))
        );
        assert_eq!(doors(&[], &[2]).await.err(), Some(Missed::NotExecuted(2)));
    }
}
