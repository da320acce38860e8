//! Tools that the server carries out itself: looking after jobs.
//!
//! They are there for callers who see something that can become a job, and act on a caller's own jobs
//! only, so no permission names them; rules of `policies` deny them like any other. Their calls are
//! recorded like any other.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::call::{Call, Invocation};
use crate::model::{
    Action, Annotations, Authorization, Availability, ByteSize, Catalog, Concurrency, Detach, Dialect,
    ExitCodes, Kind, Limits, OWN_TOOLS, OutputRules, Param, ParamRule, Params, Permissions, Presence,
    Principal, Secrets, ServerSettings, Tool,
};

use super::account::Entry;
use super::{Engine, Origin, Rejection, State, conditions};

/// `job_wait` waits no longer: clients give up on what does.
pub const LONGEST_WAIT: u64 = 45;
/// What `job_output` shows at most.
pub const MOST_OUTPUT: u64 = 256 << 10;
/// What `job_list` lists at most.
pub const MOST_LISTED: u64 = 500;

static TOOLS: LazyLock<Catalog> = LazyLock::new(|| {
    Catalog::new(
        vec![wait(), output(), cancel(), list()].into_iter().flatten().collect(),
        ServerSettings::default(),
        Secrets::default(),
    )
});

/// A call of such a tool that may be carried out, and is over when it says so.
pub struct OwnCall {
    pub invocation: Invocation,
    entry: Option<Entry>,
}

impl OwnCall {
    /// Records how it ended.
    pub async fn end(self, is_error: bool) {
        if let Some(entry) = self.entry {
            entry.end_own(is_error).await;
        }
    }
}

impl State {
    /// The tools of our own that a caller sees.
    pub(super) fn own_of<'t>(
        &'t self,
        principal: &Principal,
    ) -> impl Iterator<Item = &'t Arc<Tool>> + use<'t> {
        let is_of_use = self.may_detach
            && self.policy.seen_by(principal, self.catalog().offered()).any(|tool| tool.detaches().is_some());
        let tools: &'t [Arc<Tool>] = if is_of_use { TOOLS.tools() } else { &[] };
        let caller = widened(&self.policy.known(principal.clone()));
        tools.iter().filter(move |tool| self.policy.may_see(&caller, tool))
    }
}

/// What is their own is theirs, whatever patterns of names say.
fn widened(principal: &Principal) -> Principal {
    Principal { permissions: Permissions::All, within: None, ..principal.clone() }
}

impl Engine {
    /// A call of a tool of our own; `None` if its caller sees none of that name.
    pub async fn own_call(
        &self,
        call: &Call,
        origin: &Origin,
        cancel: &CancellationToken,
    ) -> Option<Result<OwnCall, Rejection>> {
        if !is_own(&call.tool) {
            return None;
        }
        let state = self.state();
        state.own_of(&call.principal).find(|tool| tool.name.as_str() == call.tool)?;
        let papers = self.papers_of_own(&TOOLS, &state, call, origin);
        let judged = judged(&state, call.clone());
        let invocation = match judged {
            Ok(invocation) => invocation,
            Err(rejection) => {
                if let Some(papers) = papers {
                    papers.refused(&call.tool, &rejection);
                }
                return Some(Err(rejection));
            }
        };
        let entry = match papers {
            Some(papers) => Arc::new(papers).begin_own(call, cancel).await,
            None => Ok(None),
        };
        Some(entry.map(|entry| OwnCall { invocation, entry }))
    }
}

/// Whether a name is that of a tool of our own.
pub fn is_own(tool: &str) -> bool {
    OWN_TOOLS.contains(&tool)
}

fn judged(state: &State, call: Call) -> Result<Invocation, Rejection> {
    let principal = widened(&state.policy.known(Arc::clone(&call.principal))).into();
    let invocation = Invocation::bind(&TOOLS, Call { principal, ..call })?;
    let moment = conditions::of_this_moment(&invocation, &state.facts, &state.policy);
    let facts = moment.as_ref().unwrap_or(&state.facts);
    let authorized = state.policy.authorize(invocation, facts.now)?;
    Ok(authorized.invocation().clone())
}

