//! What a call asks its client: for arguments that it lacks, for consent to its plan, and whatever its
//! command wants to know.

use rmcp::ErrorData;
use rmcp::model::ErrorCode;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::engine::{Consent, Prepared, Question, Rejection, Wanted};
use crate::model::{OutputFormat, format_duration};

use super::super::call::{Answer, Stop};
use super::super::context::Context;
use super::super::era::Era;
use super::super::server::Server;
use super::lacking::Ungiven;
use super::{Ability, About, Brought, Conversation, PATIENCE, Questions, Unheard, form};

/// Why there is no answer yet, or none at all.
enum Pause {
    Later { questions: Questions, state: String },
    Stop(Stop),
}

impl<T: Into<Stop>> From<T> for Pause {
    fn from(stop: T) -> Self {
        Self::Stop(stop.into())
    }
}

impl Server {
    /// A call that may ask something before it is answered.
    pub(in crate::mcp) async fn call_asking(
        &self,
        call: Call,
        brought: Brought,
        context: &Context,
        era: Era,
    ) -> Result<Answer, Stop> {
        let caller = call.principal.id();
        let about = About {
            caller: caller.as_str(),
            method: "tools/call",
            name: &call.tool,
            arguments: &call.arguments,
        };
        let seal = &self.face.seal;
        let mut talk = Conversation::begin(context, era, self.is_quiet, seal, &about, brought)?;
        match self.asked_through(call, &mut talk, context, era).await {
            Ok(answer) => Ok(answer),
            Err(Pause::Later { questions, state }) => Ok(Answer::InputRequired { questions, state }),
            Err(Pause::Stop(stop)) => Err(stop),
        }
    }

    async fn asked_through(
        &self,
        call: Call,
        talk: &mut Conversation<'_>,
        context: &Context,
        era: Era,
    ) -> Result<Answer, Pause> {
        let call = self.complete_call(call, talk).await?;
        // A later round is the same call: rates and quotas have counted it.
        let prepared = match talk.noted("counted").is_some() {
            true => self.engine.prepare_aside(call, self.origin(context)).await?,
            false => self.prepare(call, self.origin(context)).await?,
        };
        talk.note("counted", Value::Bool(true));
        let mut prepared = self.confirm(prepared, talk, context).await?;
        if prepared.tool.output.format != OutputFormat::Mcp {
            return Ok(self.carry(prepared, era, context).await?);
        }
        loop {
            if let Some(wanted) = talk.noted("wanted").cloned() {
                prepared = answered(prepared, &wanted, talk, era).await?;
            }
            let mut presented = match self.carry(prepared.clone(), era, context).await? {
                Answer::Complete(presented) => presented,
                answer => return Ok(answer),
            };
            match presented.wanted.take() {
                Some(Wanted { questions, state }) => {
                    talk.note("wanted", json!({ "questions": questions, "state": state }));
                }
                None => return Ok(Answer::Complete(presented)),
            }
        }
    }

    /// The call with what a person was asked for. Without that it is refused like any other that lacks it.
    async fn complete_call(&self, mut call: Call, talk: &mut Conversation<'_>) -> Result<Call, Pause> {
        let state = self.engine.state();
        let Some(tool) = state.catalog().tool(&call.tool) else { return Ok(call) };
        let fields = form::fields(&tool.params, &call.arguments);
        // Who may not see the tool is not asked for its arguments.
        if fields.is_empty() || !state.offers(&call.tool, &call.principal) {
            return Ok(call);
        }
        match talk.lacking(&call.tool, &fields).await {
            Ok(given) => {
                call.arguments.extend(given);
                Ok(call)
            }
            Err(Ungiven::Later { questions, state }) => Err(Pause::Later { questions, state }),
            Err(Ungiven::Gone) => Err(Rejection::Cancelled.into()),
            Err(Ungiven::Refused { names: params, why }) => {
                Err(Rejection::NotGiven { tool: call.tool, params, why }.into())
            }
        }
    }

