//! JSON arguments → [`Invocation`]: a call that fits its tool.
//!
//! Knows schemas and our own rules for values; knows nothing of permissions, words or processes.

mod bind;
mod nested;
mod problem;
mod rules;
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::{Param, Principal, Tool};

pub use bind::fit;
pub use nested::{Given, Handed};
pub use problem::{ArgumentProblem, BadCall};
pub use surroundings::{Item, Seen, StepResult, StepState, Surroundings, later_text, output_text};

/// A call as it came in: nothing about it is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub principal: Arc<Principal>,
    pub tool: String,
    pub arguments: Map<String, Value>,
}

/// A call that fits its tool: every argument that is known is valid and defaulted. Only
/// [`Invocation::bind`] makes one of what a caller sends, and [`Invocation::nested`] one of what a step
/// of a flow hands on.
#[derive(Debug, Clone)]
pub struct Invocation {
    tool: Arc<Tool>,
    principal: Arc<Principal>,
    values: Map<String, Value>,
    /// By parameter, what is not known yet, as it prints. Only calls of steps have such.
    later: BTreeMap<String, String>,
    /// Parameters with a sensitive value, whatever their own rule says.
    hidden: BTreeSet<String>,
    /// Of a step.
    surroundings: Option<Surroundings>,
}

impl Invocation {
    pub fn tool(&self) -> &Arc<Tool> {
        &self.tool
    }

    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// The value of a parameter; `None` if it is absent.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// All parameters that have a value, in the order of the tool.
    pub fn values(&self) -> impl Iterator<Item = (&Param, &Value)> {
        self.tool.params.iter().filter_map(|param| Some((param, self.value(param.name.as_str())?)))
    }

    /// How a value that is not known yet prints.
    pub fn later(&self, name: &str) -> Option<&str> {
        self.later.get(name).map(String::as_str)
    }

    /// Whether every value is known.
    pub fn is_known(&self) -> bool {
        self.later.is_empty()
    }

    /// Whether its value is not to be shown.
    pub fn is_sensitive(&self, param: &Param) -> bool {
        param.rule.sensitive || self.hidden.contains(param.name.as_str())
    }

    /// What it sees beside its parameters, if it is the call of a step.
    pub fn surroundings(&self) -> Option<&Surroundings> {
        self.surroundings.as_ref()
    }
}
