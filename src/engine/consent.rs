//! Somebody's consent to a call that has to be confirmed: what is asked, and that it was given.
//!
//! Whoever brings a call here asks in their own way; without a consent such a call is not carried out,
//! whichever way it came.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::model::{Approver, Unasked, hex};
use crate::plan::{PlannedConfirm, Sensitive, Step};

use super::account::digest;
use super::{Engine, Prepared, Rejection, Sanitizer};

/// Of a plan so much is shown; its middle is left out of one that is longer.
const SHOWN: usize = 8 << 10;

/// By whom a call was agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// The person at the client.
    Client,
    /// Whoever called at a shell.
    Shell,
    /// An approver of the file.
    Approver,
    /// Nobody could be asked, and the file lets it run then.
    Nobody,
    /// Whoever runs the tests of a file.
    Tester,
}

impl Consent {
    /// As records have it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Shell => "shell",
            Self::Approver => "approver",
            Self::Nobody => "nobody",
            Self::Tester => "tester",
        }
    }
}

/// What has to be agreed to.
#[derive(Debug, Clone)]
pub struct Question {
    /// The question of the file, and beneath it what would run. It is clean.
    pub text: String,
    /// Of the plan: a consent is for this one and no other.
    pub plan: String,
    pub patience: Duration,
    pub is_refused_unasked: bool,
    pub approver: Option<Approver>,
}

impl Prepared {
    /// What somebody has to agree to before this runs.
    pub fn question(&self) -> Option<Question> {
        if self.consent.is_some() {
            return None;
        }
        let PlannedConfirm { text, fallback, ttl, approve } = self.plan.confirmation()?;
        let secrets = &self.state.catalog().secrets;
        let plan = self.plan.to_text(secrets);
        let shown = Sanitizer::clean(shortened(plan.trim_end()).as_bytes());
        let text = Sanitizer::clean(text.as_bytes());
        Some(Question {
            text: format!("{text}\n\nThis would run:\n{shown}"),
            plan: self.identity(),
            patience: ttl,
            is_refused_unasked: fallback == Unasked::Refuse,
            approver: approve,
        })
    }

    /// Of what would run, with the real values of what is shown as `***`: two calls that differ in nothing
    /// else are two.
    fn identity(&self) -> String {
        let values = match &self.plan.step {
            Step::Flow(flow) => {
                let values = flow.call.invocation().values();
                values.map(|(param, value)| (param.name.to_string(), value.clone())).collect()
            }
            _ => self.plan.seen(Sensitive::Real),
        };
        let shown = digest(&self.plan, &self.state.catalog().secrets);
        hex(&Sha256::digest(format!("{shown} {values}")))
    }

    /// The same with somebody's consent.
    pub fn confirmed(self, consent: Consent) -> Self {
        Self { consent: Some(consent), ..self }
    }

    /// Why it does not run.
    pub fn not_confirmed(&self, why: impl Into<String>) -> Rejection {
        Rejection::NotConfirmed { tool: self.plan.tool.name.to_string(), why: why.into() }
    }

    pub(super) fn check_consent(&self) -> Result<(), Rejection> {
        match self.consent.is_none() && self.plan.asks() {
            true => Err(self.not_confirmed("nobody was asked")),
            false => Ok(()),
        }
    }
}

impl Engine {
    /// Records that a call was planned and not let through.
    pub fn refused_plan(&self, prepared: &Prepared, rejection: &Rejection) {
        if let Some(papers) = &prepared.papers {
            papers.refused(prepared.plan.tool.name.as_str(), rejection);
        }
    }
}

/// Its beginning and its end, and how much is left out between them.
fn shortened(plan: &str) -> String {
    if plan.len() <= SHOWN {
        return plan.to_owned();
    }
    let (head, tail) = (plan.floor_char_boundary(SHOWN / 2), plan.ceil_char_boundary(plan.len() - SHOWN / 2));
    let omitted = tail - head;
    let (head, tail) = (plan.get(..head).unwrap_or_default(), plan.get(tail..).unwrap_or_default());
    format!("{head}\n[… {omitted} bytes of the plan are not shown here …]\n{tail}")
}

#[cfg(test)]
mod tests {
    use super::{SHOWN, shortened};

    #[test]
    fn of_a_long_plan_both_ends_are_shown_and_how_much_is_not() {
        assert_eq!(shortened("short"), "short");
        let plan = format!("begin{}end", "é".repeat(SHOWN));
        let shown = shortened(&plan);
        assert!(shown.starts_with("begin") && shown.ends_with("end") && shown.len() < plan.len());
        assert!(shown.contains("bytes of the plan are not shown"), "{shown}");
    }
}
