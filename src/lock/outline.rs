//! What a tool runs, in a few lines for a person who has to decide whether that is acceptable.
//! Nothing is left out, and nothing in a line can hide or look like something else.

use std::path::PathBuf;

use crate::model::{
    Action, Approver, Argument, Confirm, Sandbox, SandboxNetwork, SandboxTmp, Script, SecretSource, Template,
    Tool, Unasked, Workload,
};

use super::{container, escape, flow, http, requires, written};

/// The command first; a script follows line by line, indented.
pub fn outline(tool: &Tool) -> Vec<String> {
    let mut lines = of_action(tool);
    lines.extend(tool.fallback.as_ref().map(|fallback| format!("if it fails: calls {}", fallback.tool)));
    lines.extend(tool.confirm.iter().map(|confirm| asks(confirm)));
    lines.extend(tool.requires.iter().flat_map(|requires| requires::outline(requires)));
    lines
}

fn asks(confirm: &Confirm) -> String {
    let text = escape::line(&written::template(&confirm.text));
    let unasked = match confirm.fallback {
        Unasked::Refuse => "",
        Unasked::Allow => ", and runs where nobody can be asked",
    };
    match &confirm.approve {
        None => format!("asks first: {text}{unasked}"),
        Some(Approver::Shell) => format!("asks somebody at a shell first: {text}"),
        Some(Approver::Command(tool)) => format!("asks {tool} first: {text}"),
        Some(Approver::Webhook(call)) => {
            format!("asks {} first: {text}", escape::word(&call.action.url.to_string()))
        }
    }
}

fn of_action(tool: &Tool) -> Vec<String> {
    match &tool.action {
        Action::Process(workload) => process(workload),
        Action::Container(workload) => container::outline(workload),
        Action::Http(call) => http::outline(call),
        Action::Flow(steps) => flow::outline(steps),
        Action::NotSupported(reason) => vec![format!("nothing: {reason}")],
    }
}

/// Where a secret comes from; of a program every word.
pub fn source(source: &SecretSource) -> String {
    match source {
        SecretSource::Script(script) => {
            let args = script.args.iter().map(|word| escape::word(word));
            let words: Vec<String> =
                std::iter::once(escape::word(&script.program.written)).chain(args).collect();
            format!("the output of {}", words.join(" "))
        }
        other => escape::line(&other.to_string()),
    }
}

fn process(workload: &Workload) -> Vec<String> {
    let mut lines = match &workload.script {
        Script::Program { program, args } => {
            let words = std::iter::once(escape::word(&program.written)).chain(args.iter().map(argument));
            vec![words.collect::<Vec<_>>().join(" ")]
        }
        Script::Shell { shell, flag, text } => {
            let head = format!("{} {flag}, with this script:", escape::word(&shell.written));
            let script = text.lines().map(|line| format!("  {}", escape::line(line)));
            std::iter::once(head).chain(script).collect()
        }
    };
    if !workload.env.is_empty() {
        let set = workload.env.iter().map(|variable| escape::word(&variable.name));
        lines.push(format!("with the variables {}", set.collect::<Vec<_>>().join(", ")));
    }
    lines.extend(workload.sandbox.as_ref().map(sandbox));
    lines
}

fn sandbox(sandbox: &Sandbox) -> String {
    let Sandbox { read, write, network, tmp } = sandbox;
    let paths = |paths: &[PathBuf]| match paths {
        [] => "nothing".to_owned(),
        _ => paths.iter().map(|path| escape::word(&path.to_string_lossy())).collect::<Vec<_>>().join(", "),
    };
    let network = match network {
        SandboxNetwork::None => "no network",
        SandboxNetwork::Host => "the host's network",
    };
    let tmp = match tmp {
        SandboxTmp::Private => "",
        SandboxTmp::Host => " and the host's /tmp",
    };
    format!("in a sandbox: reads {}; writes {}{tmp}; {network}", paths(read), paths(write))
}

pub(super) fn argument(argument: &Argument) -> String {
    let all = |args: &[Argument]| args.iter().map(self::argument).collect::<Vec<_>>().join(" ");
    match argument {
        Argument::Word(template) => word(template),
        Argument::If { param, args } => format!("[if {param}: {}]", all(args)),
        Argument::Group(args) => format!("[{}]", all(args)),
    }
}

/// A value alone needs no quotes; braces that are text get them.
fn word(template: &Template) -> String {
    let written = written::template(template);
    if template.whole().is_some() { written } else { escape::word(&written) }
}
