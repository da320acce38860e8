//! JSON arguments → [`Invocation`]: a call that fits its tool.
//!
//! Knows schemas and our own rules for values; knows nothing of permissions, words or processes.

mod bind;
mod problem;
mod rules;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::{Param, Principal, Tool};

pub use problem::{ArgumentProblem, BadCall};

/// A call as it came in: nothing about it is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub principal: Principal,
    pub tool: String,
    pub arguments: Map<String, Value>,
}

/// A call that fits its tool: every argument is known, valid and defaulted. Only
/// [`Invocation::bind`] makes one.
#[derive(Debug, Clone)]
pub struct Invocation {
    tool: Arc<Tool>,
    principal: Principal,
    values: Map<String, Value>,
}

impl Invocation {
    pub fn tool(&self) -> &Arc<Tool> {
        &self.tool
    }

    pub fn principal(&self) -> &Principal {
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
}
