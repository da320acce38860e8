//! What a request lacks and a person can be asked for: one form, whatever is asked for it.

use serde_json::{Map, Value};

use super::{Ability, Conversation, PATIENCE, Questions, Unheard, form};

/// The name of the question, and of its place in a request.
const ARGUMENTS: &str = "arguments";
/// What was given, for later rounds.
const GIVEN: &str = "given";

/// Why a person has not given what they were asked for.
pub(super) enum Ungiven {
    Later {
        questions: Questions,
        state: String,
    },
    Gone,
    /// The names in words, between backticks that are not a part of them.
    Refused {
        names: String,
        why: String,
    },
}

impl Conversation<'_> {
    /// What a person gives of these fields; nothing where nobody can be asked, so that what is lacking is
    /// told like anywhere.
    pub(super) async fn lacking(
        &mut self,
        name: &str,
        fields: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Ungiven> {
        if let Some(Value::Object(given)) = self.noted(GIVEN) {
            return Ok(given.clone());
        }
        if !self.can(Ability::Form) {
            return Ok(Map::new());
        }
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        let refused = |why: String| Ungiven::Refused { names: names.join("`, `"), why };
        let question = form::question(&format!("`{name}` needs {}.", names.join(", ")), fields);
        let questions = Questions::from_iter([(ARGUMENTS.to_owned(), question)]);
        let answers = self.ask(ARGUMENTS, questions, PATIENCE).await.map_err(|unheard| match unheard {
            Unheard::Later { questions, state } => Ungiven::Later { questions, state },
            Unheard::Gone => Ungiven::Gone,
            unheard => refused(unheard.to_string()),
        })?;
        let given = match form::said(&answers, ARGUMENTS) {
            form::Said::Accepted(content) => content,
            form::Said::Declined(why) => return Err(refused(why.to_owned())),
        };
        // Nothing but what was asked for.
        let given: Map<String, Value> =
            given.into_iter().filter(|(name, _)| fields.contains_key(name)).collect();
        self.note(GIVEN, Value::Object(given.clone()));
        Ok(given)
    }
}
