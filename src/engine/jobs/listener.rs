//! Writes a job's log, and tells on what it sees.

use std::sync::Arc;

use bytes::Bytes;

use crate::engine::{Catching, Engine, News, RunId, StepNews, Stream, Watcher};

use super::Job;

pub(super) struct Listener {
    engine: Arc<Engine>,
    job: Arc<Job>,
    next: Box<dyn Watcher>,
}

impl Listener {
    pub(super) fn new(engine: Arc<Engine>, job: Arc<Job>, next: Box<dyn Watcher>) -> Self {
        Self { engine, job, next }
    }

    fn write(&self, bytes: &Bytes) {
        self.job.wrote(bytes);
        if self.job.wants_a_file() {
            self.engine.spool(&self.job);
        }
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

    fn step_output(&mut self, stream: Stream, lines: &Bytes) {
        self.write(lines);
        self.next.step_output(stream, lines);
    }

    fn output(&mut self, stream: Stream, bytes: &Bytes) {
        self.write(bytes);
        self.next.output(stream, bytes);
    }

    fn is_behind(&self) -> Option<Catching> {
        let job = self.job.log_is_behind().then(|| Arc::clone(&self.job));
        job.map(|job| Box::pin(async move { job.log_catches_up().await }) as Catching)
    }
}