fn wait() -> Option<Tool> {
    let seconds = number(
        "seconds",
        "How long to wait for its end; it may be called again and again.",
        (1, LONGEST_WAIT),
        Some(30),
    );
    tool(
        "job_wait",
        "Wait for a job",
        "Waits for the end of a job, a call that goes on by itself, and gives its result; if it still runs, \
         says so and what it wrote last.",
        [job_id(), seconds],
        true,
    )
}

fn output() -> Option<Tool> {
    let offset = Param {
        schema: schema(json!({
            "type": "integer",
            "description": "The first byte to read; the answer says where the next piece begins. Below 0: counted from the end.",
            "default": 0,
        })),
        ..number("offset", "", (0, 0), Some(0))?
    };
    let limit = number("limit", "How many bytes to read at most.", (1, MOST_OUTPUT), Some(32 << 10));
    tool(
        "job_output",
        "Read what a job has written",
        "Reads what a job has written so far, or of one that is over all that was kept of it.",
        [job_id(), Some(offset), limit],
        true,
    )
}

fn cancel() -> Option<Tool> {
    tool(
        "job_cancel",
        "Cancel a job",
        "Ends a job that still runs, with all of its processes.",
        [job_id()],
        false,
    )
}

fn list() -> Option<Tool> {
    let limit = number("limit", "How many to list, the newest first.", (1, MOST_LISTED), Some(20));
    let about =
        "Lists the jobs that you have begun: those that run, and those that are over and not forgotten yet.";
    tool("job_list", "List jobs", about, [limit], true)
}

fn job_id() -> Option<Param> {
    let schema = json!({
        "type": "string",
        "description": "The name of the job, as the call that became one gave it.",
        "minLength": 1,
        "maxLength": 100,
    });
    Some(Param {
        name: "job_id".parse().ok()?,
        schema: self::schema(schema),
        kind: Kind::Text,
        presence: Presence::Required,
        rule: ParamRule { allow_dash: true, max_bytes: 100, ..ParamRule::default() },
    })
}

fn number(name: &str, about: &str, (least, most): (u64, u64), default: Option<u64>) -> Option<Param> {
    let mut schema = json!({ "type": "integer", "description": about, "minimum": least, "maximum": most });
    let presence = match default {
        Some(default) => {
            schema["default"] = json!(default);
            Presence::Default(json!(default))
        }
        None => Presence::Optional,
    };
    let schema = self::schema(schema);
    Some(Param {
        name: name.parse().ok()?,
        schema,
        kind: Kind::Integer,
        presence,
        rule: ParamRule::default(),
    })
}

fn schema(schema: Value) -> Map<String, Value> {
    match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

fn tool<const N: usize>(
    name: &str,
    title: &str,
    description: &str,
    params: [Option<Param>; N],
    read_only: bool,
) -> Option<Tool> {
    let limits = Limits::only_output(ByteSize::mib(1));
    Some(Tool {
        name: name.parse().ok()?,
        title: Some(title.to_owned()),
        description: description.to_owned(),
        params: Arc::new(Params::new(params.into_iter().collect::<Option<_>>()?)),
        when: None,
        requires: None,
        authorization: Authorization::default(),
        action: Action::NotSupported("the server carries it out itself".to_owned()),
        retry: None,
        fallback: None,
        breaker: None,
        confirm: None,
        cache: None,
        timeout: std::time::Duration::from_mins(1),
        detach: Detach::Never,
        kill_grace: std::time::Duration::ZERO,
        limits,
        concurrency: Concurrency::default(),
        exit_codes: ExitCodes::default(),
        annotations: Annotations { read_only, destructive: !read_only, idempotent: true, open_world: false },
        output: OutputRules::plain(ByteSize(MOST_OUTPUT)),
        logging: false,
        availability: Availability::Offered,
        tags: Vec::new(),
        scopes: Vec::new(),
        automation: None,
        dialect: Dialect::Native,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_of_ours_is_there() {
        let names: Vec<&str> = TOOLS.tools().iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!(names, OWN_TOOLS);
    }
}
