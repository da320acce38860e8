//! What a person has to agree to before a plan is carried out: every question of it, and of whatever it
//! runs in turn.

use std::time::Duration;

use serde_json::{Value, json};

use crate::call::Invocation;
use crate::model::{Approver, Confirm, Piece, Unasked};
use crate::policy::Authorized;

use super::expand::Expansion;
use super::flow::Planner;
use super::{ExecutionPlan, Facts, FlowPlan, PlannedOnError, PlannedStep, Rounds, Sensitive, Step, Work};

/// Of a value in a question so much is shown; all of it stands in the plan.
const SHOWN: usize = 200;

/// What is asked about one call.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedConfirm {
    pub text: String,
    pub fallback: Unasked,
    pub ttl: Duration,
    pub approve: Option<Approver>,
}

impl PlannedConfirm {
    /// The same as the command itself asks it.
    fn of(confirm: &Confirm, invocation: &Invocation, facts: &Facts) -> Self {
        // What is wrong with a value has been told by the plan itself.
        let mut unheard = Vec::new();
        let mut expansion = Expansion::new(invocation, facts, &mut unheard);
        let mut text = String::new();
        for piece in confirm.text.pieces() {
            match (piece, expansion.fill(piece)) {
                (Piece::Text(own), _) => text.push_str(own),
                (_, Some(fill)) => text.push_str(&tame(&fill.to_string())),
                (_, None) => text.push_str("(none)"),
            }
        }
        let Confirm { text: _, fallback, ttl, approve } = confirm;
        Self { text, fallback: *fallback, ttl: *ttl, approve: approve.clone() }
    }

    fn to_json(&self) -> Value {
        let approve = self.approve.as_ref().map(|approver| match approver {
            Approver::Shell => json!({ "cli": true }),
            Approver::Command(tool) => json!({ "command": tool.as_str() }),
            Approver::Webhook(call) => json!({ "webhook": call.action.url.to_string() }),
        });
        json!({ "text": self.text, "fallback": self.fallback.word(), "approve": approve })
    }
}

/// A value in one line, and not so long that what follows it is overlooked.
fn tame(value: &str) -> String {
    let mut shown: String = value.chars().take(SHOWN).map(visible).collect();
    if value.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Escapes what would begin a new line or cannot be seen.
fn visible(character: char) -> String {
    match character {
        '"' | '\'' | '\\' => character.to_string(),
        other => other.escape_debug().to_string(),
    }
}

impl Planner<'_> {
    /// What the command asks, and what the rules of the file ask about it.
    pub(super) fn confirm(
        &self,
        call: &Authorized,
        facts: &Facts,
        plan: &ExecutionPlan,
    ) -> Option<Box<PlannedConfirm>> {
        let invocation = call.invocation();
        let own = invocation.tool().confirm.as_ref();
        let own = own.map(|confirm| PlannedConfirm::of(confirm, invocation, facts));
        let seen = || plan.seen(Sensitive::Real);
        let asked = self.policy.asks(call, self.facts.now, seen);
        let confirm = match (own, asked) {
            (own, None) => own?,
            (Some(own), Some(more)) => {
                PlannedConfirm { text: format!("{}\n{more}", own.text), fallback: Unasked::Refuse, ..own }
            }
            (None, Some(text)) => {
                PlannedConfirm { text, fallback: Unasked::Refuse, ttl: Confirm::TTL, approve: None }
            }
        };
        Some(Box::new(confirm))
    }
}

impl ExecutionPlan {
    /// Everything that has to be agreed to, of this and of what it runs in turn.
    pub fn confirmation(&self) -> Option<PlannedConfirm> {
        let mut found = Vec::new();
        self.questions(&mut found);
        let mut all = found.into_iter();
        let first = all.next()?.clone();
        Some(all.fold(first, |asked, more| PlannedConfirm {
            text: match asked.text.contains(&more.text) {
                true => asked.text,
                false => format!("{}\n{}", asked.text, more.text),
            },
            fallback: if more.fallback == Unasked::Refuse { Unasked::Refuse } else { asked.fallback },
            ttl: asked.ttl.min(more.ttl),
            approve: asked.approve.or_else(|| more.approve.clone()),
        }))
    }

    /// Whether anybody has to be asked.
    pub fn asks(&self) -> bool {
        let mut found = Vec::new();
        self.questions(&mut found);
        !found.is_empty()
    }

    fn questions<'p>(&'p self, found: &mut Vec<&'p PlannedConfirm>) {
        found.extend(self.confirm.as_deref());
        if let Some(Ok(fallback)) = self.fallback.as_ref().map(|fallback| fallback.plan.as_deref()) {
            fallback.questions(found);
        }
        if let Step::Flow(flow) = &self.step {
            flow.works().for_each(|work| work.plan().questions(found));
        }
    }

    pub(super) fn confirm_line(&self) -> Option<(&'static str, String)> {
        let confirm = self.confirm.as_ref()?;
        let text = confirm.text.replace('\n', " · ");
        let by = match &confirm.approve {
            None => String::new(),
            Some(Approver::Shell) => " (`mcpfier approvals` decides)".to_owned(),
            Some(Approver::Command(tool)) => format!(" (`{tool}` decides)"),
            Some(Approver::Webhook(call)) => format!(" ({} decides)", call.action.url),
        };
        Some(("asks", text + &by))
    }

    pub(super) fn confirm_json(&self) -> Option<Value> {
        self.confirm.as_ref().map(|confirm| confirm.to_json())
    }
}

impl FlowPlan {
    /// Everything that may be carried out.
    fn works(&self) -> impl Iterator<Item = &Work> {
        self.steps.iter().chain(&self.finally).flat_map(PlannedStep::works)
    }
}

impl PlannedStep {
    fn works(&self) -> impl Iterator<Item = &Work> {
        let on_error = match &self.on_error {
            PlannedOnError::Run(work) => Some(work),
            PlannedOnError::Abort | PlannedOnError::Continue => None,
        };
        let rounds = std::iter::once(&self.work).chain(&self.otherwise);
        rounds.flat_map(Rounds::works).chain(on_error)
    }
}

impl Rounds {
    fn works(&self) -> Vec<&Work> {
        match self {
            Self::One(work) | Self::Later { work, .. } => vec![work],
            Self::Each { rounds, .. } => rounds.iter().map(|round| &round.work).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tame;

    #[test]
    fn a_value_stays_in_its_line_and_is_shown_as_what_it_is() {
        assert_eq!(tame("it's \"v1\" \\ é"), "it's \"v1\" \\ é");
        assert_eq!(tame("a\nThis would run: nothing\u{202e}"), "a\\nThis would run: nothing\\u{202e}");
        let long = tame(&"x".repeat(1000));
        assert_eq!(long.chars().count(), super::SHOWN + 1);
    }
}
