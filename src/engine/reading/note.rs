//! What is recorded of reading: who asked for which resource or prompt, and whether they were given it.
//! It is not given to anybody if that cannot be recorded.

use serde_json::{Map, Value};

use crate::audit::{Decision, Event, Journal, ReadPrompt, ReadResource, recorded, short_text};
use crate::engine::account::{caller, decision, reason};
use crate::engine::{Engine, State};
use crate::model::{AuditRules, Params, Principal};

use super::{NotRead, Reader, shortened};

impl Engine {
    /// Hands on what was read when there is a record that it was, or why not.
    pub(super) async fn noted_resource<T>(
        &self,
        uri: &str,
        reader: &Reader,
        read: Result<T, NotRead>,
    ) -> Result<T, NotRead> {
        let Some(journal) = self.audit().journal() else { return read };
        let state = self.state();
        let known = state.policy.known(reader.principal.clone());
        let event = Event::Resource(Box::new(ReadResource {
            caller: caller(&known, &reader.origin),
            uri: state.recorded_uri(uri, journal.rules()),
            decision: decided(&read, || state.hides(uri, &known)),
            reason: read.as_ref().err().map(why),
        }));
        noted(&journal, event, uri, read).await
    }

    /// The same of a prompt.
    pub(super) async fn noted_prompt<T>(
        &self,
        name: &str,
        arguments: &Map<String, Value>,
        reader: &Reader,
        read: Result<T, NotRead>,
    ) -> Result<T, NotRead> {
        let Some(journal) = self.audit().journal() else { return read };
        let state = self.state();
        let prompt = state.catalog().offers.prompt(name);
        let event = Event::Prompt(Box::new(ReadPrompt {
            caller: caller(&state.policy.known(reader.principal.clone()), &reader.origin),
            prompt: short_text(name),
            arguments: recorded(prompt.map(|prompt| &*prompt.arguments), arguments, journal.rules()),
            decision: decided(&read, || prompt.is_some()),
            reason: read.as_ref().err().map(why),
        }));
        noted(&journal, event, name, read).await
    }
}

impl State {
    /// Whether there is something under a URI, and nothing that this caller sees.
    fn hides(&self, uri: &str, known: &Principal) -> bool {
        let mut found = self.catalog().offers.resources_at(uri).peekable();
        found.peek().is_some() && !found.any(|(resource, _)| self.shows(known, resource))
    }

    /// The URI as it was sent, or as the file has it where one of its values is nothing for a log.
    fn recorded_uri(&self, uri: &str, rules: &AuditRules) -> String {
        let mut found = self.catalog().offers.resources_at(uri);
        let masked = found.find(|(resource, _)| has_masked(&resource.params, rules));
        short_text(masked.map_or(uri, |(resource, _)| resource.uri.text()))
    }
}

fn has_masked(params: &Params, rules: &AuditRules) -> bool {
    params.iter().any(|param| param.rule.sensitive || rules.masks(param.name.as_str()))
}

/// `is_hidden`: whether others can have it.
fn decided<T>(read: &Result<T, NotRead>, is_hidden: impl Fn() -> bool) -> Decision {
    match read {
        Ok(_) => Decision::Allowed,
        Err(NotRead::NoResource(_) | NotRead::NoPrompt(_)) if is_hidden() => Decision::Denied,
        Err(NotRead::NoResource(_) | NotRead::NoPrompt(_)) => Decision::Unavailable,
        Err(NotRead::Bad(_)) => Decision::Invalid,
        Err(NotRead::Failed(_)) => Decision::Impossible,
        Err(NotRead::Rejected(rejection)) => decision(rejection),
    }
}

fn why(problem: &NotRead) -> String {
    match problem {
        NotRead::Rejected(rejection) => short_text(&reason(rejection)),
        other => short_text(&other.to_string()),
    }
}

async fn noted<T>(
    journal: &Journal,
    event: Event,
    name: &str,
    read: Result<T, NotRead>,
) -> Result<T, NotRead> {
    let Ok(read) = read else {
        journal.note(event);
        return read;
    };
    match journal.record(event).await {
        Err(problem) if journal.refuses() => Err(NotRead::Failed(format!(
            "`{}` is not given to anybody, because that cannot be recorded: {problem}",
            shortened(name)
        ))),
        _ => Ok(read),
    }
}
