//! `steps`, `finally` and `depends_on` → a flow, when all other commands are known.
//!
//! A flow names commands that may stand below it, so flows are made last. A step waits for steps above it
//! only: the order of the file is an order in which they can run, and no step waits for itself.

mod arguments;
mod call;
mod dependencies;
mod each;
mod graph;
mod identity;
mod others;
mod sight;
mod step;

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Command, FlowKeys, Settings};
use crate::config::source::Span;
use crate::config::syntax::Node;
use crate::model::{Action, Concurrency, Dialect, Flow, FlowResult, FlowStep, OutputRules, StepWork, Tool};

use super::care::Care;
use super::command::{self, Commands, Whole};
use super::defaults::Defaults;
use super::output;
use super::param::LoweredParams;
use super::scope::Scope;
use super::when::when;

pub use arguments::Written;
pub use graph::settle;
pub use others::{Call, Others};
pub use sight::Sight;

use identity::Identities;

/// How long a command with steps may take that says nothing.
const WORKFLOW_TIMEOUT: Duration = Duration::from_mins(10);
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(30);

/// A command whose steps wait until all others are known.
pub struct Waiting<'n> {
    /// Its place among the tools.
    pub at: usize,
    pub node: &'n Node<'n>,
    pub command: Command<'n>,
    params: LoweredParams,
}

/// What came of one.
pub struct Made {
    /// Its place among the tools.
    pub at: usize,
    pub tool: Tool,
    /// The commands that it runs.
    pub calls: Vec<Call>,
}

/// One command with steps that is being read.
struct Lowering<'a> {
    commands: &'a Commands<'a>,
    command: &'a Command<'a>,
    keys: &'a FlowKeys<'a>,
    scope: &'a Scope<'a>,
    others: &'a Others<'a>,
    /// The tool that it becomes, as far as that is known.
    tool: &'a Tool,
    settings: Settings,
    identities: Identities,
    calls: RefCell<Vec<Call>>,
    /// What this host lacks for one of its steps.
    lacking: RefCell<Option<String>>,
    /// Which command it runs that was not chosen.
    left_out: RefCell<Option<String>>,
}

impl<'n> Waiting<'n> {
    /// With a tool that stands for it until it is made, so that others can ask for its parameters.
    pub fn begin(
        commands: &Commands<'_>,
        node: &'n Node<'n>,
        command: Command<'n>,
        at: usize,
    ) -> Option<(Self, Tool)> {
        let params = LoweredParams::of(commands.place, &command);
        let settings = timed(commands, &command);
        let shared = Arc::new(params.params());
        let action = Action::NotSupported("its steps are not known".to_owned());
        let tool = command::tool(commands, &command, shared, Some(action), plain(), &settings)?;
        let availability = command::availability(&command, None);
        Some((Self { at, node, command, params }, Tool { availability, ..tool }))
    }
}

/// `None` if it cannot become a tool; that has been reported.
pub fn lower(commands: &Commands<'_>, waiting: &Waiting<'_>, others: &Others<'_>) -> Option<Made> {
    let Waiting { at, command, params, .. } = waiting;
    let (keys, tool) = (command.flow.as_deref()?, others.tool(*at)?);
    let place = commands.place;
    place.take_missing();
    let scope = Scope::new(place, params, commands.secrets);
    let lowering = Lowering {
        commands,
        command,
        keys,
        scope: &scope,
        others,
        tool,
        settings: timed(commands, command),
        identities: Identities::of(place.reader, command, keys),
        calls: RefCell::default(),
        lacking: RefCell::default(),
        left_out: RefCell::default(),
    };
    let when = when(&scope, command.when);
    let flow = lowering.flow();
    let lacking = lowering.lacking.take();
    // Nothing is wrong with the file where a step was left out of it on purpose.
    let left_out = lowering.left_out.take().map(Action::NotSupported);
    let action = flow.map(|flow| Action::Flow(Box::new(flow))).or(left_out);
    let output = lowering.output(action.as_ref());
    let care = Care::read(&scope, &command.care, &lowering.settings);
    command::report_unused(&scope, command);
    let lacking = lacking.or_else(|| action.as_ref().and_then(command::lacking));
    let missing = lacking.or_else(|| place.take_missing().map(|name| command::unset(&name)));
    let (action, availability) = (action?, command::availability(command, missing));
    let requires = command::required(place, command, &action, &availability);
    let concurrency = Concurrency::default();
    let has_own = matches!(&action, Action::Flow(flow) if flow.own().is_some());
    let care = if has_own { care.beside_own() } else { care };
    let tool = care.of(Tool { when, action, output, concurrency, availability, requires, ..tool.clone() });
    Some(Made { at: *at, tool, calls: lowering.calls.take() })
}

