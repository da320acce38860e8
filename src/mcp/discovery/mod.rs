//! Two tools in place of thousands: `search_tools` finds those that a caller sees, and `call_tool` calls one,
//! which is from there on an ordinary call of that tool.

mod index;

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{Tool as Listed, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::engine::{Presented, State, TextPart};
use crate::model::{CALL_TOOL, OWN_TOOLS, Principal, SEARCH_TOOLS, Tool};

use super::listing;
use super::server::Server;

use index::Index;

/// How many tools are found without a word about it, and at most.
const USUAL: usize = 10;
const MOST: usize = 50;
/// Of a question.
const LONGEST: usize = 500;

/// The words of all tools of one state, made when they are searched first.
#[derive(Default)]
pub(super) struct Searched(Mutex<Option<(u64, Arc<Index>)>>);

impl Searched {
    fn of(&self, state: &State) -> Arc<Index> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((edition, index)) if *edition == state.edition() => Arc::clone(index),
            _ => {
                let index = Arc::new(Index::of(state.catalog()));
                *kept = Some((state.edition(), Arc::clone(&index)));
                index
            }
        }
    }
}

/// Whether a caller searches tools instead of being given all of them.
pub(super) fn is_on(state: &State, principal: &Principal) -> bool {
    state.catalog().server.discovery.searches(|| state.offered_to(principal).count())
}

/// What is listed in place of a caller's tools.
pub(super) fn listed(state: &State, principal: &Principal) -> Vec<Listed> {
    // What looks after jobs stands beside them: nobody searches for that.
    let own = state.offered_to(principal).filter(|tool| is_own(tool));
    let others = state.offered_to(principal).filter(|tool| !is_own(tool)).count();
    [search_tool(others), call_tool()].into_iter().chain(own.map(|tool| listing::listed(tool))).collect()
}

fn is_own(tool: &Tool) -> bool {
    OWN_TOOLS.contains(&tool.name.as_str())
}

fn search_tool(count: usize) -> Listed {
    let description = format!(
        "Finds tools. This server has {count} tools that are not listed; search them by words of what you want to do, and call what you find with `{CALL_TOOL}`. The answer has each tool's name, description and `inputSchema`."
    );
    let schema = json!({
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "maxLength": LONGEST,
                "description": "Words of what is wanted, such as `git branch delete`. Without it tools are listed in their order.",
            },
            "limit": {
                "type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL,
                "description": "How many tools to answer with.",
            },
            "offset": {
                "type": "integer", "minimum": 0, "default": 0,
                "description": "How many of the best to leave out, to see more.",
            },
        },
        "additionalProperties": false,
    });
    let output = json!({
        "type": "object",
        "properties": {
            "tools": { "type": "array", "items": { "type": "object", "required": ["name", "inputSchema"] } },
            "total": { "type": "integer", "description": "How many fit." },
        },
        "required": ["tools", "total"],
    });
    let hints = ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false);
    let mut listed = Listed::new(SEARCH_TOOLS, description, Arc::new(object(schema)));
    listed.title = Some("Search tools".to_owned());
    listed.annotations = Some(hints);
    listed.output_schema = Some(Arc::new(object(output)));
    listed
}

fn call_tool() -> Listed {
    let description = format!(
        "Calls a tool that `{SEARCH_TOOLS}` has found, with arguments that fit its `inputSchema`. The result is that of the tool."
    );
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "The tool's name, as it was found." },
            "arguments": { "type": "object", "description": "The tool's arguments.", "default": {} },
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    let mut listed = Listed::new(CALL_TOOL, description, Arc::new(object(schema)));
    listed.title = Some("Call a tool".to_owned());
    // It may be any of them.
    listed.annotations =
        Some(ToolAnnotations::new().read_only(false).destructive(true).idempotent(false).open_world(true));
    listed
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The tool that a call is about, if it is made by way of `call_tool`.
pub(super) fn meant<'a>(name: &'a str, arguments: Option<&'a Map<String, Value>>) -> &'a str {
    let inner = arguments.and_then(|arguments| arguments.get("name")).and_then(Value::as_str);
    inner.filter(|_| name == CALL_TOOL).unwrap_or(name)
}

