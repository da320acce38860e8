//! `depends_on`: commands that run first, and the command itself, which waits for all of them.

use std::sync::Arc;

use crate::config::native::Dependency;
use crate::model::{FlowStep, OnError, StepWork, Tool};

use super::super::{command, output};
use super::Lowering;
use super::sight::Sight;

impl Lowering<'_> {
    /// `None` if one of them cannot be run; that has been reported.
    pub(super) fn dependencies(&self) -> Option<Vec<FlowStep>> {
        let entries = self.keys.depends_on.iter().flat_map(|list| &list.items).enumerate();
        let steps: Vec<_> = entries.map(|(at, entry)| self.dependency(entry, at)).collect();
        steps.into_iter().collect()
    }

    fn dependency(&self, entry: &Dependency<'_>, at: usize) -> Option<FlowStep> {
        let names = &self.identities.names;
        let sight = Sight::new(names, at);
        let scope = self.scope.seeing(&sight);
        let work = entry.command.map(|named| self.call(&scope, entry.span, named, entry.with));
        self.scope.absorb(scope);
        let on_error = self.on_error(entry.on_error.as_ref(), Sight::new(names, at).over());
        Some(FlowStep {
            id: self.identities.id(at)?,
            work: work.flatten()?,
            when: None,
            otherwise: None,
            after: sight.read().into_iter().filter_map(|at| self.identities.id(at)).collect(),
            each: None,
            retry: None,
            timeout: None,
            on_error: on_error?,
            once: true,
        })
    }

    /// What the command does itself, when what it depends on is there. The inner `None` is a command that
    /// does nothing itself.
    pub(super) fn own(&self) -> Option<Option<FlowStep>> {
        let Self { commands, command, .. } = self;
        let Some(at) = self.identities.own else { return Some(None) };
        let sight = Sight::new(&self.identities.names, at);
        let scope = self.scope.seeing(&sight);
        let settings = command::within_container(self.settings.clone(), command);
        let action = command::action(commands.place, &scope, command, &settings);
        let action = commands.executors.assign(commands.place, command, settings.run_on.as_ref(), action);
        let action = action?;
        let output = output::rules(&scope, &command.output, Some(&action));
        self.scope.absorb(scope);
        let availability = self.availability_of(&action);
        let (name, params) = (self.tool.name.clone(), Arc::clone(&self.tool.params));
        let tool = command::nameless(command, name, params, action, output, &settings);
        Some(Some(FlowStep {
            id: self.identities.id(at)?,
            work: StepWork::Inline(Arc::new(Tool { availability, ..tool })),
            when: None,
            otherwise: None,
            after: (0..self.identities.steps).filter_map(|at| self.identities.id(at)).collect(),
            each: None,
            retry: command.care.retry.as_ref().map(|keys| keys.retry.clone()),
            timeout: None,
            on_error: OnError::Abort,
            once: false,
        }))
    }
}
