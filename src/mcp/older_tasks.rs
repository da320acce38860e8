//! Tasks as the revision 2025-11-25 had them, in its core: a client asks for one with its call, and for
//! what came of it with `tasks/result`, which waits for that.
//!
//! They are offered to sessions of that revision alone; the newer era has an extension in their place,
//! see `tasks`. Both are views of the same jobs, and whose a job is decides both.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{CustomRequest, ErrorCode, InitializeResult, ProtocolVersion};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::engine::{Job, JobState, Prepared, Rejection, State, written_time};
use crate::model::{AuthMethod, Principal};

use super::asking::{Ability, PATIENCE, Unheard, ask_beside};
use super::call::{Answer, Stop};
use super::context::Context;
use super::detach::tell_of_rest;
use super::era::Era;
use super::reply::Reply;
use super::server::{Server, not_offered};
use super::tasks::{self, LOST, POLL_MS, message, never_ran};
use super::telling::Ear;
use super::wire::Ticket;

/// What says in messages which task they belong to.
const RELATED: &str = "io.modelcontextprotocol/related-task";
/// Tasks of one page of a list.
const PAGE: usize = 100;

/// Whether a client of this request is offered them.
pub(super) fn are_offered(state: &State, era: Era, context: &Context) -> bool {
    let version = context.opened.as_ref().map(|opened| &opened.protocol_version);
    era == Era::Handshake && version.is_some_and(has_tasks) && tasks::are_offered(state)
}

/// Whether a call is to be answered by a task. Where none are offered, wanting one is of no account.
pub(super) fn is_wanted(state: &State, era: Era, context: &Context) -> bool {
    context.wants_task && are_offered(state, era, context)
}

fn has_tasks(version: &ProtocolVersion) -> bool {
    *version == ProtocolVersion::V_2025_11_25
}

/// Why a call is not carried out that is to be a task.
pub(super) fn no_task() -> ErrorData {
    let text = "this tool is not called as a task; its `execution.taskSupport` in the list says which are";
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, text, None)
}

impl Server {
    /// The answer to `initialize` with what rmcp does not know; `None` if that is nothing.
    pub(super) fn with_older_tasks(&self, answer: &InitializeResult) -> Option<Reply> {
        let state = self.engine.state();
        if !has_tasks(&answer.protocol_version) || !tasks::are_offered(&state) {
            return None;
        }
        let mut whole = serde_json::to_value(answer).ok()?;
        let capabilities = whole.get_mut("capabilities")?.as_object_mut()?;
        capabilities.insert("tasks".to_owned(), capability(&self.caller.principal(&state)));
        Some(Reply::json(whole.to_string().into()))
    }

    /// Refuses to make a task of a call of a tool that is none. One that the caller is not offered is
    /// unknown, as ever.
    pub(super) fn judge_task(&self, call: &Call, era: Era, context: &Context) -> Result<(), Stop> {
        let state = self.engine.state();
        if !is_wanted(&state, era, context) {
            return Ok(());
        }
        let tool = state.offered_to(&call.principal).find(|tool| tool.name.as_str() == call.tool);
        match tool {
            Some(tool) if tool.detaches().is_none() => Err(Stop::Refused(no_task())),
            _ => Ok(()),
        }
    }

    /// Begins a job of a plan.
    pub(super) async fn as_older_task(&self, plan: Prepared, context: &Context) -> Result<Answer, Rejection> {
        let job = self.engine.begin_job(plan, Box::new(Ear::default())).await?;
        if !self.is_quiet && context.ticket.is_some() {
            let client = context.capabilities().unwrap_or_default();
            job.let_ask(move |question| Ability::of(question).is_some_and(|ability| ability.is_in(&client)));
        }
        Ok(Answer::OlderTask(job))
    }

    /// The answer of a call that has become a task.
    pub(super) fn begun_older_task(&self, job: &Job) -> Reply {
        written(json!({ "task": self.standing(job) }))
    }

    /// Answers a method of tasks; `None` if it is none, or none are offered.
    pub(super) async fn older_task(
        &self,
        request: &CustomRequest,
        era: Era,
        context: &Context,
    ) -> Option<Result<Reply, ErrorData>> {
        if !request.method.starts_with("tasks/") || !are_offered(&self.engine.state(), era, context) {
            return None;
        }
        Some(match request.method.as_str() {
            "tasks/get" => self.named(request).map(|job| written(self.standing(&job))),
            "tasks/result" => self.older_result(request, context).await,
            "tasks/list" => self.older_list(request),
            "tasks/cancel" => self.cancel_older(request, context).await,
            _ => return None,
        })
    }

    fn named(&self, request: &CustomRequest) -> Result<Arc<Job>, ErrorData> {
        let id = request.params.as_ref().and_then(|params| params.get("taskId")?.as_str());
        let none = || format!("expected `params` of `{}` with a `taskId`", request.method);
        self.job_of(id.ok_or_else(|| ErrorData::invalid_params(none(), None))?)
    }

