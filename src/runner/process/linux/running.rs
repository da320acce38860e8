//! One running command, as its owner sees it: output as it comes, then how it ended.
//!
//! Time, cancellation, output and the supervisor's report meet in one place, so that one owner
//! decides. Dropping it kills the command, because its supervisor then sees its socket end.

use std::io;
use std::num::NonZeroI32;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::CancellationToken;

use super::link::Link;
use super::order::{KILL, TERMINATE};
use super::pipes::{Input, Output};
use super::pool::Pool;
use super::report::{Ended, Failure, Report, Status};
use crate::runner::{BoxFuture, End, OutputEvent, Running, Stream};

/// How long a supervisor may take to kill a tree. It gives up earlier by itself.
const KILLING_TAKES: Duration = Duration::from_secs(5);

/// Everything that a started command is made of.
pub struct Parts {
    pub link: Link,
    pub pool: Arc<Pool>,
    pub stdout: Output,
    pub stderr: Output,
    pub input: Option<Input>,
    pub cancel: CancellationToken,
    pub timeout: Duration,
    pub kill_grace: Duration,
}

/// Why a command was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    TimedOut,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Terminating(Reason),
    Killing(Reason),
    Over,
}

enum Happened {
    Output(Stream, Bytes),
    Reported(io::Result<Report>),
    InputWritten,
    Cancelled,
    TimeIsUp,
}

pub struct ProcessRunning {
    /// Gone when the call is over.
    link: Option<Link>,
    pool: Arc<Pool>,
    stdout: Output,
    stderr: Output,
    input: Option<Input>,
    cancel: CancellationToken,
    timeout: Duration,
    kill_grace: Duration,
    /// Of the current phase.
    timer: Pin<Box<Sleep>>,
    phase: Phase,
    /// Came while the start was awaited.
    first: Option<OutputEvent>,
    end: End,
}

impl ProcessRunning {
    pub fn new(parts: Parts) -> Self {
        let Parts { link, pool, stdout, stderr, input, cancel, timeout, kill_grace } = parts;
        Self {
            link: Some(link),
            pool,
            stdout,
            stderr,
            input,
            cancel,
            timeout,
            kill_grace,
            timer: Box::pin(sleep(timeout)),
            phase: Phase::Running,
            first: None,
            end: End::Lost,
        }
    }

    /// Waits until the command has written something or is over, unless it could not be started. Nobody
    /// has anything to do with it before, so its supervisor need not say that it runs.
    pub async fn started(&mut self) -> Result<(), Failure> {
        while self.phase != Phase::Over {
            match self.wait().await {
                Happened::Output(stream, bytes) => {
                    self.first = Some(OutputEvent::Chunk { stream, bytes });
                    return Ok(());
                }
                Happened::Reported(Ok(Report::NotStarted(failure))) => {
                    self.finish(End::Lost);
                    return Err(failure);
                }
                other => self.heed(other).await,
            }
        }
        Ok(())
    }

    async fn advance(&mut self) -> OutputEvent {
        if let Some(first) = self.first.take() {
            return first;
        }
        while self.phase != Phase::Over {
            match self.wait().await {
                Happened::Output(stream, bytes) => return OutputEvent::Chunk { stream, bytes },
                other => self.heed(other).await,
            }
        }
        self.rest().unwrap_or_else(|| OutputEvent::Ended(self.end.clone()))
    }

    async fn wait(&mut self) -> Happened {
        let Some(link) = &mut self.link else { return Happened::TimeIsUp };
        let running = self.phase == Phase::Running;
        tokio::select! {
            report = link.report() => Happened::Reported(report),
            Some(bytes) = self.stdout.read(), if self.stdout.is_open() => {
                Happened::Output(Stream::Stdout, bytes)
            }
            Some(bytes) = self.stderr.read(), if self.stderr.is_open() => {
                Happened::Output(Stream::Stderr, bytes)
            }
            () = write(&mut self.input), if self.input.is_some() => Happened::InputWritten,
            () = self.cancel.cancelled(), if running => Happened::Cancelled,
            () = self.timer.as_mut() => Happened::TimeIsUp,
        }
    }

