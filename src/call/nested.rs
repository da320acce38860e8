//! A call that a flow makes: its values come from the file and from steps before it, and some are not
//! known yet.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::{Availability, ParamName, Principal, Tool};

use super::bind::{Beside, bind_values};
use super::{BadCall, Invocation, Surroundings};

/// What a step hands to a parameter of what it calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Handed {
    pub name: ParamName,
    pub given: Given,
    /// A sensitive value is in it.
    pub is_sensitive: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Known(Value),
    /// As it prints until it is known: `v<output of build>`.
    Later(String),
}

impl Invocation {
    /// The call of a command by a step. What is not known yet is judged when it is.
    pub fn nested(
        tool: &Arc<Tool>,
        principal: &Arc<Principal>,
        handed: Vec<Handed>,
    ) -> Result<Self, BadCall> {
        match &tool.availability {
            Availability::Offered | Availability::Internal => {}
            Availability::Disabled => return Err(unavailable(tool, "it is disabled (`enabled: false`)")),
            Availability::Unavailable { reason } => return Err(unavailable(tool, reason)),
        }
        let mut values = Map::new();
        let mut beside = Beside::default();
        for Handed { name, given, is_sensitive } in handed {
            if is_sensitive {
                beside.hidden.insert(name.to_string());
            }
            match given {
                Given::Known(value) => drop(values.insert(name.to_string(), value)),
                Given::Later(text) => drop(beside.later.insert(name.to_string(), text)),
            }
        }
        let values = bind_values(tool, values, &beside)?;
        let Beside { later, hidden } = beside;
        let (tool, principal) = (Arc::clone(tool), Arc::clone(principal));
        Ok(Self { tool, principal, values, later, hidden, surroundings: None })
    }

    /// What is written in a step itself: it has the parameters of the command whose step it is.
    pub fn inline(&self, tool: &Arc<Tool>, surroundings: Surroundings) -> Self {
        Self { tool: Arc::clone(tool), surroundings: Some(surroundings), ..self.clone() }
    }

    /// The same call in other surroundings.
    pub fn among(&self, surroundings: Surroundings) -> Self {
        Self { surroundings: Some(surroundings), ..self.clone() }
    }
}

fn unavailable(tool: &Tool, reason: &str) -> BadCall {
    BadCall::Unavailable { tool: tool.name.to_string(), reason: reason.to_owned() }
}
