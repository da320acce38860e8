//! One step: what it does, when, for what, and what if it fails.

use std::collections::BTreeSet;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{OnErrorKeys, Step};
use crate::model::{FlowStep, OnError, StepId};

use super::super::when::when;
use super::sight::{Item, Sight};
use super::{Lowering, each};

/// In which list a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Steps,
    Finally,
}

impl Lowering<'_> {
    /// `None` if one of them cannot be made; that has been reported.
    pub(super) fn steps(&self) -> Option<Vec<FlowStep>> {
        let steps = self.keys.steps.iter().flat_map(|list| &list.items).enumerate();
        let steps: Vec<_> =
            steps.map(|(at, step)| self.step(step, self.identities.steps + at, List::Steps)).collect();
        steps.into_iter().collect()
    }

    pub(super) fn finally(&self) -> Option<Vec<FlowStep>> {
        let steps = self.keys.finally.iter().flat_map(|list| &list.items).enumerate();
        let steps: Vec<_> =
            steps.map(|(at, step)| self.step(step, self.identities.finally + at, List::Finally)).collect();
        steps.into_iter().collect()
    }

    fn step(&self, step: &Step<'_>, at: usize, list: List) -> Option<FlowStep> {
        let names = &self.identities.names;
        // The items are known before there is one.
        let outside = Sight::new(names, at);
        let each = step.each.as_ref().map(|keys| {
            let scope = self.scope.seeing(&outside);
            let each = each::each(&scope, keys);
            self.scope.absorb(scope);
            each
        });
        let item = each.as_ref().map(|each| {
            let usual = Item { kind: crate::model::Kind::Any, is_fixed: false };
            each.as_ref().map_or(usual, |(_, item)| item.clone())
        });
        let sight = Sight::new(names, at).with_item(item.clone());
        let scope = self.scope.seeing(&sight);
        let work = self.work(&scope, &step.work);
        let condition = when(&scope, step.when);
        if let (Some(otherwise), None) = (&step.otherwise, step.when) {
            self.add(self.bad(otherwise.span, "`else` goes with `when`: this step always runs"));
        }
        let otherwise = step.otherwise.as_ref().map(|work| self.work(&scope, work));
        self.scope.absorb(scope);
        let on_error = self.on_error(step.on_error.as_ref(), Sight::new(names, at).with_item(item).over());
        let mut read = outside.read();
        read.extend(sight.read());
        let after = self.after(step, &sight, list, read);
        let each = match each {
            Some(each) => Some(each?.0),
            None => None,
        };
        Some(FlowStep {
            id: self.identities.id(at)?,
            work: work?,
            when: condition,
            otherwise: match otherwise {
                Some(work) => Some(work?),
                None => None,
            },
            after,
            each,
            retry: step.retry.as_ref().map(|keys| keys.retry.clone()),
            timeout: step.work.inline.settings.timeout,
            on_error: on_error?,
            once: false,
        })
    }

    /// What follows a failure; it sees the step that has failed.
    pub(super) fn on_error(&self, keys: Option<&OnErrorKeys<'_>>, sight: Sight<'_>) -> Option<OnError> {
        match keys {
            None | Some(OnErrorKeys::Abort) => Some(OnError::Abort),
            Some(OnErrorKeys::Continue) => Some(OnError::Continue),
            Some(OnErrorKeys::Run(work)) => {
                let scope = self.scope.seeing(&sight);
                let work = self.work(&scope, work);
                self.scope.absorb(scope);
                work.map(OnError::Run)
            }
        }
    }

    /// The steps that have to end first.
    fn after(&self, step: &Step<'_>, sight: &Sight<'_>, list: List, read: BTreeSet<usize>) -> Vec<StepId> {
        if list == List::Finally {
            if let Some(after) = &step.after {
                let problem =
                    "`after` has no effect here: what is done `finally` runs in the order of the file";
                self.add(Diagnostic::error(Code::Pointless, after.key_span, problem));
            }
            return Vec::new();
        }
        let (first, mut waits) = (self.identities.steps, read);
        match &step.after {
            Some(after) => {
                for id in &after.ids {
                    match sight.find(id.value, id.span) {
                        Ok(at) => drop(waits.insert(at)),
                        Err(problem) => self.add(*problem),
                    }
                }
            }
            None if sight.at > first => drop(waits.insert(sight.at - 1)),
            None => {}
        }
        // Whoever waits for a step waits for the dependencies with it.
        if !waits.iter().any(|at| *at >= first) {
            waits.extend(0..first);
        }
        waits.into_iter().filter_map(|at| self.identities.id(at)).collect()
    }
}
