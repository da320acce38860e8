//! One decision: what a file says about one caller and one tool, rule by rule.
//!
//! The same rules are asked when tools are listed, when one is called and when its plan is finished. What
//! is not known yet (arguments, the plan) is simply not there: a rule that can do without it decides, and
//! one that cannot waits for the next time it is asked.

use std::cell::LazyCell;
use std::iter::once;

use serde_json::{Map, Value, json};
use smallvec::SmallVec;

use crate::model::{
    Access, Annotations, AuthMethod, Condition, ConditionError, ConfirmRule, DenyRule, Name, Principal,
    Sight, Tool,
};

use super::caller;
use super::denied::Reason;

/// What a rule can see besides the caller and the tool.
pub(super) const LATER: [&str; 3] = ["args", "now", "plan"];

/// A caller, a tool, and what is known of the call.
pub struct Asked<'a> {
    /// With all their roles.
    pub caller: &'a Principal,
    pub tool: &'a Tool,
    /// The command whose step or fallback this is.
    pub outer: Option<&'a Tool>,
    /// Of `args`, `now` and `plan` those that are known.
    pub known: Map<String, Value>,
}

/// What one rule says.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding<'p> {
    /// The file leaves everything to whoever started the program here.
    Owner,
    /// The command around it lends it.
    Lent {
        by: &'p str,
    },
    /// The pattern that lets them call it.
    Permission {
        by: Option<&'p str>,
    },
    /// Whether it is among the tools of their tenant, where that bounds them.
    Tenant {
        name: &'p str,
        is_within: bool,
    },
    /// The tag by which they are offered it, where they are not offered everything.
    Toolset {
        tags: &'p [String],
        by: Option<&'p str>,
    },
    /// Of a token.
    Scope {
        name: String,
        is_held: bool,
    },
    Role {
        name: &'p str,
        is_held: bool,
    },
    Required {
        permission: &'p str,
        is_held: bool,
    },
    Policy {
        rule: &'p DenyRule,
        came: Came,
    },
    /// A command that it calls, and why the caller may not call that.
    Part {
        name: &'p str,
        reason: Reason,
    },
}

/// What came of a rule of `policies`, with what it has looked at where that is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    Silent(Vec<(Name, Value)>),
    Denies(Vec<(Name, Value)>),
    /// It needs something that is not known yet.
    Later,
    Failed(ConditionError),
}

impl Finding<'_> {
    /// Why this denies, if it does.
    pub fn denial(&self) -> Option<Reason> {
        match self {
            Self::Owner | Self::Lent { .. } => None,
            Self::Permission { by } => by.is_none().then_some(Reason::NotPermitted),
            Self::Tenant { name, is_within } => {
                (!is_within).then(|| Reason::OutsideTenant((*name).to_owned()))
            }
            Self::Toolset { tags, by } => by.is_none().then(|| Reason::NotOffered(tags.join("`, `"))),
            Self::Scope { name, is_held } => (!is_held).then(|| Reason::LacksScopes(name.clone())),
            Self::Role { name, is_held } => (!is_held).then(|| Reason::LacksRole((*name).to_owned())),
            Self::Required { permission, is_held } => {
                (!is_held).then(|| Reason::LacksPermission((*permission).to_owned()))
            }
            Self::Policy { rule: DenyRule { name, message, .. }, came } => match came {
                Came::Silent(_) | Came::Later => None,
                Came::Denies(_) => Some(Reason::Policy { policy: name.clone(), message: message.clone() }),
                Came::Failed(problem) => {
                    Some(Reason::NotJudged { policy: name.clone(), problem: problem.to_string() })
                }
            },
            Self::Part { name, reason } => {
                Some(Reason::Part { tool: (*name).to_owned(), reason: Box::new(reason.clone()) })
            }
        }
    }

    /// Whether more has to be known.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Policy { came: Came::Later, .. })
    }
}

/// How much is told of a rule.
#[derive(Clone, Copy)]
pub(super) enum Told {
    /// Whether it denies. One that cannot yet is not judged.
    Nothing,
    /// What it says, and what it has looked at.
    Values,
}

/// What each rule says, in the order in which they count. Nothing is judged before it is asked for.
pub(super) fn findings<'p>(
    access: &'p Access,
    asked: &'p Asked<'_>,
    told: Told,
) -> impl Iterator<Item = Finding<'p>> {
    standing(access, asked).chain(policies(access, asked, told))
}

/// What the caller is, against what the tool asks for.
fn standing<'p>(access: &Access, asked: &'p Asked<'_>) -> impl Iterator<Item = Finding<'p>> {
    let granted = granted(access, asked);
    let judged = granted.is_none().then(|| judged(asked));
    granted.into_iter().chain(judged.into_iter().flatten())
}

