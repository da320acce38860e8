//! `policies`: rules that deny or ask, and whether each can see what it looks at.

use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Spanned, nearest};
use crate::model::{
    BadCondition, Condition, ConfirmRule, DenyRule, Name, OWN_TOOLS, PLAN_PARTS, Permissions, Presence, Tool,
    name_matches,
};

use super::super::{Unattended, unattended};
use super::Beside;

const CALLER: &[&str] = &["name", "method", "roles", "scopes", "claims", "tenant", "address"];
const TOOL: &[&str] = &["name", "tags", "annotations"];
const ANNOTATIONS: &[&str] = &["read_only", "destructive", "idempotent", "open_world"];
const ROOTS: &[&str] = &["caller", "tool", "args", "now", "plan"];
/// More names than this help nobody.
const SHOWN: usize = 3;

pub fn policies(beside: &Beside<'_>, written: &[native::Policy<'_>]) -> (Vec<DenyRule>, Vec<ConfirmRule>) {
    let mut names: Vec<Spanned<&str>> = Vec::new();
    for name in written.iter().filter_map(|policy| policy.name) {
        if let Some(first) = names.iter().find(|known| known.value == name.value) {
            let message = format!("there are two policies of the name `{}`", name.value);
            let problem = Diagnostic::error(Code::BadPolicy, name.span, message);
            beside.reader.problems.add(problem.other(first.span, "the first is here"));
        }
        names.push(name);
    }
    let denies = written.iter().filter_map(|policy| rule(beside, policy)).collect();
    (denies, written.iter().filter_map(|policy| confirm_rule(beside, policy)).collect())
}

fn confirm_rule(beside: &Beside<'_>, written: &native::Policy<'_>) -> Option<ConfirmRule> {
    let (name, confirm) = (written.name?, written.confirm?);
    let commands = about(written);
    let condition = condition(beside, confirm, &commands, "asks about")?;
    check_unattended(beside, name, confirm, &condition, &commands);
    Some(ConfirmRule {
        name: name.value.to_owned(),
        confirm: condition,
        commands,
        message: written.message.map(|text| text.value.into()),
    })
}

fn rule(beside: &Beside<'_>, written: &native::Policy<'_>) -> Option<DenyRule> {
    let native::Policy { name, commands, span, deny, confirm, message } = written;
    let name = (*name)?;
    if deny.is_none() && confirm.is_none() {
        let message = format!("the policy `{}` neither denies nor asks anything", name.value);
        let problem = Diagnostic::error(Code::MissingKey, *span, message);
        beside.reader.problems.add(problem.help("add `deny: CONDITION` or `confirm: CONDITION`"));
    }
    commands.iter().flatten().for_each(|pattern| check_pattern(beside, *pattern));
    if name.value.trim().is_empty() {
        beside.reader.problems.add(Diagnostic::error(Code::BadPolicy, name.span, "a policy needs a name"));
    }
    let commands = about(written);
    Some(DenyRule {
        name: name.value.to_owned(),
        deny: condition(beside, (*deny)?, &commands, "denies")?,
        commands,
        message: message.map(|text| text.value.into()),
    })
}

/// What a schedule or a trigger runs has nobody who could be asked. A rule that asks who calls may leave
/// them out.
fn check_unattended(
    beside: &Beside<'_>,
    name: Spanned<&str>,
    confirm: Spanned<&str>,
    condition: &Condition,
    about: &Permissions,
) {
    if condition.names().iter().any(|name| name.root == "caller") {
        return;
    }
    for one in unattended(beside.tools) {
        let Unattended { tool, runs } = &one;
        let Some(asked) = runs.iter().find(|tool| about.allow(tool.name.as_str())) else { continue };
        let of = if asked.name == tool.name { String::new() } else { format!(" in `{}`", tool.name) };
        let message = format!(
            "the policy `{}` asks about `{}`{of}, and nobody is there when `{}` runs it",
            name.value,
            asked.name,
            one.by()
        );
        // Without a look at anything it asks each time.
        let problem = match condition.names().is_empty() {
            true => Diagnostic::error(Code::ConfirmWithoutAnybody, confirm.span, message),
            false => Diagnostic::warning(Code::ConfirmWithoutAnybody, confirm.span, message),
        };
        beside.reader.problems.add(problem.help(
            "leave its caller out by `caller.name != …`, or give the command a `confirm` with `approve: { webhook: URL }`",
        ));
    }
}

/// The commands that a policy is about.
fn about(written: &native::Policy<'_>) -> Permissions {
    match &written.commands {
        Some(patterns) => Permissions::of(super::owned(patterns)),
        None => Permissions::All,
    }
}

