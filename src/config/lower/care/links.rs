//! What commands name of each other for failures and for caches: whether it is there, whether it can be
//! called so, and whether it leads round in a circle.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::native::{ApproveKeys, CacheKeys, CareKeys, FallbackKeys};
use crate::config::read::nearest;
use crate::config::source::Span;
use crate::model::{
    APPROVER_PARAMS, Action, FallbackWith, FlowStep, JsonTemplate, Kind, OnError, Param, Presence, Reference,
    StepWork, Tool,
};

use super::retry;

/// What is looked at when all commands are known.
#[derive(Default)]
pub struct Links(Vec<Link>);

struct Link {
    /// The command that says it.
    tool: String,
    fallback: Option<(String, Span)>,
    invalidated_by: Vec<(String, Span)>,
    approver: Option<(String, Span)>,
}

impl Links {
    /// Takes note of what a command names, and judges what can be judged by itself.
    pub fn note(&mut self, problems: &Problems, tool: &Tool, written: &CareKeys<'_>) {
        let CareKeys { retry, fallback, breaker: _, cache, confirm } = written;
        if let Some(keys) = retry {
            retry::check(problems, own(tool), keys);
        }
        if let Some(keys) = cache {
            check_cache(problems, tool, keys);
        }
        let approver = confirm.as_ref().and_then(|confirm| match &confirm.approve {
            Some(ApproveKeys::Command(name)) => Some((name.value.to_owned(), name.span)),
            _ => None,
        });
        if approver.is_none()
            && fallback.is_none()
            && cache.as_ref().is_none_or(|cache| cache.commands.is_empty())
        {
            return;
        }
        let place =
            |FallbackKeys { command, .. }: &FallbackKeys<'_>| (command.value.to_owned(), command.span);
        let commands = cache.iter().flat_map(|cache| &cache.commands);
        self.0.push(Link {
            tool: tool.name.to_string(),
            fallback: fallback.as_ref().map(place),
            invalidated_by: commands.map(|name| (name.value.to_owned(), name.span)).collect(),
            approver,
        });
    }

    /// Looks for everything that was named.
    pub fn check(&self, problems: &Problems, tools: &[Tool]) {
        for Link { tool, fallback, invalidated_by, approver } in &self.0 {
            if let Some((name, span)) = approver {
                check_approver(problems, tools, tool, name, *span);
            }
            for (name, span) in invalidated_by {
                if find(tools, name).is_none() {
                    problems.add(unknown(tools, name, *span, Code::BadCache));
                }
            }
            let Some((name, span)) = fallback else { continue };
            let Some(command) = find(tools, tool) else { continue };
            match find(tools, name) {
                None => problems.add(unknown(tools, name, *span, Code::BadFallback)),
                Some(target) => match circle(tools, command, target) {
                    Some(circle) => {
                        let message = format!("this leads round in a circle: {}", circle.join(" → "));
                        let problem = Diagnostic::error(Code::BadFallback, *span, message);
                        problems.add(problem.help("name a command that does not come back to this one"));
                    }
                    None => check_call(problems, command, target, *span),
                },
            }
        }
    }
}

/// What decides about a command has to be one that runs by itself.
fn check_approver(problems: &Problems, tools: &[Tool], tool: &str, name: &str, span: Span) {
    let Some(approver) = find(tools, name) else {
        problems.add(unknown(tools, name, span, Code::BadConfirm));
        return;
    };
    if name == tool || approver.confirm.is_some() {
        let message = format!("`{name}` has to be confirmed itself, so it cannot decide");
        let problem = Diagnostic::error(Code::BadConfirm, span, message);
        problems.add(problem.help("name a command without `confirm`"));
    }
    let given = |param: &&Param| APPROVER_PARAMS.contains(&param.name.as_str());
    let mut wanting = approver.params.iter().filter(|param| param.presence == Presence::Required);
    if let Some(param) = wanting.find(|param| !given(param)) {
        let message = format!("nobody gives `{name}` its parameter `{}`", param.name);
        let problem = Diagnostic::error(Code::BadConfirm, span, message);
        problems.add(problem.help(format!("it is called with `{}`", APPROVER_PARAMS.join("`, `"))));
    }
}

