//! Whether what a file says of calls that go on by themselves can be so.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::Node;
use crate::model::{Detach, OWN_TOOLS, Tool, format_duration};

pub fn check(problems: &Problems, nodes: &[Node<'_>], tools: &[Tool]) {
    let detaches = tools.iter().any(|tool| tool.is_offered() && tool.detaches().is_some());
    for node in nodes {
        let Some(name) = node.get("name") else { continue };
        if detaches && name.as_text().is_some_and(|name| OWN_TOOLS.contains(&name)) {
            own_name(problems, name);
        }
        if let (Some(after), Some(background)) = (node.get("detach_after"), node.get("background"))
            && background.as_text() == Some("true")
        {
            let message = "`background: true` leaves a call to itself at once, and `detach_after` later";
            let problem = Diagnostic::error(Code::TwoDetaches, after.span, message);
            problems.add(problem.other(background.span, "here").help("say one of them"));
        } else if let Some(after) = node.get("detach_after") {
            let tool = tools.iter().find(|tool| Some(tool.name.as_str()) == name.as_text());
            tool.iter().for_each(|tool| in_vain(problems, after, tool));
        }
    }
}

fn own_name(problems: &Problems, name: &Node<'_>) {
    let text = name.as_text().unwrap_or_default();
    let message = format!("`{text}` is a tool of the server itself, by which clients look after jobs");
    let problem = Diagnostic::error(Code::OwnName, name.span, message);
    problems
        .add(problem.help("choose another name, or see that no call becomes a job: `detach_after: never`"));
}

fn in_vain(problems: &Problems, written: &Node<'_>, tool: &Tool) {
    let Detach::After(after) = tool.detach else { return };
    if after >= tool.timeout {
        let timeout = format_duration(tool.timeout);
        let message =
            format!("every call is over after {timeout} (timeout), before it would be left to itself");
        let problem = Diagnostic::warning(Code::VainDetach, written.span, message);
        problems.add(problem.help("give it a longer `timeout`, or remove `detach_after`"));
    }
}
