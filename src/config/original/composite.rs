//! `composite_tools` of an original file: commands that run others, one after the other.
//!
//! The original documents them and runs none. A step's `output` names its result; its `params` have no
//! effect, since commands of such a file take no arguments.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::{Call, Defaults, Made, Place, default_description, limits, settle};
use crate::config::native::LimitSettings;
use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::Node;
use crate::model::{
    Action, Annotations, Authorization, Availability, Concurrency, Detach, Dialect, ExitCodes, Flow,
    FlowResult, FlowStep, OnError, OutputRules, Params, StepId, StepWork, Tool, ToolName,
};

/// How long nothing is cleaned up.
const CLEANUP: Duration = Duration::from_secs(30);

/// One of them, as it is written.
struct Composite<'n> {
    name: Spanned<&'n str>,
    description: Option<&'n str>,
    steps: Vec<Step<'n>>,
    /// What its callers have to have.
    permissions: Vec<String>,
}

struct Step<'n> {
    tool: Option<Spanned<&'n str>>,
    output: Option<&'n str>,
}

/// Adds them to the tools. One whose tools are not there is not offered.
pub fn add<'n>(place: &'n Place<'n>, node: &'n Node<'n>, tools: &mut Vec<Tool>) {
    let reader = place.reader;
    let first = tools.len();
    let mut written = Vec::new();
    for item in reader.list(node, "composite_tools").unwrap_or_default() {
        let Some(composite) = Composite::read(reader, item) else { continue };
        let Some(name) = usable_name(reader, &composite, tools) else { continue };
        tools.push(tool(&composite, name));
        written.push(composite);
    }
    let places: HashMap<String, usize> =
        tools.iter().enumerate().rev().map(|(at, tool)| (tool.name.to_string(), at)).collect();
    let made = written.iter().enumerate().filter_map(|(at, composite)| {
        let at = first + at;
        let (tool, calls) = filled(place, composite, tools.get(at)?, &places);
        Some(Made { at, tool, calls })
    });
    let made = made.collect();
    settle(reader.problems, tools, made);
}

impl<'n> Composite<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::ORIGINAL_COMPOSITE)?;
        let name = fields.text("name").unwrap_or(Spanned { value: "", span: fields.span });
        let description = fields.text("description").map(|text| text.value).filter(|text| !text.is_empty());
        let steps = fields.take("workflow").and_then(|field| reader.list(field.node, "workflow"));
        let steps = steps.unwrap_or_default().iter().filter_map(|step| Step::read(reader, step)).collect();
        let permissions =
            fields.take("permissions").and_then(|field| reader.texts(field.node, "permissions"));
        let permissions = permissions.unwrap_or_default().into_iter().map(|text| text.value.to_owned());
        let permissions = permissions.collect();
        fields.close();
        Some(Self { name, description, steps, permissions })
    }
}

impl<'n> Step<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::ORIGINAL_STEP)?;
        let tool = fields.text("tool").filter(|tool| !tool.value.is_empty());
        let params = fields.take("params").filter(|field| !field.node.entries().is_empty());
        let output = fields.text("output").map(|output| output.value);
        fields.close();
        if let Some(params) = params {
            let message = "`params` has no effect: commands of this file take no arguments";
            let problem = Diagnostic::warning(Code::Pointless, params.key_span, message);
            reader.problems.add(problem.help("a file with `version: 1` has parameters, and `with` in steps"));
        }
        Some(Self { tool, output })
    }
}

fn usable_name(reader: &Reader<'_>, composite: &Composite<'_>, tools: &[Tool]) -> Option<ToolName> {
    let written = composite.name;
    let warn = |code, message: String| {
        reader.problems.add(Diagnostic::warning(code, written.span, format!("{message}; it is not offered")));
        None
    };
    match written.value.parse::<ToolName>() {
        Err(error) => warn(Code::BadName, error.to_string()),
        Ok(name) if tools.iter().any(|tool| tool.name == name) => {
            warn(Code::DuplicateName, format!("there is another tool of the name `{name}`"))
        }
        Ok(name) => Some(name),
    }
}

