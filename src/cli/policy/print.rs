//! What the rules say of a caller, as text and as JSON.

use serde_json::{Value, json};

use crate::engine::Rejection;
use crate::model::{Name, Principal, Tool};
use crate::policy::{Came, Denied, Explained, Finding, Reason};

/// A tool for one caller, before anything of a call is known.
pub struct Standing<'t> {
    pub tool: &'t Tool,
    pub denied: Option<Denied>,
    /// A rule decides when it is called.
    pub depends: bool,
}

impl Standing<'_> {
    fn word(&self) -> &'static str {
        match (&self.denied, self.depends) {
            (Some(_), _) => "no",
            (None, true) => "depends",
            (None, false) => "yes",
        }
    }

    pub fn to_json(&self) -> Value {
        json!({
            "tool": self.tool.name.as_str(),
            "allowed": self.word(),
            "reason": self.denied.as_ref().map(ToString::to_string),
        })
    }
}

/// Every tool, a line each.
pub fn table(caller: &Principal, standings: &[Standing<'_>]) -> String {
    let width = standings.iter().map(|standing| standing.tool.name.as_str().chars().count()).max();
    let width = width.unwrap_or_default();
    let mut text = format!("{}\n", who(caller));
    for standing in standings {
        let why = match (&standing.denied, standing.depends) {
            (Some(denied), _) => denied.reason.to_string(),
            (None, true) => ": on the arguments, the time or the plan of the call".to_owned(),
            (None, false) => String::new(),
        };
        let why = why.trim_start_matches(": ");
        let line = format!("  {:width$}  {:7}  {why}", standing.tool.name.as_str(), standing.word());
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What is to be said of one call.
pub struct Answer<'a> {
    pub caller: &'a Principal,
    pub tool: &'a Tool,
    pub explained: &'a Explained<'a>,
    pub is_listed: bool,
    /// Why there is no plan.
    pub refused: Option<&'a Rejection>,
    /// The plan, with sensitive values masked.
    pub shown: Option<Value>,
}

impl Answer<'_> {
    /// Why the call is denied, by a rule about it or about something that it runs.
    pub fn denied(&self) -> Option<&Denied> {
        self.explained.denied.as_ref().or_else(|| self.refused.and_then(Rejection::denied))
    }

    /// What is wrong besides: then rules that look at the plan have not been asked.
    fn unplanned(&self) -> Option<&Rejection> {
        self.refused.filter(|refused| refused.denied().is_none())
    }

    pub fn to_text(&self) -> String {
        let may = if self.denied().is_some() { "may not" } else { "may" };
        let mut lines = vec![("caller", who(self.caller))];
        for finding in &self.explained.findings {
            lines.extend(self.lines(finding));
        }
        if let (None, Some(refused)) = (&self.explained.denied, self.refused) {
            let label = if refused.denied().is_some() { "part" } else { "plan" };
            lines.extend(refused.to_string().lines().map(|line| (label, line.to_owned())));
        }
        lines.push(("listed", if self.is_listed { "yes" } else { "no" }.to_owned()));
        if let Some(told) = self.told() {
            lines.push(("is told", told));
        }
        let mut text = format!("`{}` {may} call `{}`\n", self.caller.id(), self.tool.name);
        let mut last = "";
        for (label, line) in lines {
            let shown = if label == last { "" } else { label };
            text.push_str(&format!("  {shown:<12}{line}\n"));
            last = label;
        }
        text
    }

    pub fn to_json(&self) -> Value {
        json!({
            "tool": self.tool.name.as_str(),
            "caller": {
                "id": self.caller.id().as_str(),
                "roles": self.caller.roles,
                "permissions": self.caller.permissions.patterns(),
            },
            "allowed": self.denied().is_none(),
            "listed": self.is_listed,
            "reason": self.denied().map(ToString::to_string),
            "told": self.told(),
            "unplanned": self.unplanned().map(ToString::to_string),
            "checks": self.explained.findings.iter().map(|finding| self.check(finding)).collect::<Vec<_>>(),
        })
    }

    /// What the caller is answered.
    fn told(&self) -> Option<String> {
        match &self.denied()?.reason {
            // Clients over HTTP are told so before there is a call, so that they ask for a better token.
            Reason::LacksScopes(scopes) => {
                Some(format!("`{}` takes a token that is good for `{scopes}`", self.tool.name))
            }
            _ => self.refused.map(ToString::to_string),
        }
    }

    fn lines(&self, finding: &Finding<'_>) -> Vec<(&'static str, String)> {
        let needed = |is_held: bool| if is_held { "is held" } else { "is needed, and missing" };
        match finding {
            Finding::Owner => vec![(
                "permission",
                "everything: whoever starts the program here, as `server.stdio` says nothing else".to_owned(),
            )],
            Finding::Lent { by } => vec![("permission", format!("lent by `{by}`"))],
            Finding::Permission { by: Some(by) } => vec![("permission", format!("let by `{by}`"))],
            Finding::Permission { by: None } => vec![("permission", self.not_permitted())],
            Finding::Tenant { name, is_within } => {
                let has =
                    if *is_within { "has it among its tools" } else { "does not have it among its tools" };
                vec![("tenant", format!("`{name}` {has}"))]
            }
            Finding::Toolset { by: Some(tag), .. } => {
                vec![("toolset", format!("offered by the tag `{tag}`"))]
            }
            Finding::Toolset { tags, by: None } => {
                vec![("toolset", format!("not offered: it has none of the tags `{}`", tags.join("`, `")))]
            }
            Finding::Scope { name, is_held } => vec![("scope", format!("`{name}` {}", needed(*is_held)))],
            Finding::Role { name, is_held } => vec![("role", format!("`{name}` {}", needed(*is_held)))],
            Finding::Required { permission, is_held } => {
                vec![("permission", format!("`{permission}` {}", needed(*is_held)))]
            }
            Finding::Policy { rule, came } => {
                let says = match came {
                    Came::Silent(_) => "says nothing".to_owned(),
                    Came::Denies(_) => "denies".to_owned(),
                    Came::Later => "is not asked: there is no plan".to_owned(),
                    Came::Failed(problem) => format!("denies, as it cannot be judged: {problem}"),
                };
                let mut lines = vec![
                    ("policy", format!("`{}` {says}", rule.name)),
                    ("policy", format!("  deny  {}", rule.deny.line())),
                ];
                if let Came::Silent(seen) | Came::Denies(seen) = came {
                    lines.extend(
                        self.seen(seen).map(|(name, value)| ("policy", format!("  {name} = {value}"))),
                    );
                }
                lines
            }
            Finding::Part { name, reason } => {
                vec![("part", format!("`{name}` is not theirs to call{reason}"))]
            }
        }
    }

    fn not_permitted(&self) -> String {
        let patterns = self.caller.permissions.patterns();
        match patterns.is_empty() {
            true => "none: neither the caller nor a role of theirs has any".to_owned(),
            false => format!("none of `{}` lets it", patterns.join("`, `")),
        }
    }

    /// What a rule saw, without what nobody is to see.
    fn seen<'s>(&'s self, seen: &'s [(Name, Value)]) -> impl Iterator<Item = (String, Value)> + 's {
        seen.iter().map(|(name, value)| (name.to_string(), self.masked(name, value)))
    }

    fn masked(&self, name: &Name, value: &Value) -> Value {
        let hides = |param: &str| self.tool.params.find(param).is_some_and(|param| param.rule.sensitive);
        match (name.root.as_str(), name.path.first()) {
            ("args", Some(param)) if hides(param) => json!("***"),
            ("args", None) if self.tool.params.iter().any(|param| param.rule.sensitive) => json!("***"),
            ("plan", _) => {
                let shown = name.path.iter().try_fold(self.shown.as_ref(), |value, part| {
                    Some(value.and_then(|value| value.get(part)))
                });
                shown.flatten().cloned().unwrap_or_default()
            }
            _ => value.clone(),
        }
    }

    fn check(&self, finding: &Finding<'_>) -> Value {
        let denies = finding.denial().is_some();
        match finding {
            Finding::Owner => json!({ "check": "owner", "denies": denies }),
            Finding::Lent { by } => json!({ "check": "grant", "by": by, "denies": denies }),
            Finding::Permission { by } => json!({ "check": "permission", "by": by, "denies": denies }),
            Finding::Tenant { name, .. } => json!({ "check": "tenant", "name": name, "denies": denies }),
            Finding::Toolset { tags, by } => {
                json!({ "check": "toolset", "tags": tags, "by": by, "denies": denies })
            }
            Finding::Scope { name, .. } => json!({ "check": "scope", "name": name, "denies": denies }),
            Finding::Role { name, .. } => json!({ "check": "role", "name": name, "denies": denies }),
            Finding::Required { permission, .. } => {
                json!({ "check": "required_permission", "name": permission, "denies": denies })
            }
            Finding::Policy { rule, came } => {
                let (result, seen) = match came {
                    Came::Silent(seen) => ("silent", Some(seen)),
                    Came::Denies(seen) => ("denies", Some(seen)),
                    Came::Later => ("not asked", None),
                    Came::Failed(_) => ("failed", None),
                };
                let seen = seen.map(|seen| self.seen(seen).collect::<serde_json::Map<_, _>>());
                let problem = if let Came::Failed(problem) = came { Some(problem.to_string()) } else { None };
                json!({
                    "check": "policy", "name": rule.name, "deny": rule.deny.text(), "result": result,
                    "seen": seen, "problem": problem, "denies": denies,
                })
            }
            Finding::Part { name, reason } => {
                let reason = reason.to_string();
                let reason = reason.strip_prefix(": ");
                json!({ "check": "part", "name": name, "reason": reason, "denies": denies })
            }
        }
    }
}

fn who(caller: &Principal) -> String {
    match caller.roles.is_empty() {
        true => format!("`{}`, without roles", caller.id()),
        false => format!("`{}`, with the roles `{}`", caller.id(), caller.roles.join("`, `")),
    }
}
