//! `prompts/list` and `prompts/get`.

use rmcp::ErrorData;
use rmcp::model::{ConstString, GetPromptRequestMethod, GetPromptRequestParams, ListPromptsRequestMethod};
use serde_json::{Map, Value, json};

use crate::engine::{Filled, Part, Said, State};
use crate::model::{Presence, Principal, Prompt};

use super::super::asking::{Arguments, Brought};
use super::super::context::Context;
use super::super::reply::Reply;
use super::super::server::{Server, not_offered};
use super::json::{FRESH, base64, contents, entry, result, text};
use super::{Offered, error_of, refuse_cursor};

impl Server {
    pub(in crate::mcp) fn answer_prompts(
        &self,
        cursor: Option<String>,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let (era, state) = (self.era(context)?, self.engine.state());
        if !Offered::by(&state).prompts {
            return Err(not_offered(ListPromptsRequestMethod::VALUE));
        }
        refuse_cursor(cursor)?;
        self.told.prompts(state.edition());
        let prompts = listed_prompts(&state, &self.caller.principal(&state));
        let map = Map::from_iter([("prompts".to_owned(), prompts)]);
        Ok(result(map, Some(FRESH), era, &self.face.identity))
    }

    pub(in crate::mcp) async fn answer_prompt(
        &self,
        request: GetPromptRequestParams,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let era = self.era(context)?;
        if !Offered::by(&self.engine.state()).prompts {
            return Err(not_offered(GetPromptRequestMethod::VALUE));
        }
        let GetPromptRequestParams { name, arguments, input_responses, request_state, .. } = request;
        let brought = Brought { answers: input_responses, state: request_state };
        let arguments = arguments.unwrap_or_default();
        let arguments = match self.prompt_arguments(&name, arguments, brought, context, era).await? {
            Arguments::All(arguments) => arguments,
            Arguments::Asked { questions, state } => {
                return Ok(Reply::input_required(&questions, &state, &self.face.identity));
            }
        };
        let texts = arguments.into_iter().filter(|(_, value)| !value.is_null());
        let texts = texts.map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(ErrorData::invalid_params(format!("the argument `{name}` has to be a text"), None)),
        });
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let filled = self.engine.prompt(&name, texts, &self.reader(context)).await;
        let Filled { description, messages } = filled.map_err(|problem| error_of(problem, None))?;
        let mut map = Map::new();
        map.extend(description.map(|description| ("description".to_owned(), json!(description))));
        map.insert("messages".to_owned(), messages.into_iter().map(said).collect());
        Ok(result(map, None, era, &self.face.identity))
    }
}

/// The prompts that a caller sees, as clients list them.
pub(in crate::mcp) fn listed_prompts(state: &State, caller: &Principal) -> Value {
    state.prompts_of(caller).into_iter().map(|prompt| listed(prompt)).collect()
}

fn listed(prompt: &Prompt) -> Value {
    let arguments = prompt.arguments.iter().map(|argument| {
        let of_schema = |key| argument.schema.get(key).cloned();
        entry([
            ("name", Some(json!(argument.name.as_str()))),
            ("title", of_schema("title")),
            ("description", of_schema("description")),
            // A client may leave out what its person can be asked for.
            ("required", Some(json!(argument.presence == Presence::Required && !argument.rule.ask))),
        ])
    });
    let arguments: Vec<Value> = arguments.collect();
    entry([
        ("name", Some(json!(prompt.name))),
        ("title", text(&prompt.title)),
        ("description", text(&prompt.description)),
        ("arguments", (!arguments.is_empty()).then_some(Value::Array(arguments))),
    ])
}

fn said(Said { role, part }: Said) -> Value {
    let content = match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        Part::Media { mime, bytes } => {
            let kind = if mime.starts_with("audio/") { "audio" } else { "image" };
            json!({ "type": kind, "mimeType": mime, "data": base64(&bytes) })
        }
        Part::Resource(resource) => json!({ "type": "resource", "resource": contents(resource) }),
    };
    json!({ "role": role.name(), "content": content })
}
