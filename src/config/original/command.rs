//! One command of an original file → one tool.

use std::sync::Arc;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::{Defaults, Place, authorization, default_description, limits, missing};
use crate::config::native::{Authorization as Asked, Bound, LimitSettings, cores};
use crate::config::read::{Fields, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node, scalar};
use crate::model::{
    Action, Annotations, Argument, Availability, Concurrency, Detach, Dialect, EnvInherit, ExitCodes,
    OutputRules, Params, Retry, Script, Stdin, Template, Tool, ToolName, Variable, Workload, format_duration,
    parse_duration,
};

use super::container::container;
use super::notices::Notices;
use super::webhook::Webhook;

/// Reads commands, and remembers where this program differs from the original.
pub struct Commands<'a> {
    place: &'a Place<'a>,
    params: Arc<Params>,
    notices: Notices,
    /// Of the webhook that is being read.
    retry: Option<Retry>,
    /// Commands that ask something of their callers.
    pub asking: Vec<(String, Asked)>,
}

/// What a command would do, if it is not a local process.
const NO_CALL: &str = "its HTTP call cannot be made";
/// How long an HTTP call may take that says nothing of it.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
const NOTHING: &str = "it has nothing to run";

impl<'a> Commands<'a> {
    pub fn new(place: &'a Place<'a>) -> Self {
        let (params, notices) = (Arc::new(Params::none_and_ignored()), Notices::default());
        Self { place, params, notices, retry: None, asking: Vec::new() }
    }

    pub fn report_differences(&self) {
        self.notices.report(self.place.reader.problems);
    }

    /// The tool, and where its name stands. `None` if it cannot be offered; that has been reported.
    pub fn read(&mut self, node: &'a Node<'a>) -> Option<(Tool, Span)> {
        let reader = self.place.reader;
        let mut fields = Fields::open(reader, node, &shape::ORIGINAL_COMMAND)?;
        let name = fields.text("name").unwrap_or(Spanned { value: "", span: fields.span });
        let script = fields.text("script");
        let args = self.args(&mut fields);
        let description = fields.text("description").map(|text| text.value).filter(|text| !text.is_empty());
        let elsewhere = self.elsewhere(&mut fields);
        let is_call = matches!(elsewhere, Some(Elsewhere::Other(Action::Http(_))));
        let timeout = self.timeout(&mut fields, is_call);
        let env = self.env(&mut fields, &elsewhere);
        let resources = resources(self.place, &mut fields);
        let asked = Asked::read(reader, &mut fields, &shape::ORIGINAL_AUTHORIZATION);
        fields.close();
        let action = match elsewhere {
            Some(Elsewhere::Other(action)) => action,
            Some(Elsewhere::Image(image)) => container(self.place, image, script, args, env),
            None => self.process(script, name, args, env),
        };
        let usual = Defaults::of(Dialect::Original);
        let tool = Tool {
            when: None,
            requires: None,
            authorization: authorization(asked.as_deref()),
            name: self.name(name)?,
            title: None,
            description: description.map_or_else(|| default_description(name.value), str::to_owned),
            params: Arc::clone(&self.params),
            availability: availability(&action),
            logging: false,
            tags: Vec::new(),
            scopes: Vec::new(),
            action,
            retry: self.retry.take(),
            fallback: None,
            breaker: None,
            confirm: None,
            cache: None,
            timeout: timeout.unwrap_or(if is_call { CALL_TIMEOUT } else { usual.timeout }),
            detach: Detach::Never,
            kill_grace: usual.kill_grace,
            limits: limits(&resources, None, &usual),
            concurrency: Concurrency::default(),
            exit_codes: ExitCodes::default(),
            annotations: Annotations::default(),
            output: OutputRules::plain(usual.show),
            automation: None,
            dialect: Dialect::Original,
        };
        self.asking.extend(asked.map(|asked| (tool.name.to_string(), *asked)));
        Some((tool, name.span))
    }

    /// The original takes any name; clients do not.
    fn name(&self, written: Spanned<&str>) -> Option<ToolName> {
        match written.value.parse() {
            Ok(name) => Some(name),
            Err(error) => {
                let message = format!("{error}; this command is not offered");
                self.place.reader.problems.add(Diagnostic::warning(Code::BadName, written.span, message));
                None
            }
        }
    }

    fn args(&self, fields: &mut Fields<'a>) -> Vec<Argument> {
        let words = fields.take("args").and_then(|field| self.place.reader.texts(field.node, "args"));
        let words = words.unwrap_or_default().into_iter();
        words.map(|word| Argument::Word(Template::literal(word.value))).collect()
    }

