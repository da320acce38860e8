//! Log messages: what a command writes to stderr, told to a client that has asked for such messages.
//!
//! A client of the older era says with `logging/setLevel` what it wants for its whole session, one of
//! the newer era with each request. Nothing is told of commands without `logging`, and nothing that is
//! less important than what was asked for. Like progress, it never holds a command up: what a client
//! does not take in time is counted and left out.

// Deprecated by the protocol, which keeps it for the older clients that use it.
#![expect(deprecated)]

mod level;
mod tap;

use std::convert::Infallible;
use std::time::Duration;

use rmcp::model::{
    LoggingLevel, LoggingMessageNotification, LoggingMessageNotificationParam, ServerNotification,
};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::model::ToolName;

use super::context::{Context, Voice};
use super::era::Era;

pub(super) use level::{Level, Wanted};
use tap::Line;
pub(super) use tap::LogTap;

/// Lines that wait for their client.
const WAITING: usize = 256;
/// How many messages there are of one call.
const MOST: usize = 2_000;
/// How long a client may take to accept one.
const PATIENCE: Duration = Duration::from_secs(5);

/// The level that the client of a request wants to hear of.
pub(super) fn wanted(era: Era, session: &Wanted, context: &Context) -> Option<Level> {
    match era {
        Era::Handshake => session.level(),
        Era::PerRequest => context.meta.log_level().map(Level::from),
    }
}

/// The two ends of a call's messages.
pub(super) fn channel(tool: &ToolName, least: Level, voice: Voice) -> (LogTap, LogPublisher) {
    let (sender, lines) = mpsc::channel(WAITING);
    let publisher = LogPublisher { lines, voice, logger: tool.to_string(), left: MOST, is_over: false };
    (LogTap::new(sender, least), publisher)
}

pub(super) struct LogPublisher {
    lines: mpsc::Receiver<Line>,
    voice: Voice,
    logger: String,
    /// How many may still be sent.
    left: usize,
    /// The client takes none.
    is_over: bool,
}

impl LogPublisher {
    /// Publishes until it is dropped. May be dropped at any await: what is taken out is sent by then
    /// or lost.
    pub(super) async fn run(&mut self) -> Infallible {
        loop {
            match self.lines.recv().await {
                Some(line) => self.tell(line).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Sends what is still waiting; the tap is gone.
    pub(super) async fn finish(mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.tell(line).await;
        }
    }

    async fn tell(&mut self, line: Line) {
        if self.is_over || self.left == 0 {
            return;
        }
        self.left -= 1;
        let Line { level, mut text, missed } = line;
        if missed > 0 {
            text.push_str(&format!(" [{missed} lines before this were left out]"));
        }
        if self.left == 0 {
            text.push_str(" [no more of this call is told]");
        }
        let params = LoggingMessageNotificationParam::new(LoggingLevel::from(level), Value::String(text))
            .with_logger(self.logger.clone());
        let news = ServerNotification::LoggingMessageNotification(LoggingMessageNotification::new(params));
        let sent = timeout(PATIENCE, self.voice.tell(news)).await;
        self.is_over = !matches!(sent, Ok(Ok(())));
    }
}
