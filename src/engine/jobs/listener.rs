//! Writes a job's log, and tells on what it sees.

use std::sync::Arc;

use crate::engine::{News, RunId, StepNews, Stream, Watcher};

use super::Job;

pub(super) struct Listener {
    job: Arc<Job>,
    next: Box<dyn Watcher>,
}

impl Listener {
    pub(super) fn new(job: Arc<Job>, next: Box<dyn Watcher>) -> Self {
        Self { job, next }
    }
}

impl Watcher for Listener {
    fn started(&mut self, run: &RunId) {
        self.next.started(run);
    }

    fn preparing(&mut self, news: &News) {
        self.next.preparing(news);
    }

    fn step(&mut self, news: &StepNews) {
        self.next.step(news);
    }

    fn step_output(&mut self, stream: Stream, lines: &[u8]) {
        self.job.wrote(lines);
        self.next.step_output(stream, lines);
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        self.job.wrote(bytes);
        self.next.output(stream, bytes);
    }
}