/// What is tried again of a command: what it does itself, if it depends on others.
fn own(tool: &Tool) -> &Tool {
    match &tool.action {
        Action::Flow(flow) => flow.own().map_or(tool, |own| own),
        _ => tool,
    }
}

fn find<'t>(tools: &'t [Tool], name: &str) -> Option<&'t Tool> {
    tools.iter().find(|tool| tool.name.as_str() == name)
}

fn unknown(tools: &[Tool], name: &str, span: Span, code: Code) -> Diagnostic {
    let problem = Diagnostic::error(code, span, format!("there is no command `{name}`"));
    match nearest(name, tools.iter().map(|tool| tool.name.as_str())) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None => problem.help("name a command of this file"),
    }
}

fn check_cache(problems: &Problems, tool: &Tool, keys: &CacheKeys<'_>) {
    if !tool.annotations.read_only {
        let message = "only a command that changes nothing can be remembered";
        let problem = Diagnostic::error(Code::BadCache, keys.span, message);
        problems.add(problem.help("if it changes nothing, say so: `annotations: { read_only: true }`"));
    }
    let more = match &tool.action {
        Action::Flow(_) => Some("what came of its steps"),
        _ if !tool.output.files.is_empty() => Some("the files that it hands over"),
        _ => None,
    };
    if let Some(more) = more {
        let message = format!("{more} cannot be remembered, so a call that has that always runs");
        let problem = Diagnostic::warning(Code::BadCache, keys.span, message);
        problems.add(problem.help("give `cache` to a command that only prints its result"));
    }
}

/// The way from the target back to the command, if there is one.
fn circle(tools: &[Tool], command: &Tool, target: &Tool) -> Option<Vec<String>> {
    let mut seen: Vec<&str> = Vec::new();
    let mut ways: Vec<Vec<String>> = vec![vec![command.name.to_string(), target.name.to_string()]];
    while let Some(way) = ways.pop() {
        let Some(last) = way.last().and_then(|name| find(tools, name)) else { continue };
        if last.name == command.name {
            return Some(way);
        }
        if seen.contains(&last.name.as_str()) {
            continue;
        }
        seen.push(last.name.as_str());
        ways.extend(called_by(last).into_iter().map(|next| [way.as_slice(), &[next]].concat()));
    }
    None
}

/// The commands that a call of this one may call.
fn called_by(tool: &Tool) -> Vec<String> {
    let mut names: Vec<String> = tool.fallback.iter().map(|fallback| fallback.tool.to_string()).collect();
    if let Action::Flow(flow) = &tool.action {
        flow.steps.iter().chain(&flow.finally).for_each(|step| called_by_step(step, &mut names));
    }
    names
}

fn called_by_step(step: &FlowStep, names: &mut Vec<String>) {
    let on_error = match &step.on_error {
        OnError::Run(work) => Some(work),
        OnError::Abort | OnError::Continue => None,
    };
    for work in std::iter::once(&step.work).chain(&step.otherwise).chain(on_error) {
        match work {
            StepWork::Command { tool, .. } => names.push(tool.to_string()),
            StepWork::Inline(tool) => names.extend(called_by(tool)),
        }
    }
}