    /// The plan with the consent that it needs.
    async fn confirm(
        &self,
        prepared: Prepared,
        talk: &mut Conversation<'_>,
        context: &Context,
    ) -> Result<Prepared, Pause> {
        let Some(question) = prepared.question() else { return Ok(prepared) };
        if talk.noted("confirmed").and_then(Value::as_str) == Some(&question.plan) {
            return Ok(prepared.confirmed(Consent::Client));
        }
        let consent = match &question.approver {
            Some(approver) => self
                .engine
                .approval(&prepared, &question, approver, context.cancel.clone())
                .await
                .map(|()| Consent::Approver),
            None => self.client_consent(&prepared, &question, talk).await?,
        };
        match consent {
            Ok(consent) => {
                if consent == Consent::Client {
                    talk.note("confirmed", Value::from(question.plan));
                }
                Ok(prepared.confirmed(consent))
            }
            Err(rejection) => {
                self.engine.refused_plan(&prepared, &rejection);
                Err(rejection.into())
            }
        }
    }

    /// What the person at the client says. Consent is for the plan that was shown and no other.
    async fn client_consent(
        &self,
        prepared: &Prepared,
        question: &Question,
        talk: &mut Conversation<'_>,
    ) -> Result<Result<Consent, Rejection>, Pause> {
        let refused = |why: &str| Ok(Err(prepared.not_confirmed(why)));
        let form = form::question(&question.text, &Map::new());
        let point = format!("confirm {}", question.plan);
        let questions = Questions::from_iter([("confirm".to_owned(), form)]);
        match talk.ask(&point, questions, question.patience).await {
            Ok(answers) => match form::said(&answers, "confirm") {
                form::Said::Accepted(_) => Ok(Ok(Consent::Client)),
                form::Said::Declined(why) => refused(why),
            },
            Err(Unheard::Later { questions, state }) => Err(Pause::Later { questions, state }),
            Err(Unheard::Gone) => Err(Rejection::Cancelled.into()),
            Err(Unheard::TimedOut) => {
                refused(&format!("nobody answered within {}", format_duration(question.patience)))
            }
            Err(Unheard::Lacks(_) | Unheard::Unreachable) if !question.is_refused_unasked => {
                Ok(Ok(Consent::Nobody))
            }
            Err(unheard @ (Unheard::Lacks(_) | Unheard::Unreachable)) => {
                refused(&format!("{unheard}; {ELSEWHERE}"))
            }
            Err(unheard) => refused(&unheard.to_string()),
        }
    }
}

/// What the owner of a file can do where a client cannot ask.
const ELSEWHERE: &str =
    "with `approve: { cli: true }` below `confirm` somebody decides at a shell, by `mcpfier approvals`";

/// The plan of the next run of a command that has asked.
async fn answered(
    prepared: Prepared,
    wanted: &Value,
    talk: &mut Conversation<'_>,
    era: Era,
) -> Result<Prepared, Pause> {
    let empty = Map::new();
    let questions = wanted.get("questions").and_then(Value::as_object).unwrap_or(&empty);
    let can = |question: &Value| Ability::of(question).is_some_and(|ability| talk.can(ability));
    let (asked, unasked): (Vec<_>, Vec<_>) = questions.iter().partition(|(_, question)| can(question));
    let unasked: Vec<String> = unasked.into_iter().map(|(name, _)| name.clone()).collect();
    // Where nothing can be asked, what is lacking is said.
    let all = if asked.is_empty() { questions.iter().collect() } else { asked };
    let asked: Questions = all.into_iter().map(|(name, question)| (name.clone(), question.clone())).collect();
    let answers = match talk.ask("command", asked, PATIENCE).await {
        Ok(answers) => answers,
        Err(Unheard::Later { questions, state }) => {
            return Err(Pause::Later { questions, state });
        }
        Err(Unheard::Gone) => return Err(Rejection::Cancelled.into()),
        Err(Unheard::Lacks(lacking)) if era == Era::PerRequest => {
            return Err(Pause::Stop(Stop::Refused(lacks(&lacking))));
        }
        Err(unheard) => return Err(not_asked(&prepared, unheard.to_string()).into()),
    };
    let state = wanted.get("state").unwrap_or(&Value::Null);
    let input = Wanted::answered(state, &answers, &unasked);
    let tool = prepared.tool.name.to_string();
    prepared.with_input(&input).map_err(|why| Rejection::NotAsked { tool, why }.into())
}

fn not_asked(prepared: &Prepared, why: String) -> Rejection {
    Rejection::NotAsked { tool: prepared.tool.name.to_string(), why }
}

fn lacks(lacking: &Value) -> ErrorData {
    ErrorData::new(
        ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY,
        Unheard::Lacks(lacking.clone()).to_string(),
        Some(json!({ "requiredCapabilities": lacking })),
    )
}
