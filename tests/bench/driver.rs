//! A client of one server process: newline-delimited JSON-RPC over its pipes, one thread, no runtime.
//!
//! It does as little as it can, because it shares the cores with what it measures: it reads with
//! `poll` and `read`, parses small messages only as deep as their id, and of a large one keeps the
//! ends.

use std::io::{BufRead, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Deserialize;
use serde_json::value::{RawValue, Value};

use crate::failure::Failure;
use crate::measure::Bench;
use crate::subject::{MenuFiles, Subject};

/// How long a server may be silent while an answer is awaited.
const PATIENCE_SECONDS: u64 = 60;
/// How much of a line is kept from its beginning, and of a longer one from its end.
const HEAD: usize = 64 << 10;
const TAIL: usize = 4 << 10;

/// A running server that has been through its handshake.
pub struct Server {
    child: Child,
    /// Nothing once it has been closed.
    input: Option<ChildStdin>,
    lines: Lines,
    next_id: u64,
}

/// One message, parsed as far as the driver cares.
#[derive(Deserialize)]
pub struct Message<'a> {
    pub id: Option<u64>,
    pub method: Option<String>,
    #[serde(borrow)]
    pub params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// What a burst of calls took.
pub struct Burst {
    pub elapsed: Duration,
    /// From sending a request to having its answer, one a call.
    pub latencies: Vec<Duration>,
}

impl Server {
    pub fn start(bench: &Bench, subject: Subject, menu: &MenuFiles) -> Result<Self, Failure> {
        let mut child = subject
            .command(&bench.options.server, menu)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(bench.log(subject)?)
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::Closed);
        };
        let mut server = Self { child, input: Some(input), lines: Lines::new(output), next_id: 0 };
        server.shake_hands()?;
        Ok(server)
    }

    fn shake_hands(&mut self) -> Result<(), Failure> {
        let hello = r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}"#;
        let id = self.request("initialize", hello)?;
        self.answer_to(id)?;
        self.write(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")
    }

    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Sends a request and says which id it has.
    pub fn request(&mut self, method: &str, params: &str) -> Result<u64, Failure> {
        self.next_id += 1;
        let id = self.next_id;
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#);
        self.write(format!("{line}\n").as_bytes())?;
        Ok(id)
    }

    pub fn request_call(&mut self, tool: &str) -> Result<u64, Failure> {
        self.request("tools/call", &plain_call(tool))
    }

    pub fn cancel(&mut self, id: u64) -> Result<(), Failure> {
        let line = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":"measured"}}}}"#
        );
        self.write(format!("{line}\n").as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let input = self.input.as_mut().ok_or(Failure::Closed)?;
        Ok(input.write_all(bytes)?)
    }

    /// Waits for the next line, whatever it is.
    pub fn next_line(&mut self) -> Result<Line<'_>, Failure> {
        self.lines.next()
    }

    /// Waits for this answer, passes over everything else, and gives the answer's length.
    pub fn answer_to(&mut self, id: u64) -> Result<usize, Failure> {
        loop {
            let line = self.lines.next()?;
            if line.accepted()? == Some(id) {
                return Ok(line.length);
            }
        }
    }

    /// Asks for the list of tools and gives the answer's length.
    pub fn list(&mut self) -> Result<usize, Failure> {
        let id = self.request("tools/list", "{}")?;
        self.answer_to(id)
    }

    /// Calls a tool and gives the answer's length.
    pub fn call(&mut self, tool: &str) -> Result<usize, Failure> {
        let id = self.request_call(tool)?;
        self.answer_to(id)
    }

    /// Calls a tool with arguments and gives its result, errors too.
    pub fn ask(&mut self, tool: &str, arguments: &Value) -> Result<Value, Failure> {
        let id = self.request("tools/call", &format!(r#"{{"name":"{tool}","arguments":{arguments}}}"#))?;
        loop {
            let line = self.lines.next()?;
            let message = line.message()?;
            if message.id == Some(id) {
                let answer = message.result.or(message.error).map(RawValue::get);
                return Ok(serde_json::from_str(answer.unwrap_or("null"))?);
            }
        }
    }

    /// Makes so many calls, always so many of them in flight.
    pub fn burst(&mut self, tool: &str, calls: usize, in_flight: usize) -> Result<Burst, Failure> {
        self.burst_of(&plain_call(tool), calls, in_flight)
    }

    /// Makes so many calls with these parameters.
    pub fn burst_of(&mut self, params: &str, calls: usize, in_flight: usize) -> Result<Burst, Failure> {
        let started = Instant::now();
        let mut latencies = Vec::with_capacity(calls);
        let first_id = self.next_id + 1;
        let mut sent: Vec<Instant> = Vec::with_capacity(calls);
        for _ in 0..in_flight.min(calls) {
            sent.push(Instant::now());
            self.request("tools/call", params)?;
        }
        while latencies.len() < calls {
            let Some(id) = self.lines.next()?.accepted()? else { continue };
            let sent_at = sent.get((id - first_id) as usize).copied().unwrap_or(started);
            latencies.push(sent_at.elapsed());
            if sent.len() < calls {
                sent.push(Instant::now());
                self.request("tools/call", params)?;
            }
        }
        Ok(Burst { elapsed: started.elapsed(), latencies })
    }

    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Whether the process has ended; its status has then been collected.
    pub fn is_gone(&mut self) -> Result<bool, Failure> {
        Ok(self.child.try_wait()?.is_some())
    }

    pub fn kill(&mut self) -> Result<(), Failure> {
        Ok(self.child.kill()?)
    }
}

/// The parameters of a call in the older era, without arguments.
fn plain_call(tool: &str) -> String {
    format!(r#"{{"name":"{tool}","arguments":{{}}}}"#)
}

impl Drop for Server {
    /// Ends the server as a client does: closes its input, and kills it if that does not help.
    fn drop(&mut self) {
        self.close_input();
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                _ => return,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One line of the server's output, without its newline.
pub struct Line<'a> {
    /// All of it, or the first part of a long one.
    head: &'a [u8],
    /// The last part of a long one.
    tail: &'a [u8],
    pub length: usize,
}

impl<'a> Line<'a> {
    /// The whole line as a message; an error if it is none.
    pub fn message(&self) -> Result<Message<'a>, Failure> {
        Ok(serde_json::from_slice(self.head)?)
    }

    /// The id of an answer that is a success; nothing for a notification.
    pub fn accepted(&self) -> Result<Option<u64>, Failure> {
        if self.length > HEAD {
            return self.accepted_by_its_ends();
        }
        let message = self.message()?;
        let refused = message.error.or(message.result.filter(|result| says_error(result.get().as_bytes())));
        match refused {
            Some(reason) => Err(Failure::Refused(shortened(reason.get()))),
            None if message.method.is_some() => Ok(None),
            None => Ok(message.id),
        }
    }

    /// A long line is not parsed, that would be measured too: its id and its error mark stand near its ends.
    fn accepted_by_its_ends(&self) -> Result<Option<u64>, Failure> {
        let start = String::from_utf8_lossy(self.head.get(..200).unwrap_or(self.head));
        let end = String::from_utf8_lossy(self.tail);
        if says_error(self.tail) || says_error(start.as_bytes()) {
            return Err(Failure::Refused(shortened(&start)));
        }
        let id = [&start, &end].into_iter().find_map(|text| number_after(text, "\"id\":"));
        id.map(Some).ok_or_else(|| Failure::unexpected("an id", start))
    }
}

fn says_error(bytes: &[u8]) -> bool {
    let mark = b"\"isError\":true";
    let end = bytes.get(bytes.len().saturating_sub(TAIL)..).unwrap_or_default();
    end.windows(mark.len()).any(|window| window == mark)
}

fn number_after(text: &str, mark: &str) -> Option<u64> {
    let (_, rest) = text.split_once(mark)?;
    let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Splits what the server writes into lines, without keeping the middle of long ones.
struct Lines {
    output: ChildStdout,
    chunk: Vec<u8>,
    /// What of the chunk has been read but not taken.
    ready: std::ops::Range<usize>,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Lines {
    fn new(output: ChildStdout) -> Self {
        Self { output, chunk: vec![0; 64 * 1024], ready: 0..0, head: Vec::new(), tail: Vec::new() }
    }

    fn next(&mut self) -> Result<Line<'_>, Failure> {
        self.head.clear();
        self.tail.clear();
        let mut length = 0;
        loop {
            if self.ready.is_empty() {
                self.fill()?;
            }
            let ready = self.chunk.get(self.ready.clone()).unwrap_or_default();
            let mut rest = ready;
            let taken = rest.skip_until(b'\n')?; // the standard library's way to its fast search
            let part = ready.get(..taken).unwrap_or_default();
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            keep(text, &mut self.head, &mut self.tail);
            length += text.len();
            self.ready.start += taken;
            if text.len() < taken {
                return Ok(Line { head: &self.head, tail: &self.tail, length });
            }
        }
    }

    fn fill(&mut self) -> Result<(), Failure> {
        let mut waiting = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        let patience =
            PollTimeout::try_from(Duration::from_secs(PATIENCE_SECONDS)).unwrap_or(PollTimeout::MAX);
        if poll(&mut waiting, patience)? == 0 {
            return Err(Failure::Late(PATIENCE_SECONDS));
        }
        match self.output.read(&mut self.chunk)? {
            0 => Err(Failure::Closed),
            read => {
                self.ready = 0..read;
                Ok(())
            }
        }
    }
}

fn keep(part: &[u8], head: &mut Vec<u8>, tail: &mut Vec<u8>) {
    let room = HEAD.saturating_sub(head.len()).min(part.len());
    let (first, rest) = part.split_at(room);
    head.extend_from_slice(first);
    let last = rest.get(rest.len().saturating_sub(TAIL)..).unwrap_or_default();
    tail.extend_from_slice(last);
    tail.drain(..tail.len().saturating_sub(TAIL));
}
