//! What a prompt asks its client: for arguments that it lacks.

use rmcp::ErrorData;
use rmcp::model::{ConstString as _, GetPromptRequestMethod};
use serde_json::{Map, Value};

use super::super::context::Context;
use super::super::era::Era;
use super::super::server::Server;
use super::lacking::Ungiven;
use super::{About, Brought, Conversation, Questions, form};

/// What a prompt is made with, or what its client is asked first.
pub(in crate::mcp) enum Arguments {
    All(Map<String, Value>),
    Asked { questions: Questions, state: String },
}

impl Server {
    /// The arguments of a prompt with what a person was asked for. Without that it is refused like any other
    /// that lacks it.
    pub(in crate::mcp) async fn prompt_arguments(
        &self,
        name: &str,
        mut arguments: Map<String, Value>,
        brought: Brought,
        context: &Context,
        era: Era,
    ) -> Result<Arguments, ErrorData> {
        let state = self.engine.state();
        let principal = self.caller.principal(&state);
        // Who may not have the prompt is not asked for its arguments.
        let prompt = state.prompts_of(&principal).into_iter().find(|prompt| prompt.name == name);
        let fields = prompt.map(|prompt| form::fields(&prompt.arguments, &arguments)).unwrap_or_default();
        if fields.is_empty() && brought.state.is_none() {
            return Ok(Arguments::All(arguments));
        }
        let caller = principal.id();
        let about = About {
            caller: caller.as_str(),
            method: GetPromptRequestMethod::VALUE,
            name,
            arguments: &arguments,
        };
        let mut talk = Conversation::begin(context, era, self.is_quiet, &self.face.seal, &about, brought)?;
        if fields.is_empty() {
            return Ok(Arguments::All(arguments));
        }
        match talk.lacking(name, &fields).await {
            Ok(given) => {
                arguments.extend(given);
                Ok(Arguments::All(arguments))
            }
            Err(Ungiven::Later { questions, state }) => Ok(Arguments::Asked { questions, state }),
            Err(Ungiven::Gone) => Err(ErrorData::internal_error("the request was cancelled", None)),
            Err(Ungiven::Refused { names, why }) => {
                let message = format!("the prompt `{name}` is not made without `{names}`: {why}");
                Err(ErrorData::invalid_params(message, None))
            }
        }
    }
}
