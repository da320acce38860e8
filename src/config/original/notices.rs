//! Differences from the original, told once for a file and not once for a command.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::Span;

#[derive(Default)]
pub struct Notices {
    /// Timeouts that the original never enforced.
    pub timeouts: Vec<Span>,
    /// Environments that replaced everything in the original.
    pub environments: Vec<Span>,
    /// Variables in `env`, which the original passes as written.
    pub expansions: Vec<Span>,
    /// Variables in `webhook`, in the same way.
    pub webhooks: Vec<Span>,
}

impl Notices {
    pub fn report(&self, problems: &Problems) {
        let notices = [
            (
                &self.timeouts,
                "`timeout` is enforced here",
                "the original obeys it for webhooks only; a command that takes longer is now stopped",
            ),
            (
                &self.environments,
                "`env` adds to the inherited environment here",
                "in the original the command gets these variables and no others; its documentation says they are added",
            ),
            (
                &self.expansions,
                "`${…}` in `env` is expanded here",
                "the original passes it as it is written, though its documentation promises to expand it; write `$${…}` for the text",
            ),
            (
                &self.webhooks,
                "`${…}` in `webhook` is expanded here",
                "the original sends it as it is written, though its documentation promises to expand it; write `$${…}` for the text",
            ),
        ];
        for (spans, message, help) in notices {
            if let Some((first, others)) = spans.split_first() {
                problems.add(notice(*first, others.len(), message, help));
            }
        }
    }
}

fn notice(first: Span, others: usize, message: &str, help: &str) -> Diagnostic {
    let problem = Diagnostic::warning(Code::Differs, first, message).help(help);
    match others {
        0 => problem,
        1 => problem.label("here and in one more place"),
        others => problem.label(format!("here and in {others} more places")),
    }
}
