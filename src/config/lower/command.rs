//! One command → one tool.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{self, Command, Settings};
use crate::config::read::{Field, Spanned};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{
    Action, Availability, Concurrency, ContainerWorkload, Detach, Dialect, EnvInherit, OutputRules, Params,
    Requires, Script, Stdin, Template, Tool, ToolName, Variable, Workload,
};

use super::access::authorization;
use super::care::{Care, Links};
use super::container::container;
use super::defaults::{Defaults, IN_CONTAINERS, limits};
use super::description::description;
use super::detach;
use super::executor::Executors;
use super::flow::{self, Others, Waiting};
use super::interpreter::Interpreter;
use super::param::LoweredParams;
use super::place::Place;
use super::requires::{self, Named, check_commands};
use super::scope::{Scope, Spot};
use super::webhook::webhook;
use super::when::when;
use super::{output, sandbox, script, words};

/// Reads commands and lowers them, one after the other, so that only one is held at a time.
pub struct Commands<'a> {
    pub place: &'a Place<'a>,
    pub defaults: &'a Settings,
    /// The names of all declared secrets.
    pub secrets: &'a BTreeSet<String>,
    pub executors: &'a Executors,
    /// Others of the file may have been left out.
    pub is_selection: bool,
}

impl Commands<'_> {
    /// One that cannot become a tool has been reported and is left out. `each` sees every tool
    /// beside what was written, also those that are written in steps.
    pub fn lower<'n>(&self, nodes: &'n [Node<'n>], each: impl Fn(&Tool, &Command<'_>, Whole)) -> Vec<Tool> {
        let mut tools = Vec::with_capacity(nodes.len());
        let mut names: HashMap<&'n str, Span> = HashMap::with_capacity(nodes.len());
        let mut links = Links::default();
        let mut waiting = Vec::new();
        let mut required = Named::new();
        for node in nodes {
            let Some(command) = Command::read(self.place.reader, node) else { continue };
            self.note_name(node, &command, &mut names);
            if command.flow.is_some() {
                // What has no name has been reported.
                if let Some((flow, tool)) = Waiting::begin(self, node, command, tools.len()) {
                    require(&mut required, &tool, &flow.command);
                    tools.push(tool);
                    waiting.push(flow);
                }
                continue;
            }
            if let Some(tool) = lower(self, &command) {
                each(&tool, &command, Whole::Command);
                links.note(self.place.reader.problems, &tool, &command.care);
                require(&mut required, &tool, &command);
                tools.push(tool);
            }
            self.forgive_disabled(&command, node);
        }
        if !waiting.is_empty() {
            self.lower_flows(&mut tools, &waiting, &names, each);
            self.note_links(&tools, &waiting, &mut links);
        }
        links.check(self.place.reader.problems, &tools);
        detach::check(self.place.reader.problems, nodes, &tools);
        if !required.is_empty() {
            check_commands(self.place, &tools, &required, self.is_selection);
        }
        tools
    }

    fn note_links(&self, tools: &[Tool], waiting: &[Waiting<'_>], links: &mut Links) {
        for Waiting { at, command, .. } in waiting {
            if let Some(tool) = tools.get(*at) {
                links.note(self.place.reader.problems, tool, &command.care);
            }
        }
    }

    /// What runs other commands is made when all of them are known.
    fn lower_flows(
        &self,
        tools: &mut [Tool],
        waiting: &[Waiting<'_>],
        names: &HashMap<&str, Span>,
        each: impl Fn(&Tool, &Command<'_>, Whole),
    ) {
        let others = Others::new(tools, names);
        let made = waiting.iter().filter_map(|waiting| flow::lower(self, waiting, &others));
        let made = made.collect();
        flow::settle(self.place.reader.problems, tools, made);
        for Waiting { at, node, command, .. } in waiting {
            if let Some(tool) = tools.get_mut(*at) {
                if let Some(requires) = &mut tool.requires {
                    requires.apart = tool.availability.clone();
                }
                each(tool, command, Whole::Command);
                flow::each_inline(tool, command, &each);
            }
            self.forgive_disabled(command, node);
        }
    }

    /// A command may be disabled because of what this host lacks.
    fn forgive_disabled(&self, command: &Command<'_>, node: &Node<'_>) {
        if !command.enabled {
            self.place.reader.problems.forgive_host(&node.places());
        }
    }

    fn note_name<'n>(&self, node: &'n Node<'n>, command: &Command<'_>, names: &mut HashMap<&'n str, Span>) {
        let (Some(written), Some(name)) = (command.name, node.get("name").and_then(Node::as_text)) else {
            return;
        };
        match names.get(name) {
            Some(first) => {
                let message = format!("there are two commands of the name `{name}`");
                let problem = Diagnostic::error(Code::DuplicateName, written.span, message);
                self.place.reader.problems.add(problem.other(*first, "the first is here"));
            }
            None => drop(names.insert(name, written.span)),
        }
    }
}

/// Whether a tool is a command or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    Command,
    /// What a command does itself when what it depends on is there.
    Own,
    /// What is written in a step.
    Step,
}

