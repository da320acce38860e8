//! Consent from somebody outside of the client: whoever works at a shell as the user of the server, a
//! command of the file, or whoever answers a request.

mod store;
mod webhook;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::call::{Given, Handed, Invocation};
use crate::model::{APPROVER_PARAMS, Approver, Param, ToolName, format_duration};
use crate::runner::Stream;

use super::{Consent, Engine, Prepared, Question, Rejection, Watcher, conditions, planner};

use store::Asked;

pub use store::{Approval, Approvals, BadApprovals, Verdict};

impl Engine {
    /// The same with a place where calls wait for somebody at a shell.
    pub fn approving(self, approvals: Approvals) -> Self {
        Self { approvals: Some(approvals), ..self }
    }

    /// The plan of a call that nobody makes, with the consent of an approver that decides by itself.
    pub(super) async fn approved(
        &self,
        prepared: Prepared,
        cancel: &CancellationToken,
    ) -> Result<Prepared, Rejection> {
        let Some(question) = prepared.question() else { return Ok(prepared) };
        let approver = match &question.approver {
            Some(approver @ (Approver::Command(_) | Approver::Webhook(_))) => approver,
            // Without a consent it is not carried out.
            Some(Approver::Shell) | None => return Ok(prepared),
        };
        match self.approval(&prepared, &question, approver, cancel.clone()).await {
            Ok(()) => Ok(prepared.confirmed(Consent::Approver)),
            Err(rejection) => {
                self.refused_plan(&prepared, &rejection);
                Err(rejection)
            }
        }
    }

    /// Returns when the call may run.
    pub async fn approval(
        &self,
        prepared: &Prepared,
        question: &Question,
        approver: &Approver,
        cancel: CancellationToken,
    ) -> Result<(), Rejection> {
        match approver {
            Approver::Shell => match self.decided_at_shell(prepared, question)? {
                true => Ok(()),
                false => Err(self.wait_at_shell(prepared, question, None)),
            },
            Approver::Command(name) => self.approval_by(name, prepared, question, cancel).await,
            Approver::Webhook(call) => self.approval_by_webhook(call, prepared, question, cancel).await,
        }
    }

    /// Whether this very plan was approved; nothing may have been decided yet.
    fn decided_at_shell(&self, prepared: &Prepared, question: &Question) -> Result<bool, Rejection> {
        let Some(approvals) = &self.approvals else { return Ok(false) };
        let (tool, caller) = (prepared.plan.tool.name.as_str(), prepared.plan.principal.id());
        match approvals.take(tool, caller.as_str(), &question.plan) {
            Ok(Some(Verdict { is_approved: true, .. })) => Ok(true),
            Ok(Some(Verdict { reason, .. })) => {
                let why =
                    reason.map_or("it was denied".to_owned(), |reason| format!("it was denied: {reason}"));
                Err(prepared.not_confirmed(why))
            }
            Ok(None) => Ok(false),
            Err(problem) => Err(prepared.not_confirmed(problem.to_string())),
        }
    }

    /// Has the call wait from now on, unless it does already, by this name if it has one.
    fn wait_at_shell(&self, prepared: &Prepared, question: &Question, id: Option<String>) -> Rejection {
        let Some(approvals) = &self.approvals else {
            let why = "there is no folder in which calls could wait for `mcpfier approvals`";
            return prepared.not_confirmed(why);
        };
        prepared.not_confirmed(match approvals.ask(&asked(prepared, question), id, question.patience) {
            Ok(approval) => waits(&approval.id, question),
            Err(problem) => problem.to_string(),
        })
    }

    /// What a command of the file decides: its success approves.
    async fn approval_by(
        &self,
        name: &ToolName,
        prepared: &Prepared,
        question: &Question,
        cancel: CancellationToken,
    ) -> Result<(), Rejection> {
        let state = &prepared.state;
        let refused = |why: String| prepared.not_confirmed(format!("`{name}` decides, and {why}"));
        let catalog = state.catalog();
        let tool = catalog.tool(name.as_str()).ok_or_else(|| refused("is not there".to_owned()))?;
        let handed = tool.params.iter().filter_map(|param| handed(param, prepared, question)).collect();
        let call = Invocation::nested(tool, &prepared.plan.principal, handed);
        let call = call.map_err(|problem| refused(problem.to_string()))?;
        let moment = conditions::of_this_moment(&call, &state.facts, &state.policy);
        let facts = moment.as_ref().unwrap_or(&state.facts);
        let call = state.policy.authorize_of_file(call, facts.now);
        let call = call.map_err(|denied| refused(denied.to_string()))?;
        let plan = planner(catalog, &state.policy, facts).plan(&call);
        let plan = plan.map_err(|problems| refused(Rejection::Plan(problems).to_string()))?;
        let papers = prepared.papers.as_ref().map(|papers| papers.of_part("approve", None));
        let nested = Prepared { plan: Arc::new(plan), papers, is_step: false, ..prepared.clone() };
        let outcome = match self.recorded(&nested, &mut Unwatched, cancel).await {
            Ok(outcome) => outcome,
            Err(Rejection::Cancelled) => return Err(Rejection::Cancelled),
            Err(problem) => return Err(refused(format!("did not run: {problem}"))),
        };
        let presented = outcome.present(&nested.plan);
        if !presented.is_error {
            return Ok(());
        }
        let text = presented.plain_text();
        let said = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        Err(refused(format!("does not approve: {}", said.trim())))
    }
}

fn asked<'a>(prepared: &'a Prepared, question: &'a Question) -> Asked<'a> {
    Asked {
        tool: prepared.plan.tool.name.as_str(),
        caller: prepared.plan.principal.id().to_string(),
        text: &question.text,
        plan: &question.plan,
    }
}

fn waits(id: &str, question: &Question) -> String {
    let left = format_duration(question.patience);
    format!(
        "it waits for `mcpfier approvals approve {id}` at the shell of the server, for {left}; call again when that is done"
    )
}

/// What an approver is told, as far as it declares it.
fn handed(param: &Param, prepared: &Prepared, question: &Question) -> Option<Handed> {
    let [tool, by, text, plan] = APPROVER_PARAMS;
    let name = param.name.as_str();
    let value = match name {
        _ if name == tool => prepared.plan.tool.name.to_string(),
        _ if name == by => prepared.plan.principal.id().as_str().to_owned(),
        _ if name == text => question.text.clone(),
        _ if name == plan => question.plan.clone(),
        _ => return None,
    };
    let end = value.floor_char_boundary(param.rule.max_bytes);
    let given = Given::Known(Value::from(value.get(..end).unwrap_or_default()));
    Some(Handed { name: param.name.clone(), given, is_sensitive: false })
}

struct Unwatched;

impl Watcher for Unwatched {
    fn output(&mut self, _stream: Stream, _bytes: &Bytes) {}
}
