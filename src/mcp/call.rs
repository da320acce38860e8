//! `tools/call`: a request → a plan → an answer, and what the client hears meanwhile.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{CallToolRequestParams, ProtocolVersion};

use crate::call::Call;
use crate::engine::{Job, Origin, Outcome, Prepared, Presented, Rejection, is_own};

use super::asking::{BadState, Brought, Questions};
use super::context::Context;
use super::era::Era;
use super::needs;
use super::older_tasks;
use super::reply::Reply;
use super::server::{Caller, Server};
use super::tasks;

/// What comes of a call that was not refused.
pub(super) enum Answer {
    Complete(Box<Presented>),
    /// It goes on as a job, which its client asks for later.
    Task(Arc<Job>),
    /// The same, for a client that asked for it as the revision 2025-11-25 does.
    OlderTask(Arc<Job>),
    /// The client has to answer these first, and call again with them and the state.
    InputRequired {
        questions: Questions,
        state: String,
    },
}

/// Why a call came to nothing.
pub(super) enum Stop {
    /// In words for whoever called.
    Rejected(Rejection),
    /// The request itself cannot be answered.
    Refused(ErrorData),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<BadState> for Stop {
    fn from(problem: BadState) -> Self {
        Self::Refused(problem.into())
    }
}

impl Server {
    pub(super) async fn answer_call(
        &self,
        request: CallToolRequestParams,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let era = self.era(context)?;
        let identity = &self.face.identity;
        let is_task = older_tasks::is_wanted(&self.engine.state(), era, context);
        match self.call(request, era, context).await {
            Ok(Answer::Complete(_)) if is_task => Err(older_tasks::no_task()),
            Err(Stop::Rejected(rejection)) if is_task => {
                Err(ErrorData::invalid_params(rejection.to_string(), None))
            }
            Ok(Answer::OlderTask(job)) => Ok(self.begun_older_task(&job)),
            Ok(Answer::Complete(presented)) => {
                let knows_links = era == Era::PerRequest || knows_links(context);
                Ok(Reply::of_call(*presented, knows_links, era, identity))
            }
            Ok(Answer::Task(job)) => Ok(self.begun_task(&job)),
            Ok(Answer::InputRequired { questions, state }) => {
                Ok(Reply::input_required(&questions, &state, identity))
            }
            Err(Stop::Rejected(rejection @ Rejection::ClientLacks { .. })) if era == Era::PerRequest => {
                Err(needs::error(&rejection))
            }
            Err(Stop::Rejected(rejection)) if rejection.is_unknown_tool() => {
                Err(ErrorData::invalid_params(rejection.to_string(), None))
            }
            Err(Stop::Rejected(rejection)) => Ok(Reply::refusal(rejection.to_string(), era, identity)),
            Err(Stop::Refused(error)) => Err(error),
        }
    }

    async fn call(
        &self,
        request: CallToolRequestParams,
        era: Era,
        context: &Context,
    ) -> Result<Answer, Stop> {
        let state = self.engine.state();
        let call = Call {
            principal: self.caller.principal(&state),
            tool: request.name.into_owned(),
            arguments: request.arguments.unwrap_or_default(),
        };
        self.judge_task(&call, era, context)?;
        let call = match self.discovered(call) {
            Ok(call) => call,
            Err(answer) => return Ok(Answer::Complete(answer)),
        };
        self.judge_client(&call, era, context)?;
        let brought = Brought { answers: request.input_responses, state: request.request_state };
        let origin = self.origin(context);
        // What few calls come to has a place of its own, so that the others take little.
        if is_own(&call.tool)
            && let Some(answer) = Box::pin(self.own_tool(&call, &origin, context)).await
        {
            return Ok(Answer::Complete(Box::new(answer?)));
        }
        if state.may_ask() || brought.state.is_some() {
            return Box::pin(self.call_asking(call, brought, context, era)).await;
        }
        let plan = self.prepare(call, origin).await?;
        Ok(self.carry(plan, era, context).await?)
    }

