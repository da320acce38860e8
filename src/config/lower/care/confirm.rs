//! What a person is asked before a command runs.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::{Scope, Spot};
use crate::config::native::{ApproveKeys, ConfirmKeys};
use crate::config::read::Spanned;
use crate::model::{Approver, Confirm, Unasked};

use super::approval::approval;

/// `None` if nobody could be asked that; that has been reported.
pub fn confirm(
    scope: &Scope<'_>,
    keys: &ConfirmKeys<'_>,
    proxy: Option<&Spanned<String>>,
) -> Option<Confirm> {
    let text = keys.text?;
    if text.value.trim().is_empty() {
        let problem = Diagnostic::error(Code::BadConfirm, text.span, "the question is empty");
        scope
            .problems
            .add(problem.help("write what a person has to agree to: `confirm: Deploy {{version}}?`"));
        return None;
    }
    if let (Some(_), Unasked::Allow) = (&keys.approve, keys.fallback) {
        let message = "with `approve` somebody can always be asked, so `fallback: allow` has no meaning";
        let problem = Diagnostic::error(Code::BadConfirm, keys.span, message);
        scope.problems.add(problem.help("remove `fallback`"));
    }
    let approve = match &keys.approve {
        None => None,
        Some(ApproveKeys::Shell) => Some(Approver::Shell),
        // A name that is none is reported where it is looked for.
        Some(ApproveKeys::Command(name)) => Some(Approver::Command(name.value.parse().ok()?)),
        // One that cannot be made has been reported, or lacks something of this host: nobody gets past it.
        Some(ApproveKeys::Webhook(webhook)) => {
            let made = approval(scope, webhook, proxy);
            Some(made.map_or(Approver::Shell, |call| Approver::Webhook(Box::new(call))))
        }
    };
    let text = scope.template(text, Spot::Argument, false)?;
    Some(Confirm { text, fallback: keys.fallback, ttl: keys.ttl, approve })
}
