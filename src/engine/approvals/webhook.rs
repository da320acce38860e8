//! `approve: { webhook: … }`: the call goes out as JSON, and whoever answers decides, now or later.
//!
//! The request is made like one of a command, so it is guarded, limited, redacted and recorded like that.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::call::{Given, Handed, Invocation};
use crate::model::{
    APPROVAL_FIELDS, Action, Annotations, ApprovalCall, Authorization, Availability, BadName, ByteSize,
    Catalog, Concurrency, Detach, Dialect, ExitCodes, Kind, Limits, OutputRules, Param, ParamRule, Params,
    Presence, Secrets, ServerSettings, Tool, moment,
};
use crate::plan::PlanError;
use crate::policy::Policy;
use crate::runner::Stream;

use super::super::{Engine, Prepared, Question, Rejection, Sanitizer, planner};
use super::{Unwatched, asked, store, waits};

/// How a record names it. No command with this name is called.
const NAME: &str = "webhook_approval";
/// Of an answer so much is read.
const MOST: ByteSize = ByteSize(64 << 10);
/// Of a text of an answer so many characters are repeated.
const REPEATED: usize = 200;
/// The answer that says that the decision comes later.
const LATER: u16 = 202;

/// What is answered.
#[derive(Deserialize)]
struct Decision {
    decision: String,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

enum Answer {
    Approved,
    Later,
    /// In words that follow "has to be confirmed before it runs:".
    Refused(String),
}

impl Engine {
    /// What was decided at a shell counts too, and a call that waits for that is not sent again.
    pub(super) async fn approval_by_webhook(
        &self,
        call: &ApprovalCall,
        prepared: &Prepared,
        question: &Question,
        cancel: CancellationToken,
    ) -> Result<(), Rejection> {
        if self.decided_at_shell(prepared, question)? {
            return Ok(());
        }
        let waiting = self.approvals.as_ref().map(|approvals| approvals.waiting(&asked(prepared, question)));
        match waiting {
            Some(Ok(Some(waiting))) => return Err(prepared.not_confirmed(waits(&waiting.id, question))),
            Some(Err(problem)) => return Err(prepared.not_confirmed(problem.to_string())),
            Some(Ok(None)) | None => {}
        }
        let id = store::name().map_err(|problem| prepared.not_confirmed(problem.to_string()))?;
        match self.posted(call, &id, prepared, question, cancel).await? {
            Answer::Approved => Ok(()),
            Answer::Later => Err(self.wait_at_shell(prepared, question, Some(id))),
            Answer::Refused(why) => Err(prepared.not_confirmed(why)),
        }
    }