    /// What a command does, if it is no local process: a webhook with a URL wins over a container.
    fn elsewhere(&mut self, fields: &mut Fields<'a>) -> Option<Elsewhere<'a>> {
        let webhook = fields.take("webhook");
        let container =
            fields.take("container").and_then(|field| self.place.reader.text(field.node, "container"));
        let has_text =
            |node: Option<&Node<'_>>| node.and_then(Node::as_text).is_some_and(|text| !text.is_empty());
        match (webhook, container) {
            (Some(field), _) if has_text(field.node.get("url")) => {
                let mut webhook = Webhook::new(self.place);
                let call = webhook.read(field.node);
                self.notices.webhooks.append(&mut webhook.expansions);
                self.retry = webhook.retry.take();
                Some(Elsewhere::Other(call.map_or_else(
                    || Action::NotSupported(NO_CALL.to_owned()),
                    |call| Action::Http(Box::new(call)),
                )))
            }
            (_, Some(image)) if !image.value.is_empty() => Some(Elsewhere::Image(image)),
            _ => None,
        }
    }

    fn timeout(&mut self, fields: &mut Fields<'a>, is_call: bool) -> Option<Duration> {
        let field = fields.take("timeout")?;
        let text = self.place.reader.text(field.node, "timeout")?.value;
        if text.is_empty() {
            return None;
        }
        let read = parse_duration(text).ok().filter(|timeout| !timeout.is_zero());
        let problem = match (read, scalar::integer(text).and_then(|seconds| u64::try_from(seconds).ok())) {
            (Some(timeout), _) => {
                if !is_call {
                    self.notices.timeouts.push(field.node.span);
                }
                return Some(timeout);
            }
            (None, Some(seconds @ 1..=31_536_000)) => {
                let problem = format!("`timeout: {text}` has no unit and counts as {seconds} seconds");
                self.warn(Code::Coerced, field.node.span, problem);
                return Some(Duration::from_secs(seconds));
            }
            _ => "`timeout` is not a duration such as `30s` and is ignored",
        };
        let limit = format_duration(Defaults::of(Dialect::Original).timeout);
        self.warn(Code::BadQuantity, field.node.span, format!("{problem}; the command may take {limit}"));
        None
    }

    fn warn(&self, code: Code, span: Span, message: String) {
        self.place.reader.problems.add(Diagnostic::warning(code, span, message));
    }

    fn env(&mut self, fields: &mut Fields<'a>, elsewhere: &Option<Elsewhere<'_>>) -> Vec<Variable> {
        let is_call = matches!(elsewhere, Some(Elsewhere::Other(_)));
        let Some(field) = fields.take("env") else { return Vec::new() };
        let reader = self.place.reader;
        if !matches!(field.node.kind, Kind::Map(_) | Kind::Null) {
            reader.wrong_type(field.node, "`env`", "a map of names and values");
        }
        let mut variables = Vec::new();
        for entry in field.node.entries() {
            let Some(value) = reader.text(&entry.value, &entry.key.text) else { continue };
            if entry.key.text.is_empty() || entry.key.text.contains(['=', '\0']) {
                let message = format!("`{}` cannot be the name of a variable; it is ignored", entry.key.text);
                self.warn(Code::BadVariable, entry.key.span, message);
                continue;
            }
            if value.value.contains("${") && !is_call {
                self.notices.expansions.push(value.span);
            }
            let Ok(text) = self.place.expander.expand(value) else { continue };
            variables.push(Variable { name: entry.key.text.to_string(), value: Template::literal(text) });
        }
        if !variables.is_empty() && elsewhere.is_none() {
            self.notices.environments.push(field.key_span);
        }
        variables
    }

    fn process(
        &self,
        script: Option<Spanned<&str>>,
        name: Spanned<&str>,
        args: Vec<Argument>,
        env: Vec<Variable>,
    ) -> Action {
        let Some(script) = script.filter(|script| !script.value.is_empty()) else {
            let message = "this command has no `script`; it is not offered".to_owned();
            self.warn(Code::NothingToRun, name.span, message);
            return Action::NotSupported(NOTHING.to_owned());
        };
        Action::Process(Box::new(Workload {
            sandbox: None,
            script: Script::Program { program: self.place.program(script), args },
            env,
            inherit: EnvInherit::All,
            working_dir: Template::literal(self.place.host.cwd.to_string_lossy()),
            per_caller: false,
            stdin: Stdin::Null,
        }))
    }
}

/// What a command does that is no local process.
enum Elsewhere<'a> {
    /// It runs in this image.
    Image(Spanned<&'a str>),
    Other(Action),
}

fn availability(action: &Action) -> Availability {
    let reason = match action {
        Action::Process(workload) => missing(&workload.script),
        Action::Http(_) if !cfg!(feature = "http") => {
            Some("this program was built without HTTP calls".to_owned())
        }
        Action::Container(_) | Action::Http(_) | Action::Flow(_) => None,
        Action::NotSupported(reason) => Some(reason.clone()),
    };
    reason.map_or(Availability::Offered, |reason| Availability::Unavailable { reason })
}

/// `resources`, which the original documents and does not read: our `limits`.
fn resources<'a>(place: &'a Place<'a>, fields: &mut Fields<'a>) -> LimitSettings {
    let reader = place.reader;
    let Some(mut fields) = fields
        .take("resources")
        .and_then(|field| Fields::open(reader, field.node, &shape::ORIGINAL_RESOURCES))
    else {
        return LimitSettings::default();
    };
    let mut size = |key| fields.take(key).and_then(|field| reader.size(field.node, key));
    let (memory, disk) = (size("memory"), size("disk"));
    let cpu = fields.take("cpu").and_then(|field| cores(reader, field.node));
    fields.close();
    LimitSettings { memory: memory.map(Bound::At), disk, cpu: cpu.map(Bound::At), ..LimitSettings::default() }
}
