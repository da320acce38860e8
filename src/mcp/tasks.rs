//! The extension `io.modelcontextprotocol/tasks`: jobs as clients see them who have said that they take
//! a task for an answer.
//!
//! A command in the background is answered by a task at once. Any other that may outlive its caller
//! gets a moment first, so that a short call stays a plain one. A task is a job and nothing besides: it is
//! found by its caller alone, whatever asks for it, and what is told of it is how that job stands.

use std::sync::Arc;
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{
    CancelTaskParams, DetailedTask, ErrorCode, GetTaskParams, GetTaskResult, Task, TaskPayload,
    UpdateTaskParams,
};
use serde_json::{Map, Value, json};

use crate::engine::{Job, JobState, JobStatus, Prepared, Presented, Rejection, State, written_time};

use super::asking::Ability;
use super::call::Answer;
use super::context::Context;
use super::detach::{Left, tell_of_rest};
use super::era::Era;
use super::reply::Reply;
use super::server::Server;

/// How long a call has to be over as a call.
const MOMENT: Duration = Duration::from_secs(1);
/// How often a client should ask.
pub(super) const POLL_MS: u64 = 1_000;
/// For so long a task can at least be asked for when it is over.
const KEPT: Duration = Duration::from_mins(10);
/// The longest text of how a task stands, in characters.
const SAID: usize = 200;

/// Whether any call may be answered by a task.
pub(super) fn are_offered(state: &State) -> bool {
    state.catalog().offered().any(|tool| tool.detaches().is_some())
}

/// Whether the client of a call takes a task for its answer.
pub(super) fn are_taken(era: Era, context: &Context) -> bool {
    era == Era::PerRequest && context.capabilities().is_some_and(|client| client.supports_tasks())
}

impl Server {
    /// Carries out a plan whose client takes a task for an answer.
    pub(super) async fn as_task(
        &self,
        plan: Prepared,
        after: Duration,
        context: &Context,
    ) -> Result<Answer, Rejection> {
        // A short call stays a plain one. Once it is a task nothing is told of it but how it stands.
        match self.leave(plan, after.min(MOMENT), context).await? {
            Left::Over(presented) => Ok(Answer::Complete(presented)),
            Left::Goes(job) => {
                let client = context.capabilities().unwrap_or_default();
                job.let_ask(move |question| {
                    Ability::of(question).is_some_and(|ability| ability.is_in(&client))
                });
                Ok(Answer::Task(job))
            }
        }
    }

    /// The answer of a call that has become a task.
    pub(super) fn begun_task(&self, job: &Job) -> Reply {
        let mut task = self.told(&job.status(), "task");
        task.push_str("}}");
        Reply::json(task.into())
    }

    /// `tasks/get`.
    pub(super) fn task(
        &self,
        request: &GetTaskParams,
        context: &Context,
    ) -> Result<GetTaskResult, ErrorData> {
        let job = self.job_of(&request.task_id)?;
        let reply = self.detailed(&job);
        if let Some(ticket) = &context.ticket {
            ticket.deposit(reply);
            return Ok(GetTaskResult::new(DetailedTask::new(Task::default(), TaskPayload::Working)));
        }
        serde_json::from_slice(&reply.into_json())
            .map_err(|error| ErrorData::internal_error(format!("the task is not valid: {error}"), None))
    }

    /// `tasks/update`: answers to what a task has asked. What it has not asked is nobody's.
    pub(super) fn answer_task(&self, request: &UpdateTaskParams) -> Result<(), ErrorData> {
        let answers = request
            .input_responses
            .iter()
            .filter_map(|(name, answer)| Some((name.clone(), serde_json::to_value(answer).ok()?)));
        self.job_of(&request.task_id)?.answer(answers.collect());
        Ok(())
    }

    /// `tasks/cancel`. It is over when that can be asked for.
    pub(super) fn end_task(&self, request: &CancelTaskParams) -> Result<(), ErrorData> {
        self.job_of(&request.task_id)?.cancel();
        Ok(())
    }

