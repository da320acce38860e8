//! Carries nothing out: gives what a test says that a run would have given.

use std::collections::VecDeque;
use std::num::NonZeroI32;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::model::Mock;
use crate::plan::Step;

use super::{BoxFuture, End, OutputEvent, Runner, Running, SecretValues, StartError, Stream};

/// Answers every step with the same output. Starts no process and waits for nothing.
pub struct PretendedRunner {
    mock: Mock,
    timeout: Duration,
}

struct PretendedRun(VecDeque<OutputEvent>);

impl PretendedRunner {
    /// A run that would have taken as long as `timeout` has timed out.
    pub fn new(mock: Mock, timeout: Duration) -> Self {
        Self { mock, timeout }
    }

    fn end(&self) -> End {
        if self.mock.delay >= self.timeout {
            return End::TimedOut { after: self.timeout };
        }
        NonZeroI32::new(i32::from(self.mock.exit_code)).map_or(End::Success, End::Failed)
    }
}

impl Runner for PretendedRunner {
    fn takes_secrets(&self) -> bool {
        false
    }

    fn start<'a>(
        &'a self,
        _: &'a Step,
        _: &'a SecretValues,
        _: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        let chunk = |stream, text: &str| OutputEvent::Chunk {
            stream,
            bytes: Bytes::copy_from_slice(text.as_bytes()),
        };
        let events = [
            chunk(Stream::Stdout, &self.mock.stdout),
            chunk(Stream::Stderr, &self.mock.stderr),
            OutputEvent::Ended(self.end()),
        ];
        let run: Box<dyn Running> = Box::new(PretendedRun(events.into()));
        Box::pin(std::future::ready(Ok(run)))
    }
}

impl Running for PretendedRun {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        // Nobody asks after the end.
        Box::pin(std::future::ready(self.0.pop_front().unwrap_or(OutputEvent::Ended(End::Lost))))
    }
}
