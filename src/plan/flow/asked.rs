//! What steps are asked for: by conditions, by other steps, and by the result of the whole. Only that is kept
//! of what they come to.

use std::collections::BTreeMap;

use crate::model::{FlowResult, Reference, StepId, StepPart, When};

use super::FlowPlan;

/// What a condition asks of steps. One that asks for a whole step, or for all of them, asks for everything.
pub fn asked_by(when: &When, all: &[&StepId]) -> Vec<Reference> {
    let mut asked = Vec::new();
    let names = when.condition.names().iter().filter(|name| name.root == "steps");
    for name in names {
        let part = name.path.get(1).and_then(|part| StepPart::parse(part));
        let is_state = name.path.get(1).is_some_and(|part| part == "state");
        let steps = all.iter().filter(|step| name.path.first().is_none_or(|id| step.as_str() == id));
        for step in steps {
            let parts = match part {
                Some(part) => vec![part],
                None if is_state => vec![StepPart::ExitCode],
                None => StepPart::ALL.to_vec(),
            };
            asked.extend(parts.into_iter().map(|part| Reference::Step {
                id: StepId::clone(step),
                part,
                path: Vec::new(),
            }));
        }
    }
    asked
}

impl FlowPlan {
    /// What steps, conditions and rounds ask of each step.
    pub fn asked(&self) -> BTreeMap<&StepId, Vec<StepPart>> {
        let mut asked: BTreeMap<&StepId, Vec<StepPart>> = BTreeMap::new();
        for reference in self.steps.iter().chain(&self.finally).flat_map(|step| &step.sees) {
            if let Reference::Step { id, part, .. } = reference {
                asked.entry(id).or_default().push(*part);
            }
        }
        for step in self.steps.iter().chain(&self.finally).filter(|step| self.is_shown(&step.id)) {
            asked.entry(&step.id).or_default().extend(StepPart::ALL);
        }
        asked
    }

    /// Whether the result of the whole is made of what this step came to.
    fn is_shown(&self, id: &StepId) -> bool {
        let rules = &self.call.invocation().tool().output;
        match &rules.template {
            Some(template) => template.names().iter().any(|name| {
                let mut path = name.path.iter().map(String::as_str);
                path.next() == Some("steps") && path.next().is_none_or(|step| step == id.as_str())
            }),
            None => rules.format.is_structured() && self.result == FlowResult::Steps,
        }
    }
}
