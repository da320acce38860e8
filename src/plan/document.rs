//! Plans as programs read them: JSON, which `schemas/plan.schema.json` describes.
//!
//! It is written as it stands here, so whoever needs no more than its digest makes no tree of it first.

use std::path::Path;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::model::{Limits, Secrets};

use super::render::{Amount, set_limits};
use super::{ExecutionPlan, Held, Means, PlannedStdin, ProcessPlan, Step, Word};
use super::{care, container, flow, http, output, sandbox};

/// A plan to be written.
#[derive(Serialize)]
pub struct Document<'a> {
    tool: &'a str,
    caller: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    #[serde(flatten)]
    step: StepDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<Value>,
    #[serde(flatten)]
    care: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum StepDocument<'a> {
    Process(Box<ProcessDocument<'a>>),
    Other(Map<String, Value>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessDocument<'a> {
    kind: &'static str,
    #[serde(serialize_with = "shown")]
    program: &'a Path,
    argv: Vec<String>,
    #[serde(serialize_with = "shown")]
    working_dir: &'a Path,
    stdin: Option<String>,
    env: Map<String, Value>,
    inherited_env: Vec<&'a str>,
    #[serde(serialize_with = "in_millis")]
    timeout_ms: Duration,
    #[serde(serialize_with = "in_millis")]
    kill_grace_ms: Duration,
    limits: LimitsDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<Value>,
}

/// The limits that are set, and by what each of them is kept.
pub(super) struct LimitsDocument<'a> {
    pub limits: &'a Limits,
    pub means: Means,
}

impl ExecutionPlan {
    /// The plan as JSON.
    pub fn to_json(&self, secrets: &Secrets) -> Value {
        // All of its keys are texts, so there is nothing that could fail.
        serde_json::to_value(self.document(secrets)).unwrap_or_default()
    }

    /// The same for whoever writes it.
    pub fn document<'a>(&'a self, secrets: &Secrets) -> Document<'a> {
        Document {
            tool: self.tool.name.as_str(),
            caller: &self.principal.name,
            when: self.held.as_ref().map(Held::to_json),
            output: output::to_json(&self.tool, &self.output),
            step: match &self.step {
                Step::Process(process) => {
                    StepDocument::Process(Box::new(of_process(process, self.means, secrets)))
                }
                Step::Container(container) => StepDocument::Other(container::to_json(container, secrets)),
                Step::Http(call) => StepDocument::Other(http::to_json(call, secrets)),
                Step::Flow(flow) => StepDocument::Other(flow::to_json(flow, secrets)),
            },
            confirm: self.confirm_json(),
            care: care::document(self, secrets),
        }
    }
}

fn of_process<'a>(process: &'a ProcessPlan, means: Means, secrets: &Secrets) -> ProcessDocument<'a> {
    let printed = |word: &Word| word.printed(secrets);
    ProcessDocument {
        kind: "process",
        program: &process.program,
        argv: process.argv.iter().map(printed).collect(),
        working_dir: &process.working_dir,
        stdin: match &process.stdin {
            PlannedStdin::Null => None,
            PlannedStdin::Text(word) => Some(printed(word)),
        },
        env: process.variables.iter().map(|(name, word)| (name.clone(), printed(word).into())).collect(),
        inherited_env: process.inherited.keys().map(String::as_str).collect(),
        timeout_ms: process.timeout,
        kill_grace_ms: process.kill_grace,
        limits: LimitsDocument { limits: &process.limits, means },
        sandbox: process.sandbox.as_ref().map(|sandbox| sandbox::to_json(sandbox, means.sandbox)),
    }
}

impl Serialize for LimitsDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Limit {
            value: Amount,
            by: &'static str,
        }
        let set = set_limits(self.limits, self.means);
        serializer.collect_map(set.map(|(name, value, mean)| (name, Limit { value, by: mean.word() })))
    }
}

fn shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

fn in_millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    millis(*duration).serialize(serializer)
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
