//! Questions to the client in the middle of a request: one way of asking for both eras of the protocol.
//!
//! In a session a question is a message to the client, and its answer another one, while the request
//! waits. Without a session the request is answered with its questions and with what has to be remembered,
//! sealed; the client asks the same again with its answers. Whoever asks here goes through its questions
//! from the first to the last each time: what was answered before it finds in its notes.

mod ability;
mod form;
mod lacking;
mod of_call;
mod of_prompt;
mod seal;

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{ClientCapabilities, InputResponses};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::era::Era;
use super::wire::Ticket;
use super::wire::desk::Said;

pub(super) use ability::Ability;
pub(super) use of_prompt::Arguments;
pub(super) use seal::{BadState, Seal};

use seal::Memory;

/// How long a person may take for a form.
pub(super) const PATIENCE: Duration = Duration::from_mins(10);

/// A request whose client is asked more often goes in circles.
const MOST_ROUNDS: u32 = 16;

/// Questions by names, as the protocol writes them: `{ "method": …, "params": … }`.
pub(super) type Questions = Map<String, Value>;
/// Results by the names of their questions.
pub(super) type Answers = Map<String, Value>;

/// Why there is no answer, or none yet.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum Unheard {
    /// The request has to be answered with this; the client then asks again.
    #[error("the client has to be asked first")]
    Later { questions: Questions, state: String },
    /// It has not said that it can be asked this.
    #[error("this client cannot be asked: it has not declared `{}`", names(.0))]
    Lacks(Value),
    /// Nothing but an answer reaches it.
    #[error("this client cannot be asked: it takes nothing but answers, or has no session")]
    Unreachable,
    #[error("the client did not answer in time")]
    TimedOut,
    #[error("the client is gone")]
    Gone,
    #[error("the client could not ask: {0}")]
    Refused(String),
    #[error("the client was asked {MOST_ROUNDS} times in one call, which is as often as may be")]
    TooOften,
}

fn names(lacking: &Value) -> String {
    lacking.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>().join("`, `")).unwrap_or_default()
}

/// The request that questions belong to.
pub(super) struct About<'a> {
    pub caller: &'a str,
    pub method: &'a str,
    pub name: &'a str,
    pub arguments: &'a Map<String, Value>,
}

impl About<'_> {
    /// The same for the same request, in whatever order its arguments are written.
    fn digest(&self) -> Vec<u8> {
        let Self { caller, method, name, arguments } = self;
        let arguments = sorted(&Value::Object((*arguments).clone()));
        Sha256::digest(
            Value::from(vec![Value::from(*caller), Value::from(*method), Value::from(*name), arguments])
                .to_string(),
        )
        .to_vec()
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        other => other.clone(),
    }
}

/// One request and the questions that it comes to.
pub(super) struct Conversation<'s> {
    capabilities: ClientCapabilities,
    way: Way<'s>,
    cancel: CancellationToken,
    memory: Memory,
}

enum Way<'s> {
    /// Now, beside the request.
    Beside(Option<Ticket>),
    /// By its answer.
    Again { seal: &'s Seal, about: Vec<u8>, answers: Option<InputResponses> },
}

/// What a client has sent along because it was asked before.
#[derive(Default)]
pub(super) struct Brought {
    pub answers: Option<InputResponses>,
    pub state: Option<String>,
}

impl<'s> Conversation<'s> {
    /// `is_quiet`: nothing but an answer may be sent.
    pub(super) fn begin(
        context: &Context,
        era: Era,
        is_quiet: bool,
        seal: &'s Seal,
        about: &About<'_>,
        brought: Brought,
    ) -> Result<Self, BadState> {
        let cancel = context.cancel.clone();
        if era == Era::Handshake {
            let opened = context.opened.as_ref();
            let capabilities = opened.map(|opened| opened.capabilities.clone()).unwrap_or_default();
            let ticket = context.ticket.as_ref().filter(|_| !is_quiet).cloned();
            let memory = Memory::default();
            return Ok(Self { capabilities, way: Way::Beside(ticket), cancel, memory });
        }
        let capabilities = context.meta.client_capabilities().unwrap_or_default();
        // What it answers to a question that we do not know of is nothing to us.
        let Brought { answers, state } = brought;
        let (memory, answers, about) = match state {
            Some(state) => {
                let about = about.digest();
                (seal.open(&about, &state)?, Some(answers.unwrap_or_default()), about)
            }
            None => (Memory::default(), None, about.digest()),
        };
        Ok(Self { capabilities, way: Way::Again { seal, about, answers }, cancel, memory })
    }

