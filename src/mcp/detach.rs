//! Calls that may take longer than their client waits: begun as jobs, and left to themselves in time.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::engine::{Held, Job, Prepared, Presented, Rejection, TextPart};
use crate::model::format_duration;

use super::context::Context;
use super::server::Server;
use super::telling::Ear;

/// What is shown of what a job has written so far.
const SHOWN: usize = 8 << 10;

/// What became of a call that may be left to itself.
pub(super) enum Left {
    Over(Box<Presented>),
    Goes(Arc<Job>),
}

impl Server {
    /// Carries out a plan that is left to itself after a while: over until then, it was a call.
    pub(super) async fn as_job(
        &self,
        plan: Prepared,
        after: Duration,
        context: &Context,
    ) -> Result<Presented, Rejection> {
        let has_schema = plan.tool.output.schema.is_some();
        let how = match after.is_zero() {
            true => "begun".to_owned(),
            false => format!("still running after {}", format_duration(after)),
        };
        match self.leave(plan, after, context).await? {
            Left::Over(presented) => Ok(*presented),
            Left::Goes(job) => Ok(begun(&job, &how, has_schema)),
        }
    }

    /// Waits for a call as long as its client is to wait.
    pub(super) async fn leave(
        &self,
        plan: Prepared,
        after: Duration,
        context: &Context,
    ) -> Result<Left, Rejection> {
        if after.is_zero() {
            let begun = Box::pin(self.engine.begin_job(plan, Box::new(Ear::default())));
            return begun.await.map(Left::Goes);
        }
        let (ear, mut mouth) = self.telling(&plan, context);
        let held = self.engine.hold_job(plan, Box::new(ear))?;
        if mouth.is_shut() {
            return Ok(outcome(held, after, &context.cancel).await);
        }
        let left = tokio::select! {
            biased;
            left = outcome(held, after, &context.cancel) => left,
            never = mouth.run() => match never {},
        };
        mouth.finish(&context.cancel).await;
        Ok(left)
    }
}

/// What it comes to in time; otherwise it goes on.
async fn outcome(mut held: Held, after: Duration, cancel: &CancellationToken) -> Left {
    if is_over_within(&mut held, after, cancel).await {
        return over(held).await;
    }
    match held.leave().await {
        Ok(job) => Left::Goes(job),
        Err(mut held) => {
            is_over_within(&mut held, Duration::MAX, cancel).await;
            over(held).await
        }
    }
}

async fn over(held: Held) -> Left {
    let job = Arc::clone(held.job());
    let mut presented = held.result().await;
    tell_of_rest(&mut presented, &job);
    Left::Over(Box::new(presented))
}

/// Says where all of the output is, of which a result has a part.
pub(super) fn tell_of_rest(presented: &mut Presented, job: &Job) {
    if presented.is_cut() && job.is_kept() {
        let id = job.id();
        let rest = format!("\n[all that is kept of it: job_output with job_id=\"{id}\"]");
        presented.text.push(TextPart::Said(rest));
        presented.meta.insert("mcpfier/job".to_owned(), facts(job));
    }
}

/// Who cancels it hears of it when it is over.
async fn is_over_within(held: &mut Held, time: Duration, cancel: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = held.over() => true,
        () = cancel.cancelled() => {
            held.cancel();
            held.over().await;
            true
        }
        () = tokio::time::sleep(time) => false,
    }
}

/// That a call goes on by itself. Of a tool that promises its output in a form it is an error: there is
/// no output of that form.
fn begun(job: &Job, how: &str, is_error: bool) -> Presented {
    let id = job.id();
    let mut presented = still(job, &format!("{how}, as the job `{id}`"));
    presented.is_error = is_error;
    let next = format!(
        "It goes on by itself. Call job_wait with job_id=\"{id}\" for its result, job_output to read what it has \
         written, job_cancel to end it."
    );
    presented.text.push(TextPart::Said(next));
    presented
}

/// How far a job is, with the end of what it has written.
pub(super) fn still(job: &Job, how: &str) -> Presented {
    let kept = job.log(u64::MAX, 0).next;
    let tail = job.log(kept.saturating_sub(SHOWN as u64), SHOWN);
    let mut presented = Presented { is_error: false, ..Presented::refusal(format!("{how}\n")) };
    if !tail.bytes.is_empty() {
        let before = tail.total.saturating_sub(tail.bytes.len() as u64);
        let what = match before {
            0 => "so far it wrote:\n".to_owned(),
            more => format!("it wrote {more} bytes, and then:\n"),
        };
        let ends_line = tail.bytes.last() == Some(&b'\n');
        presented.text.push(TextPart::Said(what));
        presented.text.push(TextPart::Output(vec![tail.bytes.into()]));
        presented.text.push(TextPart::Said(if ends_line { "\n" } else { "\n\n" }.to_owned()));
    }
    presented.meta.insert("mcpfier/job".to_owned(), facts(job));
    presented
}

/// What programs are told of a job.
pub(super) fn facts(job: &Job) -> Value {
    let status = job.status();
    json!({
        "id": status.id.as_str(),
        "tool": status.tool.as_str(),
        "state": status.state.as_str(),
        "outputBytes": status.log_bytes,
    })
}