fn lower(commands: &Commands<'_>, command: &Command<'_>) -> Option<Tool> {
    let Commands { place, defaults, secrets, executors, is_selection: _ } = *commands;
    place.take_missing();
    let params = LoweredParams::of(place, command);
    let scope = Scope::new(place, &params, secrets);
    let settings = settings(command, defaults);
    let action = action(place, &scope, command, &settings);
    let action = executors.assign(place, command, settings.run_on.as_ref(), action);
    let when = when(&scope, command.when);
    let output = output::rules(&scope, &command.output, action.as_ref());
    let care = Care::read(&scope, &command.care, &settings);
    report_unused(&scope, command);
    let missing = action.as_ref().and_then(lacking).or_else(|| place.take_missing().map(|name| unset(&name)));
    let tool = tool(commands, command, Arc::new(params.into_params()), action, output, &settings)?;
    let availability = availability(command, missing);
    let requires = required(place, command, &tool.action, &availability);
    Some(care.of(Tool { when, requires, availability, ..tool }))
}

/// What this host has to have for it.
pub(super) fn required(
    place: &Place<'_>,
    command: &Command<'_>,
    action: &Action,
    apart: &Availability,
) -> Option<Box<Requires>> {
    let written = command.requires.as_ref()?;
    Some(Box::new(requires::requires(place, written, action, apart.clone())))
}

/// Notes the commands that one requires, which are looked for when all are known.
fn require<'n>(required: &mut Named<'n>, tool: &Tool, command: &Command<'n>) {
    if let Some(written) = command.requires.as_ref().filter(|written| !written.commands.is_empty()) {
        required.push((tool.name.clone(), written.commands.clone()));
    }
}

/// A tool of what a command says, without its condition and what it may lack. `None` if it has no name or
/// no action.
pub(super) fn tool(
    commands: &Commands<'_>,
    command: &Command<'_>,
    params: Arc<Params>,
    action: Option<Action>,
    output: OutputRules,
    settings: &Settings,
) -> Option<Tool> {
    let name = name(commands.place, command);
    let description = description(commands.place, command);
    let tool = nameless(command, name?, params, action?, output, settings);
    Some(Tool { description, ..tool })
}

/// The same with a name of its own, and nothing for people.
pub(super) fn nameless(
    command: &Command<'_>,
    name: ToolName,
    params: Arc<Params>,
    action: Action,
    output: OutputRules,
    settings: &Settings,
) -> Tool {
    let usual = Defaults::of(Dialect::Native);
    Tool {
        name,
        title: command.title.map(|title| title.value.to_owned()),
        description: String::new(),
        logging: command.logging,
        availability: Availability::Offered,
        requires: None,
        authorization: authorization(command.authorization.as_deref()),
        action,
        tags: command.tags.clone(),
        scopes: command.scopes.clone(),
        params,
        when: None,
        retry: None,
        fallback: None,
        breaker: None,
        confirm: None,
        cache: None,
        timeout: settings.timeout.unwrap_or(usual.timeout),
        kill_grace: settings.kill_grace.unwrap_or(usual.kill_grace),
        detach: if command.background { Detach::AtOnce } else { settings.detach.unwrap_or(Detach::USUAL) },
        limits: limits(&settings.limits, settings.enforcement, &usual),
        concurrency: Concurrency {
            max: settings.concurrency,
            per_caller: settings.per_caller,
            lock: command.lock.clone(),
        },
        exit_codes: command.exit_codes.clone(),
        annotations: command.annotations,
        output,
        automation: None,
        dialect: Dialect::Native,
    }
}