/// Whether every call of the command can be one of its fallback.
fn check_call(problems: &Problems, command: &Tool, target: &Tool, span: Span) {
    let Some(fallback) = &command.fallback else { return };
    let refuse = |message: String, help: String| {
        problems.add(Diagnostic::error(Code::BadFallback, span, message).help(help));
    };
    if let Some(schema) = &command.output.schema
        && target.output.schema.as_ref() != Some(schema)
    {
        let message = format!("`{}` does not promise the output that `{}` does", target.name, command.name);
        refuse(message, "give both the same `output.schema`".to_owned());
    }
    let with = match &fallback.with {
        FallbackWith::Same => None,
        FallbackWith::These(with) => Some(with),
    };
    for (name, _) in with.into_iter().flatten() {
        if target.params.find(name.as_str()).is_none() {
            let known: Vec<&str> = target.params.iter().map(|param| param.name.as_str()).collect();
            let message = format!("`{}` has no parameter `{name}`", target.name);
            refuse(
                message,
                match known.is_empty() {
                    true => "it takes none".to_owned(),
                    false => format!("it has `{}`", known.join("`, `")),
                },
            );
        }
    }
    for param in target.params.iter() {
        let given = match with {
            None => command.params.find(param.name.as_str()).map(Given::Param),
            Some(with) => {
                with.iter().find(|(name, _)| *name == param.name).map(|(_, value)| given(command, value))
            }
        };
        if let Some((message, help)) = unfit(command, target, param, given) {
            refuse(message, help);
        }
    }
}

/// What a parameter of the fallback gets.
enum Given<'t> {
    /// The value of a parameter.
    Param(&'t Param),
    /// A text or a structure in which these stand.
    Made(Vec<&'t Param>),
}

fn given<'t>(command: &'t Tool, value: &'t JsonTemplate) -> Given<'t> {
    if let JsonTemplate::Text(template) = value
        && let Some(Reference::Param { name, path }) = template.whole()
        && path.is_empty()
        && let Some(param) = command.params.find(name.as_str())
    {
        return Given::Param(param);
    }
    let mut used = Vec::new();
    collect(command, value, &mut used);
    Given::Made(used)
}

fn collect<'t>(command: &'t Tool, value: &'t JsonTemplate, used: &mut Vec<&'t Param>) {
    match value {
        JsonTemplate::Value(_) => {}
        JsonTemplate::Text(template) => {
            let names = template.references().filter_map(|reference| match reference {
                Reference::Param { name, .. } => command.params.find(name.as_str()),
                _ => None,
            });
            used.extend(names);
        }
        JsonTemplate::List(items) => items.iter().for_each(|item| collect(command, item, used)),
        JsonTemplate::Map(entries) => entries.iter().for_each(|(_, item)| collect(command, item, used)),
    }
}

/// Why a parameter of the fallback may go without a value that it takes, and what to do.
fn unfit(command: &Tool, target: &Tool, param: &Param, given: Option<Given<'_>>) -> Option<(String, String)> {
    let (target, name, command) = (&target.name, &param.name, &command.name);
    let is_needed = param.presence == Presence::Required;
    let sensitive = match &given {
        Some(Given::Param(source)) => source.rule.sensitive.then_some(&source.name),
        Some(Given::Made(used)) => {
            used.iter().find(|source| source.rule.sensitive).map(|source| &source.name)
        }
        None => None,
    };
    if let Some(source) = sensitive.filter(|_| !param.rule.sensitive) {
        let message = format!("`{source}` is sensitive, and `{name}` of `{target}` would show it");
        return Some((message, format!("say `sensitive: true` at `{name}` of `{target}`")));
    }
    match given {
        None if is_needed => Some((
            format!("`{target}` needs `{name}`, which `{command}` does not give it"),
            format!("say what it gets: `fallback: {{ command: {target}, with: {{ {name}: … }} }}`"),
        )),
        Some(Given::Param(source)) if is_needed && source.presence == Presence::Optional => Some((
            format!("`{target}` needs `{name}`, and `{}` of `{command}` may be absent", source.name),
            format!("give `{name}` of `{target}` a default, or say `optional: true` there"),
        )),
        Some(Given::Param(source)) if !takes(&param.kind, &source.kind) => Some((
            format!("`{}` of `{command}` is of another type than `{name}` of `{target}`", source.name),
            "give both the same type, or say what it gets in `with`".to_owned(),
        )),
        _ => None,
    }
}

fn takes(wanted: &Kind, given: &Kind) -> bool {
    match (wanted, given) {
        (Kind::Any, _) | (_, Kind::Any) | (Kind::Number, Kind::Integer) => true,
        (Kind::Array(wanted), Kind::Array(given)) => takes(wanted, given),
        (wanted, given) => wanted == given,
    }
}