/// What lets them call it without a look at anything else.
fn granted<'p>(access: &Access, asked: &'p Asked<'_>) -> Option<Finding<'p>> {
    let Asked { caller, tool, outer, .. } = asked;
    if caller.method == AuthMethod::Local && !access.judges_local {
        return Some(Finding::Owner);
    }
    let outer = outer.filter(|outer| outer.authorization.lends(&tool.name))?;
    Some(Finding::Lent { by: outer.name.as_str() })
}

fn judged<'p>(asked: &'p Asked<'_>) -> impl Iterator<Item = Finding<'p>> {
    let Asked { caller, tool, .. } = asked;
    let permission = Finding::Permission { by: caller.permissions.pattern_of(tool.name.as_str()) };
    let tenant = caller.within.is_some().then(|| Finding::Tenant {
        name: caller.tenant.as_deref().unwrap_or_default(),
        is_within: caller.is_within(tool.name.as_str()),
    });
    let wanted = &tool.authorization;
    let roles = wanted.required_roles.iter().map(|name| {
        let is_held = caller.roles.contains(name);
        Finding::Role { name, is_held }
    });
    let permissions = wanted.required_permissions.iter().map(|permission| {
        let is_held = caller.permissions.allow(permission);
        Finding::Required { permission, is_held }
    });
    once(permission).chain(tenant).chain(roles).chain(permissions)
}

fn policies<'p>(access: &'p Access, asked: &'p Asked<'_>, told: Told) -> impl Iterator<Item = Finding<'p>> {
    let about = || about(access, asked.tool);
    // Most rules need something that is not known when tools are listed.
    let sight = LazyCell::new(move || sight(asked, || about().map(|rule| &rule.deny)));
    let missing: SmallVec<[&str; LATER.len()]> =
        LATER.into_iter().filter(|root| !asked.known.contains_key(*root)).collect();
    about().map(move |rule| {
        let came = match told {
            Told::Nothing if rule.deny.cannot_hold_without(&missing) => Came::Later,
            _ => came(&rule.deny, &sight, &missing, told),
        };
        Finding::Policy { rule, came }
    })
}

/// The rules that are about a tool.
pub(super) fn about<'p>(access: &'p Access, tool: &Tool) -> impl Iterator<Item = &'p DenyRule> {
    access.policies.iter().filter(|rule| rule.commands.allow(tool.name.as_str()))
}

/// The rules that ask about a tool.
pub(super) fn asking<'p>(access: &'p Access, tool: &'p Tool) -> impl Iterator<Item = &'p ConfirmRule> {
    access.confirms.iter().filter(|rule| rule.commands.allow(tool.name.as_str()))
}

/// What such a rule asks.
pub(super) fn question(rule: &ConfirmRule) -> String {
    match &rule.message {
        Some(message) => message.to_string(),
        None => format!("The policy `{}` asks whether this may run.", rule.name),
    }
}

/// Whether a rule looks at something.
pub(super) fn looks_at(rule: &DenyRule, root: &str) -> bool {
    refers_to(&rule.deny, root)
}

fn refers_to(condition: &Condition, root: &str) -> bool {
    condition.names().iter().any(|name| name.root == root)
}

/// What there is to see for these conditions, as far as any of them looks.
pub(super) fn sight<'c, C: Iterator<Item = &'c Condition>>(
    asked: &Asked<'_>,
    conditions: impl Fn() -> C,
) -> Sight {
    let Asked { caller, tool, outer: _, known } = asked;
    let mut values = known.clone();
    let is_wanted = |root: &str| conditions().any(|condition| refers_to(condition, root));
    if is_wanted("caller") {
        values.insert("caller".to_owned(), caller::seen(caller));
    }
    if is_wanted("tool") {
        values.insert("tool".to_owned(), seen_of(tool));
    }
    Sight { values, ..Sight::default() }
}

/// A tool as the rules of a file see it.
fn seen_of(tool: &Tool) -> Value {
    let Annotations { read_only, destructive, idempotent, open_world } = tool.annotations;
    json!({
        "name": tool.name.as_str(),
        "tags": tool.tags,
        "annotations": {
            "read_only": read_only,
            "destructive": destructive,
            "idempotent": idempotent,
            "open_world": open_world,
        },
    })
}

/// A rule that fails for want of something that comes later waits; every other failure denies.
fn came(deny: &Condition, sight: &Sight, missing: &[&str], told: Told) -> Came {
    let seen = || match told {
        Told::Nothing => Vec::new(),
        Told::Values => deny.seen(sight),
    };
    match deny.holds(sight) {
        Ok(true) => Came::Denies(seen()),
        Ok(false) => Came::Silent(seen()),
        Err(ConditionError::Failed(_)) if missing.iter().any(|root| refers_to(deny, root)) => Came::Later,
        Err(problem) => Came::Failed(problem),
    }
}
