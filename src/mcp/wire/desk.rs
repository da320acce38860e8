//! Questions to a client that are not answered yet, of one connection or one session.
//!
//! A question goes out beside what belongs to the call that asks it, and its answer comes in as a message
//! of its own, over HTTP even as a request of its own. So it is found again by its id, which nobody
//! guesses: whoever could would answer for somebody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;

/// Bytes of an id.
const NAME: usize = 18;

/// A client that answers none is not asked for ever more.
const MOST: usize = 64;

/// What a client has said to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::mcp) enum Said {
    Result(Value),
    /// It could not be asked, in the client's words.
    Error(String),
}

#[derive(Default)]
pub(in crate::mcp) struct Desk {
    open: Mutex<HashMap<String, oneshot::Sender<Said>>>,
}

/// A question that waits for its answer; dropped, nobody waits for it any more.
pub(in crate::mcp) struct Question {
    id: String,
    desk: Arc<Desk>,
    answer: oneshot::Receiver<Said>,
}

impl Desk {
    /// A place for one more question; `None` if there are too many.
    pub(in crate::mcp) fn open(self: &Arc<Self>) -> Option<Question> {
        let mut random = [0; NAME];
        getrandom::fill(&mut random).ok()?;
        let id = BASE64_URL_SAFE_NO_PAD.encode(random);
        let (sender, answer) = oneshot::channel();
        let mut open = self.lock();
        if open.len() >= MOST {
            return None;
        }
        open.insert(id.clone(), sender);
        drop(open);
        Some(Question { id, desk: Arc::clone(self), answer })
    }

    /// Hands an answer to who asked; `false` if nobody has asked that here.
    pub(in crate::mcp) fn answer(&self, id: &str, said: Said) -> bool {
        let waiting = self.lock().remove(id);
        waiting.is_some_and(|waiting| waiting.send(said).is_ok())
    }

    pub(in crate::mcp) fn knows(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Said>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question {
    pub(in crate::mcp) fn id(&self) -> &str {
        &self.id
    }

    /// What the client says; may be dropped and asked again.
    pub(in crate::mcp) async fn answer(&mut self) -> Option<Said> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.desk.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn an_answer_reaches_who_asked_and_nobody_twice() {
        let desk = Arc::new(Desk::default());
        let (mut one, mut two) = (desk.open().unwrap(), desk.open().unwrap());
        assert_ne!(one.id(), two.id());
        assert!(desk.answer(two.id(), Said::Result(json!(2))));
        assert!(desk.answer(one.id(), Said::Error("no".into())));
        assert!(!desk.answer(one.id(), Said::Result(json!(3))), "answered already");
        assert_eq!(one.answer().await, Some(Said::Error("no".into())));
        assert_eq!(two.answer().await, Some(Said::Result(json!(2))));
        assert!(!desk.answer("0", Said::Result(json!(0))), "nobody has asked that");
    }

    #[test]
    fn there_are_not_ever_more_questions_and_one_that_is_given_up_makes_room() {
        let desk = Arc::new(Desk::default());
        let mut asked: Vec<Question> = (0..MOST).map(|_| desk.open().unwrap()).collect();
        assert!(desk.open().is_none());
        asked.pop();
        assert!(desk.open().is_some());
    }
}
