//! One run of one step: its place, its secrets, its output, its end.

use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::model::OnOverflow;
use crate::plan::Step;
use crate::runner::{OutputEvent, RunId, Running, SecretValues, Teller};

use super::capture::Capture;
use super::story::Story;
use super::supply::Means;
use super::{Ending, Engine, Outcome, Prepared, Rejection, Watcher};

impl Engine {
    /// Carries out a plan that is no flow. When this returns, nothing of the run is alive any more.
    pub(super) async fn run(
        &self,
        prepared: &Prepared,
        watcher: &mut dyn Watcher,
        cancel: CancellationToken,
    ) -> Result<Outcome, Rejection> {
        let Prepared { plan, state } = prepared;
        let queued = Instant::now();
        let _slot = state.admission.admit(&plan.tool, &cancel).await?;
        let id = RunId::next();
        watcher.started(&id);
        let started = Instant::now();
        // A token of our own, so that an overflow ends this run and nothing else.
        let stop = cancel.child_token();
        let means = Means { facts: &state.facts, runner: &*self.runner, cancel: &cancel };
        let (secrets, redactor) = state.secrets.of(&plan.step, &means).await?;
        let mut capture = Capture::new(plan, &redactor);
        let mut running = self.start(&id, &plan.step, &secrets, stop.clone(), watcher).await?;
        let end = loop {
            match running.next().await {
                OutputEvent::Chunk { stream, bytes } => capture.push(stream, bytes, watcher),
                OutputEvent::Ended(end) => break end,
            }
            if capture.is_over_limit() && plan.tool.output.on_overflow == OnOverflow::Kill {
                stop.cancel();
            }
        };
        capture.finish(watcher);
        let ending = if stop.is_cancelled() && !cancel.is_cancelled() {
            Ending::TooMuchOutput
        } else {
            Ending::Ran(end)
        };
        let waited = started.duration_since(queued);
        let (duration, output) = (started.elapsed(), capture.into_output());
        Ok(Outcome { id, ending, waited, duration, output, story: Story::default() })
    }

    /// Starts a step; the watcher hears what that takes.
    async fn start(
        &self,
        run: &RunId,
        step: &Step,
        secrets: &SecretValues,
        cancel: CancellationToken,
        watcher: &mut dyn Watcher,
    ) -> Result<Box<dyn Running>, Rejection> {
        if !matches!(step, Step::Container(_)) {
            return Ok(self.runner.start(step, secrets, cancel).await?);
        }
        let (teller, mut told) = Teller::channel();
        let mut starting = self.runner.start_run(run, step, secrets, cancel, teller);
        loop {
            tokio::select! {
                biased;
                Some(news) = told.recv() => watcher.preparing(&news),
                started = &mut starting => return Ok(started?),
            }
        }
    }
}
