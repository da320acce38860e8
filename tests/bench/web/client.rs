//! Connections to a server over HTTP, each of which asks again when it has its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::driver::Burst;
use crate::failure::Failure;

const PATIENCE: Duration = Duration::from_secs(60);
/// How much of an answer is looked at; the rest is counted.
const KEPT: usize = 64 << 10;
const END_OF_CHUNKS: &[u8] = b"0\r\n\r\n";

pub fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Makes so many calls over so many connections, each of which has one in flight.
pub fn burst(
    address: SocketAddr,
    request: &[u8],
    calls: usize,
    connections: usize,
) -> Result<Burst, Failure> {
    runtime()?.block_on(async {
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(Connection::open(address).await?);
        }
        let begun = Arc::new(AtomicUsize::new(0));
        let request: Arc<[u8]> = request.into();
        let started = Instant::now();
        let mut asking = JoinSet::new();
        for connection in open {
            asking.spawn(ask(connection, Arc::clone(&request), Arc::clone(&begun), calls));
        }
        let mut latencies = Vec::with_capacity(calls);
        while let Some(ended) = asking.join_next().await {
            let took = ended.map_err(|error| Failure::Refused(error.to_string()))?;
            latencies.append(&mut took?);
        }
        Ok(Burst { elapsed: started.elapsed(), latencies })
    })
}

async fn ask(
    mut connection: Connection,
    request: Arc<[u8]>,
    begun: Arc<AtomicUsize>,
    calls: usize,
) -> Result<Vec<Duration>, Failure> {
    let mut latencies = Vec::new();
    while begun.fetch_add(1, Ordering::Relaxed) < calls {
        let asked = Instant::now();
        connection.ask(&request).await?;
        latencies.push(asked.elapsed());
    }
    Ok(latencies)
}

pub struct Connection {
    stream: TcpStream,
    chunk: Vec<u8>,
    /// The beginning of the answer.
    pub seen: Vec<u8>,
    tail: [u8; END_OF_CHUNKS.len()],
    length: usize,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, chunk: vec![0; 4096], seen: Vec::new(), tail: Default::default(), length: 0 })
    }

    /// Sends a request and reads its answer to its end; gives the answer's length.
    pub async fn ask(&mut self, request: &[u8]) -> Result<usize, Failure> {
        self.send(request).await?;
        while !self.is_whole()? {
            self.read().await?;
        }
        Ok(self.length)
    }

    pub async fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        self.seen.clear();
        self.length = 0;
        Ok(self.stream.write_all(request).await?)
    }

    /// Reads what is there next.
    pub async fn read(&mut self) -> Result<(), Failure> {
        if self.length > KEPT && self.chunk.len() < KEPT {
            self.chunk.resize(4 * KEPT, 0);
        }
        let read = timeout(PATIENCE, self.stream.read(&mut self.chunk)).await;
        let count = read.map_err(|_| Failure::Late(PATIENCE.as_secs()))??;
        let part = self.chunk.get(..count).unwrap_or_default();
        if part.is_empty() {
            return Err(Failure::Closed);
        }
        let room = KEPT.saturating_sub(self.seen.len()).min(count);
        self.seen.extend_from_slice(part.get(..room).unwrap_or_default());
        self.length += count;
        let mut end = self.tail.to_vec();
        end.extend_from_slice(part.get(count.saturating_sub(END_OF_CHUNKS.len())..).unwrap_or_default());
        let end = end.get(end.len() - END_OF_CHUNKS.len()..).unwrap_or_default();
        self.tail.copy_from_slice(end);
        Ok(())
    }

    pub fn is_whole(&self) -> Result<bool, Failure> {
        let Some(head) = self.head() else { return Ok(false) };
        let text = String::from_utf8_lossy(self.seen.get(..head).unwrap_or_default()).to_ascii_lowercase();
        if !text.starts_with("http/1.1 200") {
            return Err(Failure::Refused(String::from_utf8_lossy(&self.seen).into_owned()));
        }
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
        Ok(match length.and_then(|length| length.parse::<usize>().ok()) {
            Some(length) => self.length >= head + length,
            None => self.tail == END_OF_CHUNKS,
        })
    }

    fn head(&self) -> Option<usize> {
        self.seen.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
    }

    /// What came after the head.
    pub fn body(&self) -> &[u8] {
        self.head().and_then(|head| self.seen.get(head..)).unwrap_or_default()
    }
}
