//! Many connections, each of which asks again when it has its answer: one thread without a runtime, as
//! over pipes, because it shares the cores with what it measures.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::driver::Burst;
use crate::failure::Failure;

use super::answer::{Answer, KEPT};

const PATIENCE_SECONDS: u16 = 60;

/// Makes so many calls over so many connections, each of which has one in flight.
pub fn burst(
    address: SocketAddr,
    request: &[u8],
    calls: usize,
    connections: usize,
) -> Result<Burst, Failure> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let mut open = Vec::with_capacity(connections);
    for number in 0..connections.min(calls) {
        let asking = Asking::open(address)?;
        epoll.add(&asking.stream, EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
        open.push(asking);
    }
    let (mut room, mut events) = (vec![0; KEPT], vec![EpollEvent::empty(); 256]);
    let patience = EpollTimeout::from(PATIENCE_SECONDS * 1000);
    let (started, mut latencies) = (Instant::now(), Vec::with_capacity(calls));
    for asking in &mut open {
        asking.ask(request)?;
    }
    let mut asked = open.len();
    while latencies.len() < calls {
        let count = epoll.wait(&mut events, patience)?;
        if count == 0 {
            return Err(Failure::Late(PATIENCE_SECONDS.into()));
        }
        for event in events.iter().take(count) {
            let Some(asking) = open.get_mut(event.data() as usize) else { continue };
            if !asking.read(&mut room)? {
                continue;
            }
            latencies.push(asking.since.elapsed());
            if asked < calls {
                asked += 1;
                asking.ask(request)?;
            }
        }
    }
    Ok(Burst { elapsed: started.elapsed(), latencies })
}

struct Asking {
    stream: TcpStream,
    since: Instant,
    answer: Answer,
}

impl Asking {
    fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, since: Instant::now(), answer: Answer::default() })
    }

    /// A request fits into what the kernel holds for a connection on which nothing else is under way.
    fn ask(&mut self, request: &[u8]) -> Result<(), Failure> {
        self.answer.clear();
        self.since = Instant::now();
        Ok(self.stream.write_all(request)?)
    }

    /// Reads what is there; says whether that was the last of the answer.
    fn read(&mut self, room: &mut [u8]) -> Result<bool, Failure> {
        match self.stream.read(room) {
            Ok(0) => Err(Failure::Closed),
            Ok(count) => {
                self.answer.push(room.get(..count).unwrap_or_default())?;
                Ok(self.answer.is_whole())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
