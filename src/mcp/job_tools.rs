//! How clients look after their jobs, also those that know no tasks: `job_wait`, `job_output`,
//! `job_cancel`, `job_list`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::call::{Call, Invocation};
use crate::engine::{
    Job, JobStatus, LONGEST_WAIT, Origin, Presented, Rejection, Stream, TextPart, Watcher as _,
};
use crate::model::{AuthMethod, Principal, format_duration};

use super::context::Context;
use super::detach::{facts, still};
use super::progress;
use super::server::Server;

/// How long a job that was cancelled is waited for.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What is told on at once of what a job writes while it is waited for.
const TOLD: usize = 16 << 10;

impl Server {
    /// Carries out a call of a tool of our own; `None` if it is of another one.
    pub(super) async fn own_tool(
        &self,
        call: &Call,
        origin: &Origin,
        context: &Context,
    ) -> Option<Result<Presented, Rejection>> {
        let own = match self.engine.own_call(call, origin, &context.cancel).await? {
            Ok(own) => own,
            Err(rejection) => return Some(Err(rejection)),
        };
        let presented = self.about_jobs(&own.invocation, &call.principal, context).await;
        own.end(presented.is_error).await;
        Some(Ok(presented))
    }

    async fn about_jobs(&self, call: &Invocation, caller: &Principal, context: &Context) -> Presented {
        if call.tool().name.as_str() == "job_list" {
            return self.list_jobs(call, caller);
        }
        let id = call.value("job_id").and_then(Value::as_str).unwrap_or_default();
        let Some(job) = self.engine.jobs().find(id, caller) else { return unknown(id) };
        match call.tool().name.as_str() {
            "job_wait" => self.wait_for(&job, seconds(call), context).await,
            "job_cancel" => cancelled(&job).await,
            _ => output(&job, call),
        }
    }

    async fn wait_for(&self, job: &Arc<Job>, time: Duration, context: &Context) -> Presented {
        let token = context.meta.get_progress_token().filter(|_| !self.is_quiet);
        let over = async {
            tokio::select! {
                () = job.over() => {}
                () = tokio::time::sleep(time) => {}
                () = context.cancel.cancelled() => {}
            }
        };
        if let Some(token) = token {
            let (mut tap, mut publisher) = progress::channel(token, context.voice.clone());
            tokio::select! {
                biased;
                () = over => {}
                () = tell(job, &mut tap) => {}
                never = publisher.run() => match never {},
            }
            publisher.finish(&context.cancel).await;
        } else {
            over.await;
        }
        result_of(job)
    }

    fn list_jobs(&self, call: &Invocation, caller: &Principal) -> Presented {
        if caller.method == AuthMethod::Anonymous {
            let text = "nobody is asked who they are here, so jobs are not listed: each is known to whoever has its name";
            return said(text.to_owned());
        }
        let most = call.value("limit").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        let jobs = self.engine.jobs().newest(caller, most.unwrap_or(usize::MAX));
        if jobs.is_empty() {
            return said("there are no jobs".to_owned());
        }
        let now = SystemTime::now();
        let text = jobs.iter().map(|job| line(&job.status(), now)).collect();
        let mut presented = said(text);
        let listed: Vec<Value> = jobs.iter().map(|job| facts(job)).collect();
        presented.meta.insert("mcpfier/jobs".to_owned(), json!(listed));
        presented
    }
}

/// Hands on what a job writes from now on; resolves when it is over.
async fn tell(job: &Job, tap: &mut progress::Tap) {
    let mut changes = job.changes();
    let mut offset = job.log(u64::MAX, 0).next;
    loop {
        let part = job.log(offset, TOLD);
        offset = part.next;
        if !part.bytes.is_empty() {
            tap.output(Stream::Stdout, &part.bytes.into());
        } else if part.is_over || changes.changed().await.is_err() {
            return;
        }
    }
}

fn seconds(call: &Invocation) -> Duration {
    let seconds = call.value("seconds").and_then(Value::as_u64).unwrap_or(LONGEST_WAIT);
    Duration::from_secs(seconds.min(LONGEST_WAIT))
}

/// Words for what is not there, and for what is somebody else's.
fn unknown(id: &str) -> Presented {
    Presented::refusal(format!(
        "there is no job `{id}`: it is unknown, or too old; job_list lists those that are there"
    ))
}

