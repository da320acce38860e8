//! A connection to a server over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::failure::Failure;

use super::answer::{Answer, KEPT};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

pub struct Connection {
    stream: TcpStream,
    chunk: Vec<u8>,
    pub answer: Answer,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, chunk: vec![0; 4096], answer: Answer::default() })
    }

    /// Sends a request and reads its answer to its end; gives the answer's length.
    pub async fn ask(&mut self, request: &[u8]) -> Result<usize, Failure> {
        self.send(request).await?;
        while !self.answer.is_whole() {
            self.read().await?;
        }
        Ok(self.answer.length)
    }

    pub async fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        self.answer.clear();
        Ok(self.stream.write_all(request).await?)
    }

    /// Reads what is there next.
    pub async fn read(&mut self) -> Result<(), Failure> {
        if self.answer.length > KEPT && self.chunk.len() < KEPT {
            self.chunk.resize(4 * KEPT, 0);
        }
        let read = timeout(PATIENCE, self.stream.read(&mut self.chunk)).await;
        let count = read.map_err(|_| Failure::Late(PATIENCE.as_secs()))??;
        let part = self.chunk.get(..count).unwrap_or_default();
        if part.is_empty() {
            return Err(Failure::Closed);
        }
        self.answer.push(part)
    }
}
