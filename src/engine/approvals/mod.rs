//! Consent from somebody outside of the client: whoever works at a shell as the user of the server, or a
//! command of the file.

mod store;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::call::{Given, Handed, Invocation};
use crate::model::{APPROVER_PARAMS, Approver, Param, ToolName, format_duration};
use crate::runner::Stream;

use super::{Engine, Prepared, Question, Rejection, Watcher, planner};

pub use store::{Approval, Approvals, BadApprovals, Verdict};

impl Engine {
    /// The same with a place where calls wait for somebody at a shell.
    pub fn approving(self, approvals: Approvals) -> Self {
        Self { approvals: Some(approvals), ..self }
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
            Approver::Shell => self.approval_at_shell(prepared, question),
            Approver::Command(name) => self.approval_by(name, prepared, question, cancel).await,
        }
    }

    /// What was decided about this very plan; if nothing was, the call waits from now on.
    fn approval_at_shell(&self, prepared: &Prepared, question: &Question) -> Result<(), Rejection> {
        let refused = |why: String| Err(prepared.not_confirmed(why));
        let Some(approvals) = &self.approvals else {
            return refused(
                "there is no folder in which calls could wait for `mcpfier approvals`".to_owned(),
            );
        };
        let (tool, caller) = (prepared.plan.tool.name.as_str(), prepared.plan.principal.id());
        match approvals.take(tool, caller.as_str(), &question.plan) {
            Ok(Some(Verdict { is_approved: true, .. })) => return Ok(()),
            Ok(Some(Verdict { reason, .. })) => {
                return refused(
                    reason.map_or("it was denied".to_owned(), |reason| format!("it was denied: {reason}")),
                );
            }
            Ok(None) => {}
            Err(problem) => return refused(problem.to_string()),
        }
        let asked = approvals.ask(tool, caller.as_str(), &question.text, &question.plan, question.patience);
        refused(match asked {
            Ok(approval) => format!(
                "it waits for `mcpfier approvals approve {}` at the shell of the server, for {}; call again when that is done",
                approval.id,
                format_duration(question.patience)
            ),
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
        let now = state.facts.now;
        let call = state.policy.authorize_of_file(call, now).map_err(|denied| refused(denied.to_string()))?;
        let plan = planner(catalog, &state.policy, &state.facts).plan(&call);
        let plan = plan.map_err(|problems| refused(Rejection::Plan(problems).to_string()))?;
        let papers = prepared.papers.as_ref().map(|papers| papers.of_part("approve", None));
        let nested = Prepared { plan, papers, is_step: false, ..prepared.clone() };
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
    fn output(&mut self, _stream: Stream, _bytes: &[u8]) {}
}