impl Server {
    /// The call that is meant; or an answer, if it is a search or says nothing that could be called.
    pub(super) fn discovered(&self, call: Call) -> Result<Call, Box<Presented>> {
        if ![SEARCH_TOOLS, CALL_TOOL].contains(&call.tool.as_str()) {
            return Ok(call);
        }
        let state = self.engine.state();
        if !is_on(&state, &call.principal) {
            return Ok(call);
        }
        match call.tool.as_str() {
            CALL_TOOL => unwrapped(call).map_err(|problem| Box::new(Presented::refusal(problem))),
            _ => Err(Box::new(self.found(&state, &call))),
        }
    }

    fn found(&self, state: &State, call: &Call) -> Presented {
        let (query, limit, offset) = match question(&call.arguments) {
            Ok(question) => question,
            Err(problem) => return Presented::refusal(problem),
        };
        let visible = state.offered_to(&call.principal).filter(|tool| !is_own(tool));
        let found = self.face.searched.of(state).find(&query, visible);
        let tools: Vec<Value> = found.iter().skip(offset).take(limit).map(|tool| shown(tool)).collect();
        let answer = json!({ "tools": tools, "total": found.len() });
        Presented {
            text: vec![TextPart::Said(answer.to_string())],
            is_error: false,
            structured: Some(answer),
            ..Presented::refusal(String::new())
        }
    }
}

/// What a model needs to call a tool.
fn shown(tool: &Tool) -> Value {
    let mut listed = serde_json::to_value(listing::listed(tool)).unwrap_or_default();
    if let Some(map) = listed.as_object_mut() {
        map.remove("outputSchema");
    }
    listed
}

fn question(arguments: &Map<String, Value>) -> Result<(String, usize, usize), String> {
    if let Some(strange) = arguments.keys().find(|key| !["query", "limit", "offset"].contains(&key.as_str()))
    {
        return Err(format!(
            "`{strange}` is no argument of `{SEARCH_TOOLS}`; expected `query`, `limit`, `offset`"
        ));
    }
    let query = match arguments.get("query") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.len() <= LONGEST => text.clone(),
        Some(_) => return Err(format!("`query` has to be a text of at most {LONGEST} bytes")),
    };
    let number = |name: &str, usual: usize, range: std::ops::RangeInclusive<usize>| match arguments.get(name)
    {
        None | Some(Value::Null) => Ok(usual),
        Some(value) => {
            let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
            number.filter(|number| range.contains(number)).ok_or_else(|| {
                format!("`{name}` has to be a whole number from {} to {}", range.start(), range.end())
            })
        }
    };
    Ok((query, number("limit", USUAL, 1..=MOST)?, number("offset", 0, 0..=1_000_000)?))
}

/// The call inside of a call of `call_tool`.
pub(super) fn unwrapped(call: Call) -> Result<Call, String> {
    let Call { principal, tool: _, mut arguments } = call;
    let Some(Value::String(tool)) = arguments.remove("name") else {
        return Err(format!(
            "`{CALL_TOOL}` needs `name`, the name of a tool that `{SEARCH_TOOLS}` has found"
        ));
    };
    if [SEARCH_TOOLS, CALL_TOOL].contains(&tool.as_str()) {
        return Err(format!("`{tool}` is called by itself, and not with `{CALL_TOOL}`"));
    }
    let inner = match arguments.remove("arguments") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(inner)) => inner,
        Some(_) => return Err("`arguments` has to be an object of the tool's arguments".to_owned()),
    };
    match arguments.keys().next() {
        Some(strange) => Err(format!(
            "`{strange}` is no argument of `{CALL_TOOL}`; put what is for `{tool}` into `arguments`"
        )),
        None => Ok(Call { principal, tool, arguments: inner }),
    }
}