    /// What the call would have been answered with; waits for that.
    async fn older_result(&self, request: &CustomRequest, context: &Context) -> Result<Reply, ErrorData> {
        let job = self.named(request)?;
        self.see_to_its_end(&job, context).await?;
        match job.result() {
            Some(presented) if never_ran(&presented) => {
                Err(ErrorData::internal_error(presented.plain_text(), None))
            }
            Some(mut presented) => {
                tell_of_rest(&mut presented, &job);
                presented.meta.insert(RELATED.to_owned(), related(&job));
                Ok(Reply::of_call(presented, true, Era::Handshake, &self.face.identity))
            }
            None => Err(ErrorData::internal_error(LOST, None)),
        }
    }

    /// Waits for its end, and passes on what it asks meanwhile.
    async fn see_to_its_end(&self, job: &Job, context: &Context) -> Result<(), ErrorData> {
        let mut changes = job.changes();
        let ticket = context.ticket.as_ref().filter(|_| !self.is_quiet);
        while !job.state().is_over() {
            let asks = job.asks();
            let changed = async {
                match ticket.filter(|_| !asks.is_empty()) {
                    Some(ticket) => pass_on(ticket, job, asks, context).await,
                    None => changes.changed().await.is_ok(),
                }
            };
            let goes_on = tokio::select! {
                biased;
                () = context.cancel.cancelled() => false,
                goes_on = changed => goes_on,
                () = job.over() => true,
            };
            if !goes_on {
                return Err(ErrorData::internal_error("nobody waits for the result any more", None));
            }
        }
        Ok(())
    }

    fn older_list(&self, request: &CustomRequest) -> Result<Reply, ErrorData> {
        let caller = self.caller.principal(&self.engine.state());
        // All who are not known are one caller.
        if caller.method == AuthMethod::Anonymous {
            return Err(not_offered("tasks/list"));
        }
        let jobs = self.engine.jobs().of(&caller);
        let cursor = request.params.as_ref().and_then(|params| params.get("cursor")?.as_str());
        let begin = match cursor.filter(|cursor| !cursor.is_empty()) {
            Some(last) => jobs.iter().position(|job| job.id().as_str() == last).map(|at| at + 1),
            None => Some(0),
        };
        let begin = begin.ok_or_else(|| ErrorData::invalid_params("unknown `cursor`", None))?;
        let page: Vec<&Arc<Job>> = jobs.iter().skip(begin).take(PAGE).collect();
        let tasks: Vec<Value> = page.iter().map(|job| self.standing(job)).collect();
        let mut list = json!({ "tasks": tasks });
        if let Some(last) = page.last().filter(|_| jobs.len() > begin + PAGE) {
            list["nextCursor"] = json!(last.id().as_str());
        }
        Ok(written(list))
    }

    /// Answered when nothing of it runs any more.
    async fn cancel_older(&self, request: &CustomRequest, context: &Context) -> Result<Reply, ErrorData> {
        let job = self.named(request)?;
        let was_over = job.state().is_over();
        job.cancel();
        tokio::select! {
            () = job.over() => {}
            () = context.cancel.cancelled() => {}
        }
        match job.state() {
            JobState::Cancelled if !was_over => Ok(written(self.standing(&job))),
            state => {
                let text = format!("the task is over: {}", word(state));
                Err(ErrorData::invalid_params(text, None))
            }
        }
    }

    /// How a task stands.
    fn standing(&self, job: &Job) -> Value {
        let status = job.status();
        let asks = !status.state.is_over() && !job.asks().is_empty();
        json!({
            "taskId": status.id.as_str(),
            "status": if asks { "input_required" } else { word(status.state) },
            "statusMessage": message(&status),
            "createdAt": written_time(status.created),
            "lastUpdatedAt": written_time(status.changed),
            "ttl": self.ttl(&status),
            "pollInterval": POLL_MS,
        })
    }
}

/// Puts to the client what a job asks. `false` if nobody waits for it any more.
async fn pass_on(ticket: &Ticket, job: &Job, mut asks: Map<String, Value>, context: &Context) -> bool {
    for question in asks.values_mut() {
        if let Some(params) = question.get_mut("params").filter(|params| params.is_object()) {
            params["_meta"][RELATED] = related(job);
        }
    }
    match ask_beside(ticket, &asks, PATIENCE, &context.cancel).await {
        Ok(answers) => job.answer(answers),
        Err(Unheard::Gone) => return false,
        // Who does not answer has not agreed.
        Err(_) => {
            job.answer(asks.into_iter().map(|(name, _)| (name, json!({ "action": "cancel" }))).collect());
        }
    }
    true
}

fn capability(caller: &Principal) -> Value {
    let mut tasks = json!({ "cancel": {}, "requests": { "tools": { "call": {} } } });
    if caller.method != AuthMethod::Anonymous {
        tasks["list"] = json!({});
    }
    tasks
}

fn related(job: &Job) -> Value {
    json!({ "taskId": job.id().as_str() })
}

fn written(value: Value) -> Reply {
    Reply::json(value.to_string().into())
}

/// In this revision a command that failed is a task that failed.
fn word(state: JobState) -> &'static str {
    match state {
        JobState::Running => "working",
        JobState::Succeeded => "completed",
        JobState::Failed | JobState::Lost => "failed",
        JobState::Cancelled => "cancelled",
    }
}
