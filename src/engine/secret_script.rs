//! Runs the program of a secret, within its limits like any command, and takes what it prints.

use bytes::Bytes;

use crate::model::{SecretName, SecretScript, SecretText, format_duration};
use crate::plan::{Step, Word};
use crate::runner::{BadSecret, End, OutputEvent, SecretValues, Stream, Vault};

use super::Sanitizer;
use super::redact::Redactor;
use super::supply::Means;

/// So much of what it says of a failure is read, and so many characters of its first line are told.
const SAID: usize = 4 << 10;
const TOLD: usize = 200;

/// What a run left. The value is in here: nothing prints it.
#[derive(Default)]
struct Run {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    is_too_long: bool,
}

/// What the program prints as the value, without the newlines at its end.
pub async fn print(script: &SecretScript, vault: &Vault, means: &Means<'_>) -> Result<SecretText, BadSecret> {
    let program = &script.program.written;
    let failed = |problem: String| BadSecret::Script { program: program.clone(), problem };
    let Some(plan) = script.plan(means.facts) else {
        return Err(failed("there is no such executable on this host".to_owned()));
    };
    let values = own_secrets(plan.words(), vault)?;
    let cancel = means.cancel.child_token();
    let step = Step::Process(plan);
    let started = means.runner.start(&step, &values, cancel.clone()).await;
    let mut running = started.map_err(|error| failed(error.to_string()))?;
    let mut run = Run::default();
    let end = loop {
        match running.next().await {
            OutputEvent::Chunk { stream, bytes } => run.take(stream, &bytes),
            OutputEvent::Hide(_) => {}
            OutputEvent::Ended(end) => break end,
        }
        if run.is_too_long {
            cancel.cancel();
        }
    };
    match end {
        _ if run.is_too_long => Err(failed(format!("it printed more than {} KiB", SecretText::MOST >> 10))),
        End::Success => run.value(program),
        end => Err(failed(format!("{}{}", ending(&end), run.said(vault)))),
    }
}

/// What its own environment needs.
fn own_secrets<'w>(words: impl Iterator<Item = &'w Word>, vault: &Vault) -> Result<SecretValues, BadSecret> {
    let needed = words.flat_map(Word::secrets);
    let read = |name: &SecretName| match vault.value(name) {
        Ok(value) => Ok((name.clone(), value)),
        Err(source) => Err(BadSecret::Needed { name: name.clone(), source: Box::new(source) }),
    };
    Ok(SecretValues::of(needed.map(read).collect::<Result<Vec<_>, _>>()?))
}

impl Run {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        let (kept, most) = match stream {
            // A few more for the newlines at the end.
            Stream::Stdout => (&mut self.stdout, SecretText::MOST + 8),
            Stream::Stderr => (&mut self.stderr, SAID),
        };
        let room = most - kept.len();
        kept.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.is_too_long |= stream == Stream::Stdout && bytes.len() > room;
    }

    fn value(self, program: &str) -> Result<SecretText, BadSecret> {
        let mut bytes = self.stdout;
        while let Some(b'\n' | b'\r') = bytes.last() {
            bytes.pop();
        }
        if bytes.is_empty() {
            let problem = "it printed nothing".to_owned();
            return Err(BadSecret::Script { program: program.to_owned(), problem });
        }
        Ok(SecretText::of_bytes(bytes)?)
    }

    /// The first line that it said of its failure, without secrets: what it printed could be one.
    fn said(self, vault: &Vault) -> String {
        let mut secrets = vault.values().to_vec();
        let stderr = self.stderr;
        let printed = Run { stdout: self.stdout, ..Run::default() }.value("");
        secrets.extend(printed.ok());
        let mut redaction = Redactor::of(&secrets).stream();
        let clean = [redaction.push(Bytes::from(stderr)), redaction.finish()].concat();
        let clean = Sanitizer::clean(&clean);
        let line = clean.lines().map(str::trim).find(|line| !line.is_empty());
        let short = line.map(|line| line.chars().take(TOLD).collect::<String>());
        short.map(|line| format!(": {line}")).unwrap_or_default()
    }
}

fn ending(end: &End) -> String {
    match end {
        End::Success => "it ended well".to_owned(),
        End::Failed(code) => format!("it exited with code {code}"),
        End::Signalled(signal) => format!("it was ended by signal {signal}"),
        End::TimedOut { after } => format!("it did not end within {}", format_duration(*after)),
        End::Cancelled => "it was cancelled".to_owned(),
        End::OutOfMemory => "it was killed for its memory".to_owned(),
        End::TooManyProcesses => "it was killed for its processes".to_owned(),
        // What a secret's program leads to is never an HTTP call.
        End::Lost | End::Answered { .. } | End::Unanswered { .. } => "nobody knows how it ended".to_owned(),
    }
}
