//! What a step does: it runs a command of the file, or it is work that is written in place.

use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::Work;
use crate::config::read::{Field, Spanned};
use crate::config::source::Span;
use crate::model::{Action, Availability, Concurrency, StepWork, Tool};

use super::super::command;
use super::super::output;
use super::super::scope::Scope;
use super::others::{Call, Found};
use super::{Lowering, arguments};

impl Lowering<'_> {
    /// `None` if it cannot be done; that has been reported.
    pub(super) fn work(&self, scope: &Scope<'_>, work: &Work<'_>) -> Option<StepWork> {
        match (work.command, work.inline.has_action) {
            (Some(named), false) => {
                self.report_strange_keys(work, named);
                self.call(scope, work.span, named, work.with)
            }
            (Some(named), true) => {
                let key = work.inline_keys.iter().find(|key| is_action(key.value)).copied();
                let key = key.unwrap_or(Spanned { value: "script", span: work.span });
                let message = format!("a step has either `command` or `{}`; found both", key.value);
                self.add(self.bad(key.span, message).other(named.span, "`command` is here"));
                None
            }
            (None, true) => {
                if let Some(with) = work.with {
                    let problem = self.bad(with.key_span, "`with` goes with `command`");
                    self.add(
                        problem.help("work that is written in a step sees the parameters itself: `{{name}}`"),
                    );
                }
                self.inline(scope, work)
            }
            (None, false) => {
                if !work.names_command {
                    let problem = self.bad(work.span, "this step says nothing to do");
                    self.add(problem.help(
                        "`command` names a command of the file; `script`, `run`, `webhook` and `container` say it here",
                    ));
                }
                None
            }
        }
    }

    /// Runs a command of the file.
    pub(super) fn call(
        &self,
        scope: &Scope<'_>,
        span: Span,
        named: Spanned<&str>,
        with: Option<Field<'_>>,
    ) -> Option<StepWork> {
        let (at, tool) = match self.others.find(named) {
            Found::Tool(at, tool) => (at, tool),
            Found::Broken => {
                scope.doubt();
                return None;
            }
            // It may be there, and have none of the tags that were chosen.
            Found::Unknown(_) if self.commands.is_selection => {
                scope.doubt();
                let reason =
                    format!("it runs `{}`, which is not among the commands that were chosen", named.value);
                self.left_out.borrow_mut().get_or_insert(reason);
                return None;
            }
            Found::Unknown(nearest) => {
                scope.doubt();
                let message = format!("there is no command `{}`", named.value);
                let problem = Diagnostic::error(Code::UnknownCommand, named.span, message);
                self.add(match nearest {
                    Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
                    None => problem.help(
                        "`command` names one of the `commands` of the file; an executable is `script`, with `args`",
                    ),
                });
                return None;
            }
        };
        if tool.availability == Availability::Disabled && self.command.enabled {
            let message = format!("the command `{}` is disabled, and this step runs it", tool.name);
            let problem = Diagnostic::error(Code::DisabledCommand, named.span, message);
            self.add(problem.help("enable it, or disable this command too"));
        }
        self.calls.borrow_mut().push(Call { callee: at, span: named.span });
        let written = arguments::Written { scope, span, with, callee: tool };
        let with = written.read()?;
        Some(StepWork::Command { tool: tool.name.clone(), with })
    }

    /// Work that is written in place.
    fn inline(&self, scope: &Scope<'_>, work: &Work<'_>) -> Option<StepWork> {
        let inner = &work.inline;
        if let Some(key) = work.inline_keys.iter().find(|key| key.value == "concurrency") {
            self.report_pointless(key.value, key.span, "`for_each` has its own, and steps wait by `after`");
        }
        let settings = command::settings(inner, self.commands.defaults);
        let action = command::action(self.commands.place, scope, inner, &settings);
        let action =
            self.commands.executors.assign(self.commands.place, inner, settings.run_on.as_ref(), action)?;
        let availability = self.availability_of(&action);
        let (name, params) = (self.tool.name.clone(), Arc::clone(&self.tool.params));
        let output = output::rules(scope, &inner.output, Some(&action));
        let tool = command::nameless(inner, name, params, action, output, &settings);
        Some(StepWork::Inline(Arc::new(Tool {
            availability,
            annotations: self.command.annotations,
            concurrency: Concurrency { max: None, per_caller: None, lock: inner.lock.clone() },
            ..tool
        })))
    }

    /// Whether this host can do what a step says itself. What it lacks the whole command lacks.
    pub(super) fn availability_of(&self, action: &Action) -> Availability {
        match command::lacking(action) {
            Some(reason) => {
                self.lacking.borrow_mut().get_or_insert_with(|| reason.clone());
                Availability::Unavailable { reason }
            }
            None => Availability::Internal,
        }
    }

    /// Keys of an action beside `command`.
    fn report_strange_keys(&self, work: &Work<'_>, named: Spanned<&str>) {
        for key in &work.inline_keys {
            let message = format!("`{}` belongs to the command `{}` itself", key.value, named.value);
            let problem = self.bad(key.span, message).other(named.span, "`command` is here");
            self.add(problem.help("a step that runs a command takes `with`, and `timeout` for this time"));
        }
    }
}

fn is_action(key: &str) -> bool {
    matches!(key, "script" | "run" | "container" | "webhook")
}
