//! Everything that a record is written to: the file with its chain, standard output, the log of the
//! system.

use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::time::SystemTime;

use crate::model::{AuditRules, Syslog};

use super::ledger::{Ledger, LedgerError, Pending};
use super::line::{self, Place};
use super::seal::BEGINNING;
use super::time::for_syslog;

/// "Informational".
const SEVERITY: u8 = 6;

/// What `stdout: true` means for this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    /// Standard output itself.
    Ours,
    /// Standard error, since the other one is somebody else's.
    Stderr,
}

/// Why a record is not where it has to be.
#[derive(Debug, thiserror::Error)]
pub enum OutletError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("standard output: {0}")]
    Stdout(io::Error),
    #[error("the log of the system at `{path}`: {source}")]
    Syslog { path: String, source: io::Error },
}

/// Writes records everywhere. What could not be opened is tried again with the next record.
pub struct Outlet {
    rules: AuditRules,
    stdout: Stdout,
    process: String,
    ledger: Option<Ledger>,
    socket: Option<UnixDatagram>,
    /// Of a log that is in no file.
    seq: u64,
    hash: String,
}

impl Outlet {
    pub fn new(rules: AuditRules, stdout: Stdout, process: String) -> Self {
        Self { rules, stdout, process, ledger: None, socket: None, seq: 0, hash: BEGINNING.to_owned() }
    }

    pub fn write(&mut self, pending: &[Pending]) -> Result<(), OutletError> {
        let lines = match self.ledger()? {
            Some(ledger) => ledger.append(pending)?,
            None => self.numbered(pending),
        };
        self.hand_on(&lines)
    }

    /// Signs what was written since the last checkpoint.
    pub fn conclude(&mut self) -> Result<(), OutletError> {
        let lines = match self.ledger()? {
            Some(ledger) => ledger.conclude()?,
            None => Vec::new(),
        };
        self.hand_on(&lines)
    }

    fn ledger(&mut self) -> Result<Option<&mut Ledger>, LedgerError> {
        let Some(path) = &self.rules.file else { return Ok(None) };
        Ok(Some(match &mut self.ledger {
            Some(ledger) => ledger,
            none => none.insert(Ledger::open(&self.rules, path, &self.process)?),
        }))
    }

    /// Lines of a chain that begins with this process.
    fn numbered(&mut self, pending: &[Pending]) -> Vec<String> {
        let mut lines = Vec::with_capacity(pending.len());
        for Pending { at, body } in pending {
            self.seq += 1;
            let prev = self.rules.chain.then_some(self.hash.as_str());
            let place = Place { seq: self.seq, prev, process: &self.process };
            let (text, hash) = line::line(place, *at, body, None);
            self.hash = hash;
            lines.push(text);
        }
        lines
    }

    fn hand_on(&mut self, lines: &[String]) -> Result<(), OutletError> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.rules.stdout {
            let mut text = lines.join("\n");
            text.push('\n');
            let written = match self.stdout {
                Stdout::Ours => put(io::stdout().lock(), &text),
                Stdout::Stderr => put(io::stderr().lock(), &text),
            };
            written.map_err(OutletError::Stdout)?;
        }
        if let Some(syslog) = self.rules.syslog.clone() {
            let sent = lines.iter().try_for_each(|line| self.send(&syslog, line));
            sent.map_err(|source| {
                self.socket = None;
                OutletError::Syslog { path: syslog.socket.display().to_string(), source }
            })?;
        }
        Ok(())
    }

    fn send(&mut self, syslog: &Syslog, line: &str) -> io::Result<()> {
        let priority = syslog.facility * 8 + SEVERITY;
        let (at, pid) = (for_syslog(SystemTime::now()), std::process::id());
        let message = format!("<{priority}>{at} {}[{pid}]: {line}", syslog.tag);
        let socket = match &mut self.socket {
            Some(socket) => socket,
            none => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(&syslog.socket)?;
                socket.set_write_timeout(Some(std::time::Duration::from_secs(2)))?;
                none.insert(socket)
            }
        };
        socket.send(message.as_bytes()).map(drop)
    }
}

fn put(mut target: impl Write, text: &str) -> io::Result<()> {
    target.write_all(text.as_bytes()).and_then(|()| target.flush())
}