    /// Whether the client can be asked that.
    pub(super) fn can(&self, ability: Ability) -> bool {
        ability.is_in(&self.capabilities) && !matches!(self.way, Way::Beside(None))
    }

    /// Remembers something for what follows, also in later rounds.
    pub(super) fn note(&mut self, name: &str, value: Value) {
        self.memory.notes.insert(name.to_owned(), value);
    }

    pub(super) fn noted(&self, name: &str) -> Option<&Value> {
        self.memory.notes.get(name)
    }

    /// Asks, and returns when all is answered. `point` names the place in the request, so that answers
    /// are taken for those of this question.
    pub(super) async fn ask(
        &mut self,
        point: &str,
        questions: Questions,
        patience: Duration,
    ) -> Result<Answers, Unheard> {
        let abilities: Option<Vec<Ability>> = questions.values().map(Ability::of).collect();
        let strange = || Unheard::Refused("a client cannot be asked that".to_owned());
        let lacking: Vec<Ability> = abilities
            .ok_or_else(strange)?
            .into_iter()
            .filter(|ability| !ability.is_in(&self.capabilities))
            .collect();
        if !lacking.is_empty() {
            return Err(Unheard::Lacks(Ability::all(&lacking)));
        }
        if self.memory.round >= MOST_ROUNDS {
            return Err(Unheard::TooOften);
        }
        match &mut self.way {
            Way::Beside(None) => Err(Unheard::Unreachable),
            Way::Beside(Some(ticket)) => {
                self.memory.round += 1;
                ask_beside(ticket, &questions, patience, &self.cancel).await
            }
            Way::Again { seal, about, answers } => {
                let answers = answers.take().filter(|_| self.memory.point == point);
                if let Some(mut answers) = answers {
                    let all = questions.keys().map(|name| Some((name.clone(), answers.remove(name)?)));
                    if let Some(all) = all.collect::<Option<Answers>>() {
                        return all.into_iter().map(checked).collect();
                    }
                }
                let (round, notes) = (self.memory.round + 1, self.memory.notes.clone());
                let memory = Memory { round, point: point.to_owned(), notes };
                let state = seal.close(about, memory, patience).ok_or(Unheard::Unreachable)?;
                Err(Unheard::Later { questions, state })
            }
        }
    }
}

/// What no question is answered with, is none.
fn checked((name, answer): (String, Value)) -> Result<(String, Value), Unheard> {
    match answer.is_object() {
        true => Ok((name, answer)),
        false => Err(Unheard::Refused(format!("its answer to `{name}` is no object"))),
    }
}

/// All of them at once; the client takes them one after the other if it likes.
pub(super) async fn ask_beside(
    ticket: &Ticket,
    questions: &Questions,
    patience: Duration,
    cancel: &CancellationToken,
) -> Result<Answers, Unheard> {
    let deadline = Instant::now() + patience;
    let empty = Value::Object(Map::new());
    let mut open = Vec::with_capacity(questions.len());
    for (name, question) in questions {
        let method = question.get("method").and_then(Value::as_str).unwrap_or_default();
        let params = question.get("params").unwrap_or(&empty);
        let asked = ticket.ask(method, params);
        let asked = asked.ok_or_else(|| Unheard::Refused("too many questions are open".to_owned()))?;
        open.push((name.clone(), asked));
    }
    let mut answers = Answers::new();
    for at in 0..open.len() {
        let Some((name, question)) = open.get_mut(at) else { break };
        let heard = tokio::select! {
            biased;
            said = question.answer() => match said {
                Some(Said::Result(answer)) => checked((name.clone(), answer)),
                Some(Said::Error(message)) => Err(Unheard::Refused(message)),
                None => Err(Unheard::Gone),
            },
            () = cancel.cancelled() => Err(Unheard::Gone),
            () = ticket.input_ended() => Err(Unheard::Gone),
            () = tokio::time::sleep_until(deadline) => Err(Unheard::TimedOut),
        };
        match heard {
            Ok((name, answer)) => drop(answers.insert(name, answer)),
            Err(unheard) => {
                // What was answered, even by a refusal, need not be taken back.
                let answered = usize::from(matches!(unheard, Unheard::Refused(_)));
                let unanswered = open.iter().skip(at + answered);
                unanswered.for_each(|(_, question)| ticket.give_up(question, "nobody waits for it any more"));
                return Err(unheard);
            }
        }
    }
    Ok(answers)
}

impl From<BadState> for ErrorData {
    fn from(problem: BadState) -> Self {
        Self::invalid_params(problem.to_string(), None)
    }
}