    /// Carries a plan out as what its client takes: a call, a task, or a job that outlives the call.
    pub(super) async fn carry(
        &self,
        plan: Prepared,
        era: Era,
        context: &Context,
    ) -> Result<Answer, Rejection> {
        match plan.tool.detaches() {
            Some(after) if tasks::are_taken(era, context) => {
                return Box::pin(self.as_task(plan, after, context)).await;
            }
            Some(_) if older_tasks::is_wanted(&self.engine.state(), era, context) => {
                return Box::pin(self.as_older_task(plan, context)).await;
            }
            Some(after) => {
                let presented = Box::pin(self.as_job(plan, after, context)).await?;
                return Ok(Answer::Complete(Box::new(presented)));
            }
            None => {}
        }
        let outcome = Box::pin(self.run(&plan, context)).await?;
        Ok(Answer::Complete(Box::new(outcome.present_aside(&plan).await)))
    }

    /// Refuses a client that lacks what the tool needs of it.
    fn judge_client(&self, call: &Call, era: Era, context: &Context) -> Result<(), Rejection> {
        let state = self.engine.state();
        let is_task = older_tasks::is_wanted(&state, era, context);
        let judged = needs::judge(&state, &call.tool, &call.principal, context, is_task);
        judged.inspect_err(|rejection| self.engine.refused(call, &self.origin(context), rejection))
    }

    /// Where a call comes from, for its records.
    pub(super) fn origin(&self, context: &Context) -> Origin {
        let via = match self.caller {
            Caller::OnStdio => "stdio",
            Caller::Known(_) => "http",
        };
        if self.engine.audit().journal().is_none() {
            return Origin { via, ..Origin::default() };
        }
        let client = context.client().map(|client| format!("{} {}", client.name, client.version));
        let traceparent = context.meta.get("traceparent").and_then(|trace| trace.as_str());
        Origin { via, client, traceparent: traceparent.map(str::to_owned) }
    }

    /// The plan of a call, unless its caller has called that often enough.
    pub(super) async fn prepare(&self, call: Call, origin: Origin) -> Result<Prepared, Rejection> {
        let state = self.engine.state();
        if let Caller::Known(caller) = &self.caller
            && state.rates().has_tools()
            && state.offers(&call.tool, caller)
        {
            state.rates().call(caller, &call.tool).map_err(|late| {
                let rejection = Rejection::TooOften { tool: call.tool.clone(), late };
                self.engine.refused(&call, &origin, &rejection);
                rejection
            })?;
        }
        let counted = match &self.caller {
            Caller::Known(caller) if state.quotas().are_there() => {
                Some((caller, call.clone(), origin.clone()))
            }
            _ => None,
        };
        let prepared = self.engine.prepare_aside(call, origin).await?;
        let Some((caller, call, origin)) = counted else { return Ok(prepared) };
        match state.quotas().call(caller) {
            Ok(()) => Ok(prepared),
            Err(used_up) => {
                let rejection = Rejection::UsedUp { tool: call.tool.clone(), used_up };
                self.engine.refused(&call, &origin, &rejection);
                Err(rejection)
            }
        }
    }

    /// Carries a plan out; tells the client how it goes if it has asked for that.
    pub(super) async fn run(&self, plan: &Prepared, context: &Context) -> Result<Outcome, Rejection> {
        let (mut ear, mut mouth) = self.telling(plan, context);
        if mouth.is_shut() {
            return self.engine.execute(plan, &mut ear, context.cancel.clone()).await;
        }
        let outcome = tokio::select! {
            biased;
            outcome = self.engine.execute(plan, &mut ear, context.cancel.clone()) => outcome,
            never = mouth.run() => match never {},
        };
        drop(ear);
        mouth.finish(&context.cancel).await;
        outcome
    }
}

/// Links to resources are a part of results since 2025-06-18.
fn knows_links(context: &Context) -> bool {
    let opened = context.opened.as_ref();
    opened.is_some_and(|opened| opened.protocol_version.as_str() >= ProtocolVersion::V_2025_06_18.as_str())
}
