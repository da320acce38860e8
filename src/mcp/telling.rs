//! What a client hears of its call while it runs: progress if it has asked for that, and log messages.

use std::convert::Infallible;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::engine::{News, Prepared, RunId, StepNews, Stream, Watcher};

use super::context::Context;
use super::era::Era;
use super::logs::{self, LogPublisher, LogTap};
use super::progress::{self, Publisher, Tap};
use super::server::Server;

/// Sees a call for those who tell of it; nothing waits for it.
#[derive(Default)]
pub(super) struct Ear {
    progress: Option<Tap>,
    logs: Option<LogTap>,
}

/// Tells of a call.
#[derive(Default)]
pub(super) struct Mouth {
    progress: Option<Publisher>,
    logs: Option<LogPublisher>,
}

impl Server {
    /// What sees a call, and what tells its client of it.
    pub(super) fn telling(&self, plan: &Prepared, context: &Context) -> (Ear, Mouth) {
        let (mut ear, mut mouth) = (Ear::default(), Mouth::default());
        if self.is_quiet {
            return (ear, mouth);
        }
        if let Some(token) = context.meta.get_progress_token() {
            let (tap, publisher) = progress::channel(token, context.voice.clone());
            (ear.progress, mouth.progress) = (Some(tap), Some(publisher));
        }
        if plan.tool.logging
            && let Ok(era) = Era::of(context)
            && let Some(level) = logs::wanted(era, self.log_level(), context)
        {
            let (tap, publisher) = logs::channel(&plan.tool.name, level, context.voice.clone());
            (ear.logs, mouth.logs) = (Some(tap), Some(publisher));
        }
        (ear, mouth)
    }
}

impl Mouth {
    /// Nobody has asked for anything.
    pub(super) fn is_shut(&self) -> bool {
        self.progress.is_none() && self.logs.is_none()
    }

    /// Tells until it is dropped.
    pub(super) async fn run(&mut self) -> Infallible {
        let progress = async {
            match &mut self.progress {
                Some(publisher) => publisher.run().await,
                None => std::future::pending().await,
            }
        };
        let logs = async {
            match &mut self.logs {
                Some(publisher) => publisher.run().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            never = progress => never,
            never = logs => never,
        }
    }

    /// Waits for what is on its way, so that nothing is written after the answer. The ear is gone.
    pub(super) async fn finish(self, cancelled: &CancellationToken) {
        let Self { progress, logs } = self;
        if let Some(publisher) = progress {
            publisher.finish(cancelled).await;
        }
        if let Some(publisher) = logs {
            tokio::select! {
                () = publisher.finish() => {}
                () = cancelled.cancelled() => {}
            }
        }
    }
}

impl Watcher for Ear {
    fn started(&mut self, run: &RunId) {
        self.each(|watcher| watcher.started(run));
    }

    fn preparing(&mut self, news: &News) {
        self.each(|watcher| watcher.preparing(news));
    }

    fn step(&mut self, news: &StepNews) {
        self.each(|watcher| watcher.step(news));
    }

    fn step_output(&mut self, stream: Stream, lines: &Bytes) {
        self.each(|watcher| watcher.step_output(stream, lines));
    }

    fn output(&mut self, stream: Stream, bytes: &Bytes) {
        self.each(|watcher| watcher.output(stream, bytes));
    }
}

impl Ear {
    fn each(&mut self, tell: impl Fn(&mut dyn Watcher)) {
        if let Some(tap) = &mut self.progress {
            tell(tap);
        }
        if let Some(tap) = &mut self.logs {
            tell(tap);
        }
    }
}