fn name(place: &Place<'_>, command: &Command<'_>) -> Option<ToolName> {
    let written = command.name?;
    match written.value.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            let problem = Diagnostic::error(Code::BadName, written.span, error.to_string());
            place.reader.problems.add(problem.label("the name of a command"));
            None
        }
    }
}

pub(super) fn action(
    place: &Place<'_>,
    scope: &Scope<'_>,
    command: &Command<'_>,
    settings: &Settings,
) -> Option<Action> {
    let Some(written) = &command.webhook else {
        return match &command.container {
            Some(written) => contained(place, container(scope, command, written, &settings.limits)),
            None => {
                workload(place, scope, command, settings).map(|workload| Action::Process(Box::new(workload)))
            }
        };
    };
    if let Some(container) = &command.container {
        let message = "a command has either `container` or `webhook`; found both";
        let problem = Diagnostic::error(Code::NothingToRun, written.span, message);
        scope.problems.add(problem.other(container.span, "`container` is here"));
        return None;
    }
    let call = webhook(scope, command, written, settings);
    if let Some(other) = command.script.or(command.run) {
        let key = if command.script.is_some() { "script" } else { "run" };
        let message = format!("a command has either `{key}` or `webhook`; found both");
        let problem = Diagnostic::error(Code::NothingToRun, written.span, message);
        scope.problems.add(problem.other(other.span, format!("`{key}` is here")));
        return None;
    }
    match (call, place.missing.borrow().as_ref()) {
        (Some(call), _) => Some(Action::Http(Box::new(call))),
        // It is right in itself, and cannot run on this host.
        (None, Some(name)) => Some(Action::NotSupported(unset(name))),
        (None, None) => None,
    }
}

fn contained(place: &Place<'_>, workload: Option<ContainerWorkload>) -> Option<Action> {
    match (workload, place.missing.borrow().as_ref()) {
        (Some(workload), _) => Some(Action::Container(Box::new(workload))),
        // It is right in itself, and cannot run on this host.
        (None, Some(name)) => Some(Action::NotSupported(unset(name))),
        (None, None) => None,
    }
}

/// What holds for a command: its own settings, those of `defaults`, and what a container has.
pub(super) fn settings(command: &Command<'_>, defaults: &Settings) -> Settings {
    within_container(command.settings.clone().or(defaults), command)
}

pub(super) fn within_container(mut settings: Settings, command: &Command<'_>) -> Settings {
    if command.container.is_some() {
        settings.limits = settings.limits.or(&IN_CONTAINERS);
    }
    settings
}

pub(super) fn unset(variable: &str) -> String {
    format!("the environment variable `{variable}` is not set")
}

fn workload(
    place: &Place<'_>,
    scope: &Scope<'_>,
    command: &Command<'_>,
    settings: &Settings,
) -> Option<Workload> {
    let script = script::script(place, scope, command);
    let env = variables(scope, command);
    let stdin = stdin(scope, command);
    let working_dir = working_dir(place, command);
    let per_caller = command.working_dir.as_ref().is_some_and(|written| written.per_caller);
    // A folder of the caller's own is let in when it is known whose.
    let usual = if per_caller { None } else { Some(&*working_dir) };
    let sandbox = sandbox::sandbox(place, settings.sandbox.as_ref(), usual);
    Some(Workload {
        script: script?,
        env,
        inherit: settings.inherit.clone().unwrap_or(EnvInherit::Minimal),
        working_dir: Template::literal(working_dir.to_string_lossy()),
        per_caller,
        stdin,
        sandbox,
    })
}