    async fn posted(
        &self,
        call: &ApprovalCall,
        id: &str,
        prepared: &Prepared,
        question: &Question,
        cancel: CancellationToken,
    ) -> Result<Answer, Rejection> {
        let url = call.action.url.to_string();
        let refused = |why: String| Answer::Refused(format!("{url} decides, and {why}"));
        let nested = match nested(call, id, prepared, question) {
            Ok(nested) => nested,
            Err(problem) => return Ok(refused(format!("cannot be asked that: {problem}"))),
        };
        let outcome = match self.recorded(&nested, &mut Unwatched, cancel).await {
            Ok(outcome) => outcome,
            Err(Rejection::Cancelled) => return Err(Rejection::Cancelled),
            Err(problem) => return Ok(refused(format!("was not asked: {problem}"))),
        };
        if outcome.ending.http_status() == Some(LATER) {
            return Ok(Answer::Later);
        }
        if outcome.ending.success(&nested.plan.tool.exit_codes).is_none() {
            let reason = outcome.reason(&nested.plan.tool);
            let why = reason.strip_prefix("no answer: ").unwrap_or(&reason);
            return Ok(refused(format!("gave no answer: {why}")));
        }
        let decision = serde_json::from_slice(&outcome.output.joined(Stream::Stdout));
        Ok(decision.map_or_else(
            |_| refused("its answer is no `{ \"decision\": \"approve\" }` or `\"deny\"`".to_owned()),
            decided,
        ))
    }
}

/// Nothing but a plain yes approves.
fn decided(Decision { decision, by, reason }: Decision) -> Answer {
    let by = by.map(|by| format!(" by {}", shown(&by))).unwrap_or_default();
    let reason = reason.map(|reason| format!(": {}", shown(&reason))).unwrap_or_default();
    match decision.as_str() {
        "approve" => Answer::Approved,
        "deny" => Answer::Refused(format!("it was denied{by}{reason}")),
        other => Answer::Refused(format!("it was answered with the decision `{}`", shown(other))),
    }
}

fn shown(text: &str) -> String {
    let line: String = text.trim().chars().take(REPEATED).map(|c| if c == '\n' { ' ' } else { c }).collect();
    Sanitizer::clean(line.as_bytes())
}

/// The request as a plan. It is of the file and not of its caller, so no rule about callers is asked.
fn nested(
    call: &ApprovalCall,
    id: &str,
    prepared: &Prepared,
    question: &Question,
) -> Result<Prepared, Rejection> {
    let tool = Arc::new(tool(call).map_err(|problem| Rejection::Plan(vec![problem]))?);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let caller = prepared.plan.principal.id();
    let values = [
        Value::from(id),
        Value::from(prepared.plan.tool.name.as_str()),
        Value::from(caller.as_str()),
        Value::from(question.text.as_str()),
        Value::from(question.plan.as_str()),
        moment(since_1970 + question.patience),
    ];
    let handed = tool.params.iter().zip(values).map(|(param, value)| Handed {
        name: param.name.clone(),
        given: Given::Known(value),
        is_sensitive: false,
    });
    let invocation = Invocation::nested(&tool, &prepared.plan.principal, handed.collect())?;
    let nothing = Catalog::new(Vec::new(), ServerSettings::default(), Secrets::default());
    let (policy, facts) = (Policy::of(&nothing), &prepared.state.facts);
    let authorized = policy.authorize_of_file(invocation, facts.now)?;
    let plan = planner(&nothing, &policy, facts).plan(&authorized).map_err(Rejection::Plan)?;
    let papers = prepared.papers.as_ref().map(|papers| papers.of_part("approve", None));
    Ok(Prepared { plan: Arc::new(plan), papers, is_step: false, consent: None, ..prepared.clone() })
}

fn tool(call: &ApprovalCall) -> Result<Tool, PlanError> {
    let params = APPROVAL_FIELDS.into_iter().map(param).collect::<Result<_, _>>()?;
    let limits = Limits::only_output(MOST);
    Ok(Tool {
        name: NAME.parse().map_err(nameless)?,
        title: None,
        description: String::new(),
        params: Arc::new(Params::new(params)),
        when: None,
        requires: None,
        authorization: Authorization::default(),
        action: Action::Http(Box::new(call.action.clone())),
        retry: None,
        fallback: None,
        breaker: None,
        confirm: None,
        cache: None,
        timeout: call.timeout,
        detach: Detach::Never,
        kill_grace: std::time::Duration::ZERO,
        limits,
        concurrency: Concurrency::default(),
        exit_codes: ExitCodes::default(),
        annotations: Annotations::default(),
        output: OutputRules::plain(MOST),
        logging: false,
        availability: Availability::Internal,
        tags: Vec::new(),
        scopes: Vec::new(),
        automation: None,
        dialect: Dialect::Native,
    })
}

fn nameless(problem: BadName) -> PlanError {
    PlanError::Argument { param: NAME.to_owned(), problem: problem.to_string() }
}

fn param(name: &str) -> Result<Param, PlanError> {
    Ok(Param {
        name: name.parse().map_err(nameless)?,
        schema: Map::from_iter([("type".to_owned(), Value::from("string"))]),
        kind: Kind::Text,
        presence: Presence::Required,
        rule: ParamRule { max_bytes: 1 << 20, ..ParamRule::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_plain_yes_approves() {
        let said = |text: &str| match decided(serde_json::from_str(text).unwrap()) {
            Answer::Approved => "approved".to_owned(),
            Answer::Later => "later".to_owned(),
            Answer::Refused(why) => why,
        };
        assert_eq!(said(r#"{"decision":"approve","by":"ann","more":1}"#), "approved");
        assert_eq!(said(r#"{"decision":"deny"}"#), "it was denied");
        let denied = r#"{"decision":"deny","by":"ann","reason":"not\n\u001b[31mtoday"}"#;
        assert_eq!(said(denied), "it was denied by ann: not today");
        for strange in ["Approve", "yes", "", "approved"] {
            let text = format!(r#"{{"decision":"{strange}"}}"#);
            assert!(said(&text).starts_with("it was answered with the decision"), "{strange}");
        }
    }
}
