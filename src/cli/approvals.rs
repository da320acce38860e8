//! `mcpfier approvals`: calls that wait for somebody at a shell to decide (`approve: { cli: true }`).

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::engine::{Approval, Approvals, BadApprovals, Sanitizer, Verdict};
use crate::model::format_duration;
use crate::plan::Environment;

use super::arguments::ApprovalsAction;
use super::exit::Exit;
use super::print::Printer;
use super::session;
use super::trust;

/// Where calls wait; `None` if this user has no such place.
pub fn of(environment: &Environment) -> Option<Approvals> {
    trust::state_folder(environment).map(|folder| Approvals::at(folder.join("approvals")))
}

pub fn run(action: Option<&ApprovalsAction>, printer: &Printer) -> Exit {
    let Some(approvals) = of(&session::host().environment) else {
        printer.error("neither `XDG_STATE_HOME` nor `HOME` is set to a folder");
        return Exit::FAILURE;
    };
    let done = match action {
        Some(ApprovalsAction::List) | None => list(&approvals, printer),
        Some(ApprovalsAction::Show { id }) => approvals.find(id).map(|approval| show(&approval, printer)),
        Some(ApprovalsAction::Approve { id }) => {
            decide(&approvals, id, Verdict { is_approved: true, reason: None }, printer)
        }
        Some(ApprovalsAction::Deny { id, reason }) => {
            decide(&approvals, id, Verdict { is_approved: false, reason: reason.clone() }, printer)
        }
        Some(ApprovalsAction::Other(_)) => {
            printer.error("expected `approvals list`, `show ID`, `approve ID` or `deny ID`");
            return Exit::USAGE;
        }
    };
    match done {
        Ok(()) => Exit::OK,
        Err(problem) => {
            printer.error(&problem.to_string());
            Exit::FAILURE
        }
    }
}

fn list(approvals: &Approvals, printer: &Printer) -> Result<(), BadApprovals> {
    let all = approvals.all()?;
    if printer.json {
        printer.json_data(&Value::Array(all.iter().map(document).collect()));
        return Ok(());
    }
    let width = all.iter().map(|approval| approval.tool.len()).max().unwrap_or_default();
    for approval in &all {
        let Approval { id, tool, caller, text, .. } = approval;
        let first = Sanitizer::clean(text.lines().next().unwrap_or_default().as_bytes());
        let (state, left) = (state(approval), left(approval));
        printer.data(&format!("{id}  {tool:width$}  {caller}  {state}, {left} left  {first}\n"));
    }
    if all.is_empty() {
        printer.talk("no call waits\n");
    }
    Ok(())
}

fn show(approval: &Approval, printer: &Printer) {
    if printer.json {
        return printer.json_data(&document(approval));
    }
    let Approval { id, tool, caller, text, .. } = approval;
    let text = Sanitizer::clean(text.as_bytes());
    printer.data(&format!(
        "{id}  `{tool}` for {caller}, {}, {} left\n\n{}\n",
        state(approval),
        left(approval),
        text.trim_end()
    ));
}

fn decide(approvals: &Approvals, id: &str, verdict: Verdict, printer: &Printer) -> Result<(), BadApprovals> {
    let is_approved = verdict.is_approved;
    let decided = approvals.decide(id, verdict)?;
    if printer.json {
        printer.json_data(&document(&decided));
        return Ok(());
    }
    let Approval { id, tool, caller, .. } = &decided;
    printer.talk(&match is_approved {
        true => format!(
            "approved {id}: `{tool}` runs once when {caller} calls it again within {}\n",
            left(&decided)
        ),
        false => format!("denied {id}: `{tool}` for {caller}\n"),
    });
    Ok(())
}

fn state(approval: &Approval) -> &'static str {
    match &approval.decision {
        None => "waiting",
        Some(Verdict { is_approved: true, .. }) => "approved",
        Some(_) => "denied",
    }
}

fn left(approval: &Approval) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format_duration(std::time::Duration::from_secs(approval.expires.saturating_sub(now)))
}

fn document(approval: &Approval) -> Value {
    let Approval { id, tool, caller, text, plan, asked, expires, decision } = approval;
    let reason = decision.as_ref().and_then(|verdict| verdict.reason.as_deref());
    json!({
        "id": id,
        "tool": tool,
        "caller": caller,
        "state": state(approval),
        "reason": reason,
        "text": text,
        "plan": plan,
        "asked": asked,
        "expires": expires,
    })
}
