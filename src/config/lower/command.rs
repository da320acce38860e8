//! One command → one tool.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Command, Settings};
use crate::config::read::Field;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{
    Action, Availability, Concurrency, Dialect, EnvInherit, Params, Script, Stdin, Template, Tool, ToolName,
    Variable, Workload,
};

use super::defaults::{Defaults, limits};
use super::interpreter::Interpreter;
use super::param::LoweredParams;
use super::place::Place;
use super::scope::{Scope, Spot};
use super::webhook::webhook;
use super::{output, script, words};

/// Reads commands and lowers them, one after the other, so that only one is held at a time.
pub struct Commands<'a> {
    pub place: &'a Place<'a>,
    pub defaults: &'a Settings,
    /// The names of all declared secrets.
    pub secrets: &'a BTreeSet<String>,
}

impl Commands<'_> {
    /// One that cannot become a tool has been reported and is left out. `each` sees every tool
    /// beside what was written.
    pub fn lower<'n>(&self, nodes: &'n [Node<'n>], each: impl Fn(&Tool, &Command<'_>)) -> Vec<Tool> {
        let mut tools = Vec::with_capacity(nodes.len());
        let mut names: HashMap<&'n str, Span> = HashMap::with_capacity(nodes.len());
        for node in nodes {
            let Some(command) = Command::read(self.place.reader, node) else { continue };
            self.note_name(node, &command, &mut names);
            if let Some(tool) = lower(self.place, &command, self.defaults, self.secrets) {
                each(&tool, &command);
                tools.push(tool);
            }
            if !command.enabled {
                // It may be disabled because of what this host lacks.
                self.place.reader.problems.forgive_host(&node.places());
            }
        }
        tools
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

fn lower(
    place: &Place<'_>,
    command: &Command<'_>,
    defaults: &Settings,
    secrets: &BTreeSet<String>,
) -> Option<Tool> {
    place.take_missing();
    let name = name(place, command);
    let params = LoweredParams::read(place, command.params);
    let scope = Scope::new(place, &params, secrets);
    let action = action(place, &scope, command, defaults);
    let description = description(place, command);
    report_unused(&scope, command);
    let output = output::rules(place.reader, &command.output);
    let settings = command.settings.clone().or(defaults);
    let usual = Defaults::of(Dialect::Native);
    let action = action?;
    Some(Tool {
        name: name?,
        title: command.title.map(|title| title.value.to_owned()),
        description,
        availability: availability(place, command, &action),
        action,
        tags: command.tags.clone(),
        params: Arc::new(Params::new(params.list)),
        timeout: settings.timeout.unwrap_or(usual.timeout),
        kill_grace: settings.kill_grace.unwrap_or(usual.kill_grace),
        limits: limits(&settings.limits, settings.enforcement, &usual),
        concurrency: Concurrency { max: settings.concurrency, lock: command.lock.clone() },
        exit_codes: command.exit_codes.clone(),
        annotations: command.annotations,
        output,
        dialect: Dialect::Native,
    })
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

fn action(
    place: &Place<'_>,
    scope: &Scope<'_>,
    command: &Command<'_>,
    defaults: &Settings,
) -> Option<Action> {
    let Some(written) = &command.webhook else {
        return workload(place, scope, command, defaults).map(|workload| Action::Process(Box::new(workload)));
    };
    let call = webhook(scope, command, written);
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

fn unset(variable: &str) -> String {
    format!("the environment variable `{variable}` is not set")
}

fn workload(
    place: &Place<'_>,
    scope: &Scope<'_>,
    command: &Command<'_>,
    defaults: &Settings,
) -> Option<Workload> {
    let script = script::script(place, scope, command);
    let env = command.env.iter().filter_map(|variable| {
        let value = scope.template(variable.value, Spot::Private, true)?;
        Some(Variable { name: variable.name.to_owned(), value })
    });
    let env = env.collect();
    let stdin = command.stdin.and_then(|text| {
        let template = scope.template(text, Spot::Private, false)?;
        if let Some(script) = command.script.filter(|script| reads_code(script.value, command.args)) {
            words::check_read_code(scope, script.value, &template, text.span);
        }
        Some(template)
    });
    let stdin = stdin.map_or(Stdin::Null, Stdin::Text);
    let inherit = command.settings.inherit.clone().or_else(|| defaults.inherit.clone());
    let working_dir = working_dir(place, command);
    Some(Workload {
        script: script?,
        env,
        inherit: inherit.unwrap_or(EnvInherit::Minimal),
        working_dir: Template::literal(working_dir.to_string_lossy()),
        stdin,
    })
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

fn working_dir(place: &Place<'_>, command: &Command<'_>) -> PathBuf {
    let written = command.working_dir.and_then(|written| place.path(written, "working_dir"));
    written.unwrap_or_else(|| place.base.clone())
}

/// A tool without a description cannot be chosen well by a model.
fn description(place: &Place<'_>, command: &Command<'_>) -> String {
    if let Some(text) = command.description.map(|text| text.value).filter(|text| !text.trim().is_empty()) {
        return text.to_owned();
    }
    let span = command.description.map_or_else(|| script::head(command), |text| text.span);
    let problem = Diagnostic::warning(Code::NoDescription, span, "this command has no description");
    place.reader.problems.add(problem.help("say what it does and when to use it: a model chooses by that"));
    match (command.title, command.name) {
        (Some(title), _) => title.value.to_owned(),
        (None, Some(name)) => default_description(name.value),
        (None, None) => String::new(),
    }
}

/// What the original says of a command that says nothing of itself.
pub fn default_description(name: &str) -> String {
    format!("Execute {name} with configured arguments")
}

fn report_unused(scope: &Scope<'_>, command: &Command<'_>) {
    // What does the work may use it, if that could only be read.
    if command.script.is_none() && command.run.is_none() && command.webhook.is_none() && command.has_action {
        return;
    }
    scope.report_unused(|name| match command.run {
        Some(_) => format!("read its variable `$PARAM_{name}` in `run`, or remove it"),
        None => format!("put `\"{{{{{name}}}}}\"` where its value belongs, or remove it"),
    });
}

fn availability(place: &Place<'_>, command: &Command<'_>, action: &Action) -> Availability {
    let unset = place.take_missing().map(|name| unset(&name));
    let lacking = match action {
        Action::Process(workload) => missing(&workload.script),
        Action::Http(_) if !cfg!(feature = "http") => {
            Some("this program was built without HTTP calls".to_owned())
        }
        Action::Http(_) => None,
        Action::NotSupported(reason) => Some(reason.clone()),
    };
    match lacking.or(unset) {
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
