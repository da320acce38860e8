//! One run of one step: its place, its secrets, its output, its end.

use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::model::OnOverflow;
use crate::plan::Step;
use crate::runner::{End, OutputEvent, RunId, Running, SecretValues, Teller};

use super::capture::Capture;
use super::files::{Before, Written};
use super::own_folder;
use super::redact::Redactor;
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
        let Prepared { plan, state, is_step, .. } = prepared;
        let queued = Instant::now();
        let _slot = match is_step {
            true => state.admission.admit_step(&plan.tool, &plan.principal, &cancel).await?,
            false => state.admission.admit(&plan.tool, &plan.principal, &cancel).await?,
        };
        let id = RunId::next();
        watcher.started(&id);
        let started = Instant::now();
        // A token of our own, so that an overflow ends this run and nothing else.
        let stop = cancel.child_token();
        let means = Means { facts: &state.facts, runner: &*self.runner, cancel: &cancel };
        let (secrets, mut redactor) = state.secrets.of(&plan.step, &means).await?;
        let mut capture = Capture::new(plan, &redactor);
        own_folder::make(&plan.step).await?;
        let before = Before::look(&plan.output.files).await;
        let mut running = self.start(&id, &plan.step, &secrets, stop.clone(), watcher).await?;
        let end = loop {
            match running.next().await {
                OutputEvent::Chunk { stream, bytes } => {
                    capture.push(stream, bytes, watcher);
                    if let Some(catching) = watcher.is_behind() {
                        catching.await;
                    }
                }
                OutputEvent::Hide(secret) => {
                    redactor = state.secrets.learn(secret);
                    capture.redact_by(&redactor);
                }
                OutputEvent::Ended(end) => break redacted(end, &redactor),
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
        let (waited, duration) = (started.duration_since(queued), started.elapsed());
        let mut output = capture.into_output();
        output.redactor = Some(redactor.as_ref().clone());
        if ending.success(&plan.tool.exit_codes).is_some() {
            let Written { files, left_out } = before.written(&plan.output.files, &redactor).await;
            (output.files, output.files_left_out) = (files, left_out);
        }
        Ok(Outcome { id, ending, waited, duration, output, flow: None, story: Story::default() })
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

/// What a server says of a failure may repeat what it was sent.
fn redacted(end: End, redactor: &Redactor) -> End {
    match end {
        End::Unanswered { problem, is_unsent } => {
            End::Unanswered { problem: redactor.text(&problem), is_unsent }
        }
        end => end,
    }
}