    async fn heed(&mut self, happened: Happened) {
        match happened {
            Happened::Output(..) => (),
            Happened::InputWritten => self.input = None,
            Happened::Cancelled => self.terminate(Reason::Cancelled),
            Happened::TimeIsUp => self.time_is_up(),
            Happened::Reported(Ok(Report::Ended(ended))) => {
                let end = self.judge(ended);
                self.finish(end);
            }
            Happened::Reported(_) => self.lost().await,
        }
    }

    fn time_is_up(&mut self) {
        match self.phase {
            Phase::Running => self.terminate(Reason::TimedOut),
            Phase::Terminating(reason) => self.kill(reason),
            Phase::Killing(reason) => {
                tracing::warn!("a command could not be killed; its supervisor is let go");
                self.link = None;
                self.finish(self.end_for(reason));
            }
            Phase::Over => (),
        }
    }

    fn terminate(&mut self, reason: Reason) {
        if self.kill_grace.is_zero() {
            return self.kill(reason);
        }
        self.say(TERMINATE);
        self.phase = Phase::Terminating(reason);
        self.set_timer(self.kill_grace);
    }

    fn kill(&mut self, reason: Reason) {
        self.say(KILL);
        self.phase = Phase::Killing(reason);
        self.set_timer(KILLING_TAKES);
    }

    fn say(&self, byte: u8) {
        if let Some(link) = &self.link {
            link.say(byte);
        }
    }

    fn set_timer(&mut self, after: Duration) {
        self.timer.as_mut().reset(Instant::now() + after);
    }

    /// The supervisor is gone, most likely killed by the command itself.
    async fn lost(&mut self) {
        self.link = None;
        self.pool.orphans_gone(KILLING_TAKES).await;
        let end = self.told_to_end().unwrap_or(End::Lost);
        self.finish(end);
    }

    fn judge(&mut self, ended: Ended) -> End {
        let Ended { status, out_of_memory, too_many_processes, unkillable, leaving } = ended;
        if unkillable > 0 {
            tracing::warn!(unkillable, "processes of a command could not be killed");
        }
        if unkillable > 0 || leaving {
            self.link = None;
        }
        let end = match status {
            Status::Exited(code) => NonZeroI32::new(code).map_or(End::Success, End::Failed),
            Status::Signalled(signal) => End::Signalled(signal),
        };
        match self.told_to_end() {
            Some(told) => told,
            None if out_of_memory => End::OutOfMemory,
            None if too_many_processes => End::TooManyProcesses,
            None => end,
        }
    }

    fn told_to_end(&self) -> Option<End> {
        match self.phase {
            Phase::Terminating(reason) | Phase::Killing(reason) => Some(self.end_for(reason)),
            _ if !self.pool.is_open() => Some(End::Cancelled),
            _ => None,
        }
    }

    fn end_for(&self, reason: Reason) -> End {
        match reason {
            Reason::TimedOut => End::TimedOut { after: self.timeout },
            Reason::Cancelled => End::Cancelled,
        }
    }

    fn finish(&mut self, end: End) {
        self.end = end;
        self.phase = Phase::Over;
        self.input = None;
        if let Some(link) = self.link.take() {
            self.pool.release(link);
        }
    }

    /// What a command wrote before it ended and nobody has read yet.
    fn rest(&mut self) -> Option<OutputEvent> {
        let outputs = [(Stream::Stdout, &mut self.stdout), (Stream::Stderr, &mut self.stderr)];
        let mut rests = outputs.into_iter().map(|(stream, output)| (stream, output.read_now()));
        rests.find_map(|(stream, bytes)| bytes.map(|bytes| OutputEvent::Chunk { stream, bytes }))
    }
}

impl Running for ProcessRunning {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(self.advance())
    }
}

async fn write(input: &mut Option<Input>) {
    if let Some(input) = input {
        input.write().await;
    }
}