/// What the file sets beside what is inherited.
pub(super) fn variables(scope: &Scope<'_>, command: &Command<'_>) -> Vec<Variable> {
    let read = |variable: &native::Variable<'_>| {
        let value = scope.template(variable.value, Spot::Private, true)?;
        Some(Variable { name: variable.name.to_owned(), value })
    };
    command.env.iter().filter_map(read).collect()
}

pub(super) fn stdin(scope: &Scope<'_>, command: &Command<'_>) -> Stdin {
    let text = command.stdin.and_then(|text| {
        let template = scope.template(text, Spot::Private, false)?;
        // A locked container is where code of callers may run: it reads nothing of this host.
        let runs_here = command.script.filter(|_| command.container.is_none());
        if let Some(script) = runs_here.filter(|script| reads_code(script.value, command.args)) {
            words::check_read_code(scope, script.value, &template, text.span);
        }
        Some(template)
    });
    text.map_or(Stdin::Null, Stdin::Text)
}

/// Whether a program executes what it reads: an interpreter without a script in its arguments.
fn reads_code(script: &str, args: Option<Field<'_>>) -> bool {
    let is_script = |word: &Node<'_>| word.as_text().is_some_and(|word| !word.starts_with('-'));
    // What follows `-s` or `-` is for the script that is read.
    let reads = |word: &Node<'_>| matches!(word.as_text(), Some("-s" | "-"));
    let has_script = args.is_some_and(|args| match &args.node.kind {
        Kind::List(words) => words.iter().take_while(|word| !reads(word)).any(is_script),
        _ => false,
    });
    Interpreter::of(script).is_some() && !has_script
}

pub(super) fn working_dir(place: &Place<'_>, command: &Command<'_>) -> PathBuf {
    let written = command.working_dir.as_ref().and_then(|written| place.path(written.path, "working_dir"));
    written.unwrap_or_else(|| place.base.clone())
}

/// The key by which a command says what it does itself.
pub(super) fn own_action(command: &Command<'_>) -> Option<(&'static str, Span)> {
    let text = |key, written: Option<Spanned<&str>>| written.map(|written| (key, written.span));
    text("script", command.script)
        .or(text("run", command.run))
        .or(command.webhook.as_ref().map(|webhook| ("webhook", webhook.span)))
        .or(command.container.as_ref().map(|container| ("container", container.span)))
}

pub(super) fn report_unused(scope: &Scope<'_>, command: &Command<'_>) {
    // What does the work may use it, if that could only be read.
    let is_read = command.script.is_some()
        || command.run.is_some()
        || command.webhook.is_some()
        || command.container.is_some()
        || command.flow.is_some();
    if !is_read && command.has_action {
        return;
    }
    scope.report_unused(|name| match command.run {
        Some(_) => format!("read its variable `$PARAM_{name}` in `run`, or remove it"),
        None => format!("put `\"{{{{{name}}}}}\"` where its value belongs, or remove it"),
    });
}

/// What this host, or this program, lacks for an action.
pub(super) fn lacking(action: &Action) -> Option<String> {
    match action {
        Action::Process(workload) => missing(&workload.script),
        Action::Http(_) if !cfg!(feature = "http") => {
            Some("this program was built without HTTP calls".to_owned())
        }
        Action::Container(_) if !cfg!(feature = "containers") => {
            Some("this program was built without containers".to_owned())
        }
        Action::Container(_) | Action::Http(_) | Action::Flow(_) => None,
        Action::NotSupported(reason) => Some(reason.clone()),
    }
}

pub(super) fn availability(command: &Command<'_>, missing: Option<String>) -> Availability {
    match missing {
        _ if !command.enabled => Availability::Disabled,
        Some(reason) => Availability::Unavailable { reason },
        None if !command.expose => Availability::Internal,
        None => Availability::Offered,
    }
}

/// Why a script cannot run on this host.
pub fn missing(script: &Script) -> Option<String> {
    let program = script.program();
    program.path.is_none().then(|| format!("there is no executable `{}` on this host", program.written))
}
