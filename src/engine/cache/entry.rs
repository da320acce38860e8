//! One result as it is kept, and as it is written into a file.
//!
//! ```text
//! a line of JSON: what it is ⏎ the kept bytes, chunk after chunk
//! ```

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::engine::capture::{Chunk, Output};
use crate::engine::story::Story;
use crate::engine::{Ending, Outcome};
use crate::runner::{End, RunId, Stream};

use super::files::Fingerprint;
use super::since_epoch;

/// A success.
#[derive(Debug, Clone)]
pub struct Entry {
    pub made: SystemTime,
    /// What the files were like whose change makes it worthless.
    pub files: Option<Fingerprint>,
    id: RunId,
    ending: Ending,
    duration: Duration,
    output: Output,
    attempts: Option<u32>,
}

impl Entry {
    pub fn of(outcome: &Outcome, made: SystemTime, files: Option<Fingerprint>) -> Self {
        let Outcome { id, ending, waited: _, duration, output, flow: _, story } = outcome;
        Self {
            made,
            files,
            id: id.clone(),
            ending: ending.clone(),
            duration: *duration,
            output: output.clone(),
            attempts: story.attempts,
        }
    }

    /// The result once more.
    pub fn outcome(self) -> Outcome {
        let Self { made: _, files: _, id, ending, duration, output, attempts } = self;
        let story = Story { attempts, ..Story::default() };
        Outcome { id, ending, waited: Duration::ZERO, duration, output, flow: None, story }
    }

    /// Bytes of its output.
    pub fn size(&self) -> usize {
        self.output.chunks().map(|chunk| chunk.bytes.len()).sum()
    }

    pub fn to_bytes(&self, tool: &str) -> Option<Vec<u8>> {
        let Self { made, files, id, ending, duration, output, attempts } = self;
        let chunks = |chunks: &mut dyn Iterator<Item = &Chunk>| -> Value {
            chunks.map(|Chunk { stream, bytes }| json!([*stream == Stream::Stderr, bytes.len()])).collect()
        };
        let head = json!({
            "tool": tool,
            "made": u64::try_from(since_epoch(*made).as_nanos()).ok()?,
            "files": files.as_ref()?.0,
            "run": id.to_string(),
            "ending": ending_to_json(ending)?,
            "duration": u64::try_from(duration.as_nanos()).ok()?,
            "attempts": attempts,
            "head": chunks(&mut output.head.iter()),
            "tail": chunks(&mut output.tail.iter()),
            "omitted": output.omitted,
            "stdout": output.stdout_bytes,
            "stderr": output.stderr_bytes,
        });
        let mut bytes = head.to_string().into_bytes();
        bytes.push(b'\n');
        output.chunks().for_each(|chunk| bytes.extend_from_slice(&chunk.bytes));
        Some(bytes)
    }

    /// `None` if these are no such bytes.
    pub fn from_bytes(bytes: &Bytes) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Value = serde_json::from_slice(bytes.get(..end)?).ok()?;
        let number = |key: &str| head.get(key)?.as_u64();
        let mut body = bytes.slice(end + 1..);
        let mut chunks = |key: &str| -> Option<Vec<Chunk>> {
            head.get(key)?.as_array()?.iter().map(|chunk| cut(chunk, &mut body)).collect()
        };
        let (first, last) = (chunks("head")?, chunks("tail")?);
        let files: Option<Vec<u8>> =
            head.get("files")?.as_array()?.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect();
        Some(Self {
            made: SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(number("made")?))?,
            files: Some(Fingerprint(files?.try_into().ok()?)),
            id: RunId::of(head.get("run")?.as_str()?),
            ending: ending_from_json(head.get("ending")?)?,
            duration: Duration::from_nanos(number("duration")?),
            attempts: head.get("attempts")?.as_u64().and_then(|attempts| u32::try_from(attempts).ok()),
            output: Output {
                head: first,
                tail: last.into(),
                omitted: number("omitted")?,
                stdout_bytes: number("stdout")?,
                stderr_bytes: number("stderr")?,
                ..Output::default()
            },
        })
    }
}

fn cut(chunk: &Value, body: &mut Bytes) -> Option<Chunk> {
    let [is_stderr, length] = chunk.as_array()?.as_slice() else { return None };
    let length = usize::try_from(length.as_u64()?).ok().filter(|length| *length <= body.len())?;
    let stream = if is_stderr.as_bool()? { Stream::Stderr } else { Stream::Stdout };
    Some(Chunk { stream, bytes: body.split_to(length) })
}

/// Only what can be a success is kept.
fn ending_to_json(ending: &Ending) -> Option<Value> {
    match ending {
        Ending::Ran(End::Answered { status, .. }) => Some(json!({ "status": status })),
        _ => Some(json!({ "code": ending.exit_code()? })),
    }
}

fn ending_from_json(document: &Value) -> Option<Ending> {
    if let Some(status) = document.get("status") {
        let status = u16::try_from(status.as_u64()?).ok()?;
        let end = End::Answered { status, phrase: "", is_success: true, retry_after: None };
        return Some(Ending::Ran(end));
    }
    let code = i32::try_from(document.get("code")?.as_i64()?).ok()?;
    Some(Ending::Ran(std::num::NonZeroI32::new(code).map_or(End::Success, End::Failed)))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An entry of so many bytes, some of them on stderr.
    pub fn entry(size: usize) -> Entry {
        let chunk = |stream, size| Chunk { stream, bytes: Bytes::from(vec![b'x'; size]) };
        let tail = [chunk(Stream::Stderr, size / 4), chunk(Stream::Stdout, size - size / 2 - size / 4)];
        let output = Output {
            head: vec![chunk(Stream::Stdout, size / 2)],
            tail: tail.into(),
            omitted: 7,
            stdout_bytes: 70,
            stderr_bytes: 8,
            ..Output::default()
        };
        Entry {
            made: SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789),
            files: Some(Fingerprint([3; 32])),
            id: RunId::of("5-1"),
            ending: Ending::Ran(End::Success),
            duration: Duration::from_millis(15),
            output,
            attempts: Some(2),
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let endings = [
            Ending::Ran(End::Success),
            Ending::Ran(End::Failed(std::num::NonZeroI32::new(3).unwrap())),
            Ending::Ran(End::Answered { status: 203, phrase: "", is_success: true, retry_after: None }),
        ];
        for ending in endings {
            let entry = Entry { ending, ..entry(101) };
            let bytes = Bytes::from(entry.to_bytes("t").unwrap());
            assert_eq!(format!("{:?}", Entry::from_bytes(&bytes).unwrap()), format!("{entry:?}"));
        }
    }

    #[test]
    fn what_is_no_entry_is_none() {
        let entry = Entry { ending: Ending::Ran(End::Success), ..entry(100) };
        let bytes = entry.to_bytes("t").unwrap();
        for length in 0..bytes.len() {
            assert!(Entry::from_bytes(&Bytes::copy_from_slice(&bytes[..length])).is_none(), "{length}");
        }
    }
}