/// `does`: what the policy does to a call where it holds.
fn condition(beside: &Beside<'_>, deny: Spanned<&str>, about: &Permissions, does: &str) -> Option<Condition> {
    let condition = match Condition::read(deny.value) {
        Ok(condition) => condition,
        Err(error) => {
            beside.reader.problems.add(bad(beside, deny, &error));
            return None;
        }
    };
    if condition.asks_variables() || condition.files().next().is_some() {
        let message = "a policy cannot ask for files and variables of this host";
        let problem = Diagnostic::error(Code::BadPolicy, deny.span, message);
        beside.reader.problems.add(
            problem.help(
                "it judges the caller, the call and the plan; the `when` of a command asks for the host",
            ),
        );
    }
    let concerned: Vec<&Tool> =
        beside.tools.iter().map(Arc::as_ref).filter(|tool| about.allow(tool.name.as_str())).collect();
    condition.names().iter().for_each(|name| check(beside, deny, name, &condition, &concerned, does));
    Some(condition)
}

/// A rule for no command protects nothing.
fn check_pattern(beside: &Beside<'_>, pattern: Spanned<&str>) {
    let names = || beside.tools.iter().map(|tool| tool.name.as_str()).chain(OWN_TOOLS);
    if beside.is_selection || names().any(|name| name_matches(pattern.value, name)) {
        return;
    }
    let message = format!("no command is called `{}`, so the policy is about none by that", pattern.value);
    let problem = Diagnostic::warning(Code::BlindPolicy, pattern.span, message);
    beside.reader.problems.add(match nearest(pattern.value, names()) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    });
}

fn check(
    beside: &Beside<'_>,
    deny: Spanned<&str>,
    name: &Name,
    condition: &Condition,
    concerned: &[&Tool],
    does: &str,
) {
    let mut path = name.path.iter().map(String::as_str);
    let (first, second) = (path.next(), path.next());
    let known: &[&str] = match (name.root.as_str(), first, second) {
        ("now", None, _) | ("caller" | "tool" | "args" | "plan", None, _) => return,
        ("plan", Some(part), _) if PLAN_PARTS.contains(&part) => return,
        ("plan", ..) => &PLAN_PARTS,
        ("args", Some(param), _) => {
            return check_argument(beside, deny, param, condition, concerned, does);
        }
        ("caller", Some(part), _) if CALLER.contains(&part) => return,
        ("tool", Some("annotations"), Some(hint)) if !ANNOTATIONS.contains(&hint) => ANNOTATIONS,
        ("tool", Some(part), _) if TOOL.contains(&part) => return,
        ("caller", ..) => CALLER,
        ("tool", ..) => TOOL,
        _ => ROOTS,
    };
    let text = name.to_string();
    let span = beside.reader.span_within(deny.span, &text);
    let problem = Diagnostic::error(Code::BadPolicy, span, format!("a policy sees no `{text}`"));
    let last = name.path.last().map_or(name.root.as_str(), String::as_str);
    let is_argument = |tool: &&Tool| tool.params.find(&name.root).is_some();
    beside.reader.problems.add(match nearest(last, known.iter().copied()) {
        _ if name.path.is_empty() && concerned.iter().any(is_argument) => {
            problem.help(format!("arguments are below `args`: `args.{text}`"))
        }
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(format!("it sees `{}`", known.join("`, `"))),
    });
}

/// Where an argument is not there the rule cannot be judged, and denies.
fn check_argument(
    beside: &Beside<'_>,
    deny: Spanned<&str>,
    param: &str,
    condition: &Condition,
    concerned: &[&Tool],
    does: &str,
) {
    let text: String = condition.text().split_whitespace().collect();
    if text.contains(&format!("has(args.{param})")) {
        return;
    }
    let may_lack = |tool: &&&Tool| {
        let presence = tool.params.find(param).map(|param| &param.presence);
        matches!(presence, None | Some(Presence::Optional))
    };
    let lacking: Vec<&str> = concerned.iter().filter(may_lack).map(|tool| tool.name.as_str()).collect();
    if lacking.is_empty() {
        return;
    }
    let more = lacking.len().saturating_sub(SHOWN);
    let shown: Vec<&str> = lacking.into_iter().take(SHOWN).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "the policy {does} every call of `{}`{more} without an argument `{param}`",
        shown.join("`, `")
    );
    let span = beside.reader.span_within(deny.span, &format!("args.{param}"));
    let problem = Diagnostic::warning(Code::BlindPolicy, span, message);
    beside.reader.problems.add(
        problem.help(format!("write `has(args.{param}) && …`, or name in `commands` those that have it")),
    );
}

fn bad(beside: &Beside<'_>, deny: Spanned<&str>, error: &BadCondition) -> Diagnostic {
    let span = match error {
        BadCondition::Syntax { at, .. } => {
            let rest = deny.value.get(*at..).unwrap_or_default();
            beside.reader.span_within(deny.span, rest.split_whitespace().next().unwrap_or_default())
        }
        BadCondition::UnknownFunction { name } | BadCondition::UnknownZone { zone: name } => {
            beside.reader.span_within(deny.span, name)
        }
        _ => deny.span,
    };
    let problem = Diagnostic::error(Code::BadPolicy, span, format!("this is no condition: {error}"));
    match error {
        BadCondition::Syntax { .. } => problem.help(
            "conditions are expressions of CEL, such as `args.target == \"prod\" && !(\"admin\" in caller.roles)`",
        ),
        _ => problem,
    }
}