    /// A job of the caller; any other is as unknown as one that never was.
    pub(super) fn job_of(&self, id: &str) -> Result<Arc<Job>, ErrorData> {
        let caller = self.caller.principal(&self.engine.state());
        let unknown = || {
            ErrorData::invalid_params(
                "there is no such task; it was never there, or is not kept any more",
                None,
            )
        };
        self.engine.jobs().find(id, &caller).ok_or_else(unknown)
    }

    pub(super) fn detailed(&self, job: &Job) -> Reply {
        let status = job.status();
        let asks = if status.state.is_over() { Map::new() } else { job.asks() };
        let before = self.told(&status, "complete");
        if !asks.is_empty() {
            let asks = Value::Object(asks);
            let before = before.replacen("\"status\":\"working\"", "\"status\":\"input_required\"", 1);
            return Reply::json(format!("{before}}},\"inputRequests\":{asks}}}").into());
        }
        match (status.state, job.result()) {
            // What never ran has no result of its command: the request itself has failed.
            (JobState::Failed, Some(presented)) if never_ran(&presented) => {
                let before = before.replacen("\"status\":\"completed\"", "\"status\":\"failed\"", 1);
                Reply::json(format!("{before}}},\"error\":{}}}", error(&presented.plain_text())).into())
            }
            (JobState::Succeeded | JobState::Failed, Some(mut presented)) => {
                tell_of_rest(&mut presented, job);
                let result = Reply::of_call(presented, true, Era::PerRequest, &self.face.identity);
                Reply::around(format!("{before}}},\"result\":"), result, "}")
            }
            (JobState::Lost | JobState::Succeeded | JobState::Failed, _) => {
                Reply::json(format!("{before}}},\"error\":{}}}", error(LOST)).into())
            }
            (JobState::Running | JobState::Cancelled, _) => Reply::json(format!("{before}}}}}").into()),
        }
    }

    /// What is told of any task: an object that is still open, within its `_meta`.
    fn told(&self, status: &JobStatus, result_type: &str) -> String {
        let told = json!({
            "resultType": result_type,
            "taskId": status.id.as_str(),
            "status": word(status.state),
            "statusMessage": message(status),
            "createdAt": written_time(status.created),
            "lastUpdatedAt": written_time(status.changed),
            "ttlMs": self.ttl(status),
            "pollIntervalMs": POLL_MS,
        });
        let mut text = told.to_string();
        // It goes on behind its last entry.
        text.pop();
        text.push_str(",\"_meta\":{");
        text.push_str(self.face.identity.meta_entry());
        text
    }

    /// As long as it may run, and some time to ask for what came of it.
    pub(super) fn ttl(&self, status: &JobStatus) -> u64 {
        let state = self.engine.state();
        let catalog = state.catalog();
        let timeout = catalog.tool(status.tool.as_str()).map(|tool| tool.timeout).unwrap_or_default();
        let queued = catalog.server.calls.queue_timeout;
        u64::try_from((timeout + queued + KEPT).as_millis()).unwrap_or(u64::MAX)
    }
}

pub(super) const LOST: &str = "the server ended while this ran; what it had written is in its log";

/// What came of a run has facts of that run beside it.
pub(super) fn never_ran(presented: &Presented) -> bool {
    presented.is_error && presented.run.is_none()
}

fn error(message: &str) -> Value {
    json!({ "code": ErrorCode::INTERNAL_ERROR.0, "message": message })
}

fn word(state: JobState) -> &'static str {
    match state {
        JobState::Running => "working",
        // A command that failed has a result, which says so.
        JobState::Succeeded | JobState::Failed => "completed",
        JobState::Cancelled => "cancelled",
        JobState::Lost => "failed",
    }
}

pub(super) fn message(status: &JobStatus) -> String {
    let line: Vec<&str> = status.last_line.split_whitespace().collect();
    match (status.state, line.is_empty()) {
        (JobState::Lost, _) => LOST.to_owned(),
        (_, false) => line.join(" ").chars().take(SAID).collect(),
        (state, true) => state.as_str().to_owned(),
    }
}
