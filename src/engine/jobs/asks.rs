//! What a job wants to know of its caller before it goes on, and what it has been told so far.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::engine::Wanted;

use super::Job;

/// How long a person may take for an answer.
const PATIENCE: Duration = Duration::from_mins(10);

type Can = Box<dyn Fn(&Value) -> bool + Send + Sync>;

/// The questions of one job.
#[derive(Default)]
pub(super) struct Asks(Mutex<State>);

#[derive(Default)]
struct State {
    /// Which questions its caller can be asked; nobody asks anything without one.
    can: Option<Can>,
    open: Option<Open>,
}

struct Open {
    pending: Map<String, Value>,
    answers: Map<String, Value>,
    /// Of those the caller cannot be asked.
    unasked: Vec<String>,
    state: Value,
}

impl Asks {
    /// From now on somebody looks after its questions, and can answer these.
    pub(super) fn allow(&self, can: Can) {
        self.lock().can = Some(can);
    }

    pub(super) fn is_allowed(&self) -> bool {
        self.lock().can.is_some()
    }

    pub(super) fn open(&self, wanted: Wanted) {
        let mut state = self.lock();
        let Wanted { questions, state: told } = wanted;
        let (mut pending, mut unasked) = (Map::new(), Vec::new());
        for (name, question) in questions {
            match state.can.as_ref().is_some_and(|can| can(&question)) {
                true => drop(pending.insert(name, question)),
                false => unasked.push(name),
            }
        }
        state.open = Some(Open { pending, answers: Map::new(), unasked, state: told });
    }

    /// What nobody has answered yet.
    pub(super) fn pending(&self) -> Map<String, Value> {
        self.lock().open.as_ref().map(|open| open.pending.clone()).unwrap_or_default()
    }

    /// Takes answers to what was asked; what was not asked is nobody's.
    pub(super) fn answer(&self, answers: Map<String, Value>) {
        let mut state = self.lock();
        let Some(open) = &mut state.open else { return };
        for (name, answer) in answers {
            if answer.is_object() && open.pending.remove(&name).is_some() {
                open.answers.insert(name, answer);
            }
        }
    }

    /// What the next run is told, once everything is answered.
    pub(super) fn close(&self) -> Option<Value> {
        let open = self.lock().open.take_if(|open| open.pending.is_empty())?;
        Some(Wanted::answered(&open.state, &open.answers, &open.unasked))
    }

    /// Nobody has answered in time.
    pub(super) fn give_up(&self) {
        self.lock().open = None;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// From now on its caller looks after what it asks, and can answer such questions.
    pub fn let_ask(&self, can: impl Fn(&Value) -> bool + Send + Sync + 'static) {
        self.asks.allow(Box::new(can));
    }

    /// What it asks and nobody has answered yet; it waits for that.
    pub fn asks(&self) -> Map<String, Value> {
        self.asks.pending()
    }

    /// Answers some of what it asks.
    pub fn answer(&self, answers: Map<String, Value>) {
        self.asks.answer(answers);
        self.tell_of_a_change();
    }

    /// Waits until everything is answered. The error says why that will not be.
    pub(super) async fn told(&self, wanted: Wanted) -> Result<Value, String> {
        if !self.asks.is_allowed() {
            return Err("nobody waits for it who could be asked".to_owned());
        }
        let mut changes = self.changes();
        self.asks.open(wanted);
        self.tell_of_a_change();
        let answered = async {
            loop {
                if let Some(input) = self.asks.close() {
                    return input;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let told = tokio::select! {
            input = answered => Ok(input),
            () = self.stop.cancelled() => Err("it was cancelled before anybody answered".to_owned()),
            () = tokio::time::sleep(PATIENCE) => Err("nobody has answered in time".to_owned()),
        };
        self.asks.give_up();
        told
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn questions_are_answered_one_by_one_and_only_those_that_were_asked() {
        let asks = Asks::default();
        asks.allow(Box::new(|question| question != "hard"));
        let questions = json!({ "a": "easy", "b": "easy", "c": "hard" });
        let questions = questions.as_object().unwrap().clone();
        asks.open(Wanted { questions, state: json!(1) });
        assert_eq!(asks.pending().keys().collect::<Vec<_>>(), ["a", "b"]);
        let answer = |asks: &Asks, answers: Value| asks.answer(answers.as_object().unwrap().clone());
        answer(&asks, json!({ "a": { "action": "accept" }, "c": {}, "x": {} }));
        assert_eq!(asks.pending().keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!(asks.close(), None);
        answer(&asks, json!({ "b": "no answer" }));
        assert_eq!(asks.close(), None);
        answer(&asks, json!({ "b": {} }));
        let told =
            json!({ "responses": { "a": { "action": "accept" }, "b": {} }, "unasked": ["c"], "state": 1 });
        assert_eq!(asks.close(), Some(told));
    }
}