fn tool(composite: &Composite<'_>, name: ToolName) -> Tool {
    let usual = Defaults::of(Dialect::Original);
    Tool {
        requires: None,
        authorization: Authorization {
            required_permissions: composite.permissions.clone(),
            ..Authorization::default()
        },
        when: None,
        title: None,
        description: composite
            .description
            .map_or_else(|| default_description(composite.name.value), str::to_owned),
        name,
        params: Arc::new(Params::none_and_ignored()),
        availability: Availability::Offered,
        logging: false,
        tags: Vec::new(),
        scopes: Vec::new(),
        action: Action::NotSupported("its steps are not known".to_owned()),
        retry: None,
        fallback: None,
        breaker: None,
        confirm: None,
        cache: None,
        timeout: usual.timeout,
        detach: Detach::Never,
        kill_grace: usual.kill_grace,
        limits: limits(&LimitSettings::default(), None, &usual),
        concurrency: Concurrency::default(),
        exit_codes: ExitCodes::default(),
        annotations: Annotations::default(),
        output: OutputRules::plain(usual.show),
        automation: None,
        dialect: Dialect::Original,
    }
}

/// The tool with its steps, and what those run.
fn filled(
    place: &Place<'_>,
    composite: &Composite<'_>,
    tool: &Tool,
    places: &HashMap<String, usize>,
) -> (Tool, Vec<Call>) {
    let reader = place.reader;
    let (mut steps, mut calls): (Vec<FlowStep>, Vec<Call>) = (Vec::new(), Vec::new());
    let mut names = BTreeSet::new();
    let unavailable =
        |reason: String| Tool { availability: Availability::Unavailable { reason }, ..tool.clone() };
    for (at, step) in composite.steps.iter().enumerate() {
        let found = step.tool.and_then(|name| Some((name, *places.get(name.value)?)));
        let Some((name, callee)) = found
            .and_then(|(name, at)| Some((name.value.parse().ok()?, Call { callee: at, span: name.span })))
        else {
            let reason = report_missing(reader, composite, step);
            return (unavailable(reason), Vec::new());
        };
        let id = id(step, at, &mut names);
        let Some(id) = id else { continue };
        steps.push(FlowStep {
            id,
            work: StepWork::Command { tool: name, with: Vec::new() },
            when: None,
            otherwise: None,
            after: steps.last().map(|step| step.id.clone()).into_iter().collect(),
            each: None,
            retry: None,
            timeout: None,
            on_error: OnError::Abort,
            once: false,
        });
        calls.push(callee);
    }
    if steps.is_empty() {
        let message = format!("`{}` has no `workflow`; it is not offered", composite.name.value);
        warn(reader, composite.name.span, message);
        return (unavailable("it has nothing to run".to_owned()), Vec::new());
    }
    let folder = place.base.clone();
    let flow = Flow {
        steps,
        finally: Vec::new(),
        cleanup_timeout: CLEANUP,
        result: FlowResult::Steps,
        folder,
        apart: None,
    };
    (Tool { action: Action::Flow(Box::new(flow)), ..tool.clone() }, calls)
}

/// What its output is called, or else its number.
fn id(step: &Step<'_>, at: usize, names: &mut BTreeSet<String>) -> Option<StepId> {
    let wanted = step.output.and_then(|output| output.parse::<StepId>().ok());
    let wanted = wanted.filter(|id| !names.contains(id.as_str()));
    let id = wanted.or_else(|| format!("step_{}", at + 1).parse().ok())?;
    names.insert(id.to_string());
    Some(id)
}

fn report_missing(reader: &Reader<'_>, composite: &Composite<'_>, step: &Step<'_>) -> String {
    let (reason, span) = match step.tool {
        Some(tool) => (format!("there is no tool `{}`", tool.value), tool.span),
        None => ("a step of it names no tool".to_owned(), composite.name.span),
    };
    warn(reader, span, format!("{reason}; `{}` is not offered", composite.name.value));
    reason
}

fn warn(reader: &Reader<'_>, span: Span, message: String) {
    reader.problems.add(Diagnostic::warning(Code::UnknownCommand, span, message));
}