fn said(text: String) -> Presented {
    Presented { is_error: false, ..Presented::refusal(text) }
}

/// What it came to, or how far it is.
fn result_of(job: &Job) -> Presented {
    let Some(mut result) = job.result().filter(|_| job.state().is_over()) else {
        let id = job.id();
        let mut presented = still(job, &format!("the job `{id}` is still running"));
        presented.text.push(TextPart::Said(format!("Call job_wait with job_id=\"{id}\" to wait on.")));
        return presented;
    };
    result.meta.insert("mcpfier/job".to_owned(), facts(job));
    result
}

async fn cancelled(job: &Job) -> Presented {
    let was_over = job.state().is_over();
    job.cancel();
    let is_over = tokio::time::timeout(LAST_WORDS, job.over()).await.is_ok();
    let (id, state) = (job.id(), job.state().as_str());
    let mut presented = said(match (was_over, is_over) {
        (true, _) => format!("the job `{id}` was over before: {state}"),
        (false, true) => format!("the job `{id}` is {state}; nothing of it runs any more"),
        (false, false) => format!("the job `{id}` has been told to end, and takes its time"),
    });
    presented.meta.insert("mcpfier/job".to_owned(), facts(job));
    presented
}

fn output(job: &Job, call: &Invocation) -> Presented {
    let limit = call.value("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    let offset = call.value("offset").and_then(Value::as_i64).unwrap_or_default();
    let kept = job.log(u64::MAX, 0).next;
    let offset = match u64::try_from(offset) {
        Ok(offset) => offset,
        Err(_) => kept.saturating_sub(offset.unsigned_abs()),
    };
    let mut part = job.log(offset, limit.unwrap_or_default());
    let cut = unfinished(&part.bytes);
    // A character that is cut comes whole with the next piece.
    if cut < part.bytes.len() && !(part.is_over && part.next == kept) {
        part.bytes.truncate(cut);
    }
    let begin = offset.min(kept);
    let next = begin + part.bytes.len() as u64;
    let state = job.state().as_str();
    let line = match (next < kept, part.total > kept, part.is_over) {
        (true, ..) => format!("there is more: offset={next}"),
        (false, true, _) => format!("what came after {kept} bytes was not kept (server.jobs.log_limit)"),
        (false, false, false) => format!("for what comes next: offset={next}"),
        (false, false, true) => "this is the end".to_owned(),
    };
    let total = part.total;
    let mut presented = said(String::new());
    presented.text = vec![
        TextPart::Output(vec![part.bytes.into()]),
        TextPart::Said(format!("\n[{state}; bytes {begin} to {next} of {total}; {line}]")),
    ];
    let mut facts = facts(job);
    facts["offset"] = json!(begin);
    facts["nextOffset"] = json!(next);
    presented.meta.insert("mcpfier/job".to_owned(), facts);
    presented
}

/// Where a character at the end begins that is not whole.
fn unfinished(bytes: &[u8]) -> usize {
    let length = bytes.len();
    let begins =
        (1..=3.min(length)).find(|back| bytes.get(length - back).is_some_and(|byte| byte & 0xc0 != 0x80));
    let Some(back) = begins else { return length };
    let wanted = match bytes.get(length - back) {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    };
    if wanted > back { length - back } else { length }
}

fn line(status: &JobStatus, now: SystemTime) -> String {
    let JobStatus { id, tool, state, created, last_line, .. } = status;
    let age = now.duration_since(*created).unwrap_or_default();
    let age = format_duration(Duration::from_secs(age.as_secs()));
    let mut line = format!("{id}  {}  {tool}  begun {age} ago", state.as_str());
    if !last_line.is_empty() {
        // A text takes everything.
        let _ = write!(line, "  {}", last_line.chars().take(100).collect::<String>());
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::unfinished;

    #[test]
    fn a_character_that_is_cut_is_seen() {
        for (bytes, whole) in [
            (&b""[..], 0),
            (b"abc", 3),
            ("aé".as_bytes(), 3),
            (&"aé".as_bytes()[..2], 1),
            (&"a€".as_bytes()[..3], 1),
            ("a€".as_bytes(), 4),
            (&"😀".as_bytes()[..3], 0),
            ("😀".as_bytes(), 4),
            (b"\xff", 1),
            (b"\x80\x80\x80\x80", 4),
        ] {
            assert_eq!(unfinished(bytes), whole, "{bytes:?}");
        }
    }
}