/// Sees what is written in steps beside the tool that it became.
pub fn each_inline(tool: &Tool, command: &Command<'_>, each: impl Fn(&Tool, &Command<'_>, Whole)) {
    let (Action::Flow(flow), Some(keys)) = (&tool.action, command.flow.as_deref()) else { return };
    let own = flow.result.step().and_then(|id| flow.steps.iter().find(|step| step.id == *id));
    if let Some(FlowStep { work: StepWork::Inline(tool), .. }) = own {
        each(tool, command, Whole::Own);
    }
    let written = keys.works().filter(|work| work.inline.has_action).map(|work| &work.inline);
    let own = own.and_then(|step| if let StepWork::Inline(tool) = &step.work { Some(tool) } else { None });
    let made = flow.inlines().filter(|tool| own.is_none_or(|own| !Arc::ptr_eq(own, tool)));
    for (tool, command) in made.zip(written) {
        each(tool, command, Whole::Step);
    }
}

/// A command that waits for others takes longer than one alone.
fn timed(commands: &Commands<'_>, command: &Command<'_>) -> Settings {
    let settings = command.settings.clone().or(commands.defaults);
    let timeout = command.settings.timeout.or(settings.workflow_timeout).unwrap_or(WORKFLOW_TIMEOUT);
    Settings { timeout: Some(timeout), ..settings }
}

/// Stands for the output of a command until it is read.
fn plain() -> OutputRules {
    OutputRules::plain(Defaults::of(Dialect::Native).show)
}

impl Lowering<'_> {
    /// What the result of the whole is made of: where that is the command's own action, it has been read.
    fn output(&self, action: Option<&Action>) -> OutputRules {
        let own = match action {
            Some(Action::Flow(flow)) => flow.own(),
            _ => None,
        };
        match own {
            Some(tool) => tool.output.clone(),
            None => output::rules(self.scope, &self.command.output, action),
        }
    }

    fn flow(&self) -> Option<Flow> {
        self.report_misplaced();
        // All of it is read, so that every problem is told.
        let dependencies = self.dependencies();
        let steps = self.steps();
        let own = self.own();
        let finally = self.finally();
        let mut all: Vec<_> = dependencies?;
        all.extend(steps?);
        let result = match own? {
            Some(own) => {
                let id = own.id.clone();
                all.push(own);
                FlowResult::Of(id)
            }
            None => FlowResult::Steps,
        };
        Some(Flow {
            steps: all,
            finally: finally?,
            cleanup_timeout: self
                .keys
                .cleanup_timeout
                .map(|timeout| timeout.value)
                .or(self.settings.cleanup_timeout)
                .unwrap_or(CLEANUP_TIMEOUT),
            result,
            folder: self.folder(),
            apart: None,
        })
    }

    /// Where the paths of its parameters are; its steps have folders of their own.
    fn folder(&self) -> PathBuf {
        if let Some(written) = self.command.working_dir.as_ref().filter(|written| written.per_caller) {
            let message = "a flow runs no program itself, so its callers have no folders in it";
            let problem = Diagnostic::error(Code::CallerFolder, written.path.span, message);
            self.add(problem.help("write `working_dir: { per_caller: … }` at the commands that it runs"));
        }
        command::working_dir(self.commands.place, self.command)
    }

    fn add(&self, problem: Diagnostic) {
        self.scope.problems.add(problem);
    }

    fn bad(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(Code::BadStep, span, message)
    }

    /// Keys that mean nothing beside `steps`, and `finally` without any.
    fn report_misplaced(&self) {
        let Self { command, keys, .. } = self;
        if let Some(steps) = &keys.steps {
            if let Some((key, span)) = command::own_action(command) {
                let message = format!("a command has either `steps` or `{key}`; found both");
                let problem = self.bad(span, message).other(steps.field.key_span, "`steps` is here");
                self.add(problem.help("make it the last step"));
            }
            if steps.field.node.as_list().is_some_and(<[_]>::is_empty) {
                let problem = self.bad(steps.field.node.span, "`steps` is empty: there is nothing to run");
                self.add(
                    problem.help("a step is `{ command: NAME }` or has keys of a command, such as `script`"),
                );
            }
        }
        if keys.steps.is_none() && keys.depends_on.is_none() {
            let message = "`finally` and `cleanup_timeout` go with `steps` or `depends_on`";
            self.add(self.bad(keys.span, message));
        }
        if command::own_action(command).is_none() {
            for (key, span) in &command.process_keys {
                self.report_pointless(key, *span, "a workflow does nothing itself, its steps do");
            }
            for key in &keys.slot_keys {
                self.report_pointless(key.value, key.span, "a workflow does nothing itself, its steps do");
            }
        }
    }

    fn report_pointless(&self, key: &str, span: Span, why: &str) {
        let problem = Diagnostic::error(Code::Pointless, span, format!("`{key}` has no effect here: {why}"));
        self.add(problem.help(format!("write `{key}` in the step, or at the command, that it is for")));
    }
}
