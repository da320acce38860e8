//! A `retry` after which nothing is ever tried again.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::native::RetryKeys;
use crate::model::{Action, RetryOn, RetryReason, Tool};

pub fn check(problems: &Problems, tool: &Tool, keys: &RetryKeys) {
    let Some((message, help)) = vain(tool, keys) else { return };
    problems.add(Diagnostic::warning(Code::VainRetry, keys.span, message).help(help));
}

/// What is wrong, and what to do.
fn vain(tool: &Tool, keys: &RetryKeys) -> Option<(String, String)> {
    let retry = &keys.retry;
    if retry.attempts.get() == 1 {
        let message = "with one attempt nothing is ever tried again".to_owned();
        return Some((message, "`attempts` counts the first try too; write 2 or more".to_owned()));
    }
    let is_call = matches!(tool.action, Action::Http(_));
    match &retry.on {
        RetryOn::Safe if is_call || matches!(tool.action, Action::Flow(_) | Action::NotSupported(_)) => None,
        RetryOn::Safe if tool.annotations.read_only || tool.annotations.idempotent => None,
        RetryOn::Safe => Some((
            "the command is tried again only where it could not even be started: it may not be repeated"
                .to_owned(),
            "if running it twice does no harm, say so: `annotations: { idempotent: true }`; or name the endings: `on: [failure]`"
                .to_owned(),
        )),
        RetryOn::These(reasons) => {
            let vain = reasons.iter().find_map(|reason| Some((reason, why_never(tool, *reason)?)))?;
            Some((format!("`{}` never leads to another try: {}", vain.0, vain.1), "remove it from `on`".to_owned()))
        }
    }
}

/// Why there is no such ending, or none with time left.
fn why_never(tool: &Tool, reason: RetryReason) -> Option<&'static str> {
    let is_call = matches!(tool.action, Action::Http(_));
    let is_other = matches!(tool.action, Action::Flow(_) | Action::NotSupported(_));
    match reason {
        _ if is_other => None,
        RetryReason::Http(_) | RetryReason::Unanswered if !is_call => Some("it is no HTTP call"),
        RetryReason::Exit(_) if is_call => Some("an HTTP call has no exit code"),
        RetryReason::Exit(code) if tool.exit_codes.success(code).is_some() => {
            Some("by `exit_codes` it is success")
        }
        RetryReason::Timeout if !is_call => Some("`timeout` holds for all tries together"),
        _ => None,
    }
}
