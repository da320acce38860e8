//! stdin and stdout where the system has no better way: a thread for each, which may block.
//!
//! Both threads end with the process, since a blocked read cannot be called off.

use std::io::{self, Read, Write};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, SimplexStream, WriteHalf, simplex};
use tokio::runtime::Handle;

use super::Streams;

/// What fits between a thread and the runtime.
const ROOM: usize = 64 << 10;

/// Takes stdin and stdout for the protocol. Needs a tokio runtime.
#[cfg_attr(test, allow(dead_code))]
pub fn take_over() -> io::Result<Streams<ReadHalf<SimplexStream>, WriteHalf<SimplexStream>>> {
    let input = reading(io::stdin())?;
    let output = writing(io::stdout())?;
    // Whether anybody still reads is only seen by writing.
    Ok(Streams { input, output, hung_up: Box::new(|| false) })
}

/// Reads from `source` in a thread.
fn reading(mut source: impl Read + Send + 'static) -> io::Result<ReadHalf<SimplexStream>> {
    let (ours, mut theirs) = simplex(ROOM);
    let runtime = Handle::current();
    thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut piece = vec![0; ROOM];
        while let Ok(count @ 1..) = source.read(&mut piece) {
            let read = piece.get(..count).unwrap_or_default();
            if runtime.block_on(theirs.write_all(read)).is_err() {
                return;
            }
        }
    })?;
    Ok(ours)
}

/// Writes to `sink` in a thread.
fn writing(mut sink: impl Write + Send + 'static) -> io::Result<WriteHalf<SimplexStream>> {
    let (mut theirs, ours) = simplex(ROOM);
    let runtime = Handle::current();
    thread::Builder::new().name("stdout".to_owned()).spawn(move || {
        let mut piece = vec![0; ROOM];
        while let Ok(count @ 1..) = runtime.block_on(theirs.read(&mut piece)) {
            let written = sink.write_all(piece.get(..count).unwrap_or_default());
            if written.and_then(|()| sink.flush()).is_err() {
                return;
            }
        }
    })?;
    Ok(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_written_is_read() {
        let (reader, writer) = io::pipe().unwrap();
        let (mut input, mut output) = (reading(reader).unwrap(), writing(writer).unwrap());
        let message = vec![b'x'; 3 * ROOM];
        let mut received = vec![0; message.len()];
        let (sent, read) = tokio::join!(output.write_all(&message), input.read_exact(&mut received));
        sent.unwrap();
        read.unwrap();
        assert!(received == message);
    }
}
