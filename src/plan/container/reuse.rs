//! Containers that wait for a call, and such that stay for the next one of the same caller.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{Principal, Reuse, format_duration};

use super::ContainerPlan;

/// A container that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedReuse {
    /// Nobody else's call comes into it.
    pub caller: String,
    pub calls: u32,
    /// Since its start.
    pub age: Duration,
}

pub fn planned(reuse: Option<Reuse>, caller: &Principal) -> Option<PlannedReuse> {
    let Reuse { calls, age } = reuse?;
    Some(PlannedReuse { caller: caller.name.clone(), calls, age })
}

pub fn reuse_line(reuse: &PlannedReuse) -> String {
    let PlannedReuse { caller, calls, age } = reuse;
    format!(
        "in one of up to {calls} calls of `{caller}` in {}, if one is free; nobody else comes into it",
        format_duration(*age)
    )
}

pub fn reuse_json(reuse: &PlannedReuse) -> Value {
    let age = u64::try_from(reuse.age.as_millis()).unwrap_or(u64::MAX);
    json!({ "caller": reuse.caller, "calls": reuse.calls, "forMs": age })
}

/// Where one waits depends on how the call comes in.
pub fn warm_line(plan: &ContainerPlan) -> Option<String> {
    let made = match plan.warm {
        0 => return None,
        1 => "in one made ahead".to_owned(),
        count => format!("in one of {count} made ahead"),
    };
    let each = if plan.reuse.is_some() { "" } else { "; each has one call" };
    Some(match plan.warm_on_stdio {
        true => format!("{made}, if one is waiting{each}"),
        false => format!(
            "{made}, if a server over HTTP has one waiting{each}; on stdio none waits without `server.warm.stdio`"
        ),
    })
}
