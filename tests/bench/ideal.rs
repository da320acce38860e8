//! The ideal: what is left of a server when every library is taken away.
//!
//! A thread a call, a bare `posix_spawn` (what [`Command`] does as long as it has no hook), and the
//! output escaped straight into stdout. It reads requests by looking for marks in the text, which
//! only the driver's own requests are sure to have.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, PipeReader, Read, Write, pipe};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::failure::Failure;

pub const WORD: &str = "__ideal";

const THREAD_STACK: usize = 64 * 1024;
const ESCAPE_BLOCK: usize = 64 * 1024;

pub fn serve(table: Option<&String>) -> Result<(), Failure> {
    let table = table.ok_or_else(|| Failure::Usage(WORD.to_owned()))?;
    let ideal = Arc::new(Ideal::read(&std::fs::read_to_string(table)?));
    for line in std::io::stdin().lock().lines() {
        ideal.take(line?)?;
    }
    locked(&ideal.running).values().for_each(|group| kill(*group));
    Ok(())
}

#[derive(Default)]
struct Ideal {
    /// The answer to `tools/list`, as it is sent.
    list: String,
    commands: HashMap<String, Vec<String>>,
    /// The process groups of the calls in flight.
    running: Mutex<HashMap<String, i32>>,
    /// Held while a message is written.
    output: Mutex<()>,
}

impl Ideal {
    fn read(table: &str) -> Self {
        let mut ideal = Self::default();
        for line in table.lines() {
            let mut fields = line.split('\t');
            let mut next = || fields.next().unwrap_or_default();
            let (name, description, schema) = (next(), next(), next());
            let comma = if ideal.list.is_empty() { "" } else { "," };
            let _ = write!(
                ideal.list,
                r#"{comma}{{"name":"{name}","description":"{description}","inputSchema":{schema}}}"#
            );
            ideal.commands.insert(name.to_owned(), fields.map(str::to_owned).collect());
        }
        ideal
    }

    fn take(self: &Arc<Self>, line: String) -> Result<(), Failure> {
        match after(&line, "\"method\":\"", '"') {
            Some("initialize") => self.answer(
                &line,
                r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"ideal","version":"1"}}"#,
            ),
            Some("tools/list") => self.answer(&line, &format!(r#"{{"tools":[{}]}}"#, self.list)),
            Some("tools/call") => {
                let ideal = Arc::clone(self);
                let call = move || ideal.call(&line).unwrap_or_else(|failure| eprintln!("{failure}"));
                std::thread::Builder::new().stack_size(THREAD_STACK).spawn(call)?;
                Ok(())
            }
            Some("notifications/cancelled") => {
                let id = after(&line, "\"requestId\":", ',').unwrap_or_default();
                locked(&self.running).get(id).copied().into_iter().for_each(kill);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn answer(&self, line: &str, result: &str) -> Result<(), Failure> {
        let id = id_of(line);
        self.write(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}\n").as_bytes())
    }

    fn write(&self, message: &[u8]) -> Result<(), Failure> {
        let _turn = locked(&self.output);
        Ok(std::io::stdout().write_all(message)?)
    }

    fn call(&self, line: &str) -> Result<(), Failure> {
        let name = after(line, "\"name\":\"", '"').unwrap_or_default();
        let id = id_of(line);
        let Some([program, arguments @ ..]) = self.commands.get(name).map(Vec::as_slice) else {
            return self.write(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{}}}}\n").as_bytes());
        };
        let (mut printed, mut child) = start(program, arguments)?;
        locked(&self.running).insert(id.to_owned(), child.id().cast_signed());
        let mut output = Vec::new();
        match after(line, "\"progressToken\":", '}') {
            Some(token) => self.stream(printed, token)?,
            None => drop(printed.read_to_end(&mut output)?),
        }
        child.wait()?;
        locked(&self.running).remove(id);
        self.escape(id, &output)
    }

    /// Sends a line of output at a time.
    fn stream(&self, stdout: impl Read, token: &str) -> Result<(), Failure> {
        for (number, text) in BufReader::new(stdout).lines().enumerate() {
            let text = text?;
            self.write(
                format!("{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{{\"progressToken\":{token},\"progress\":{number},\"message\":\"{text}\"}}}}\n")
                    .as_bytes(),
            )?;
        }
        Ok(())
    }

    /// Answers with the output, escaped block by block so that it is never held twice.
    fn escape(&self, id: &str, output: &[u8]) -> Result<(), Failure> {
        let _turn = locked(&self.output);
        let mut stdout = std::io::stdout().lock();
        let mut block = Vec::with_capacity(output.len().min(ESCAPE_BLOCK) + 128);
        write!(block, r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":""#)?;
        for part in output.chunks(ESCAPE_BLOCK / 2) {
            escape_into(&mut block, part);
            if block.len() >= ESCAPE_BLOCK / 2 {
                stdout.write_all(&block)?;
                block.clear();
            }
        }
        block.extend_from_slice(b"\"}],\"isError\":false}}\n");
        Ok(stdout.write_all(&block)?)
    }
}

/// Starts a command with one pipe for all that it prints.
fn start(program: &str, arguments: &[String]) -> Result<(PipeReader, Child), Failure> {
    let (printed, stdout) = pipe()?;
    let stderr = stdout.try_clone()?;
    let mut command = Command::new(program);
    command.args(arguments).process_group(0).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    Ok((printed, command.spawn()?))
}

/// Copies runs of plain bytes whole.
fn escape_into(block: &mut Vec<u8>, mut text: &[u8]) {
    let is_special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    while let Some(at) = text.iter().position(is_special) {
        let (plain, rest) = text.split_at(at);
        block.extend_from_slice(plain);
        let (special, after) = rest.split_at(1);
        match special {
            b"\n" => block.extend_from_slice(b"\\n"),
            b"\"" => block.extend_from_slice(b"\\\""),
            b"\\" => block.extend_from_slice(b"\\\\"),
            other => other.iter().for_each(|byte| drop(write!(block, "\\u{byte:04x}"))),
        }
        text = after;
    }
    block.extend_from_slice(text);
}

fn id_of(line: &str) -> &str {
    after(line, "\"id\":", ',').unwrap_or("null")
}

/// What stands between a mark and the next such letter.
fn after<'a>(line: &'a str, mark: &str, end: char) -> Option<&'a str> {
    let (_, rest) = line.split_once(mark)?;
    rest.split([end, '}']).next()
}

fn kill(group: i32) {
    let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
