//! What a step does, in a few words that no terminal and no markup can take for something else.

use crate::model::{
    Action, Argument, ForEach, Inside, JsonTemplate, Piece, Program, Script, StepWork, Template, Tool,
    Workload,
};

/// A longer line is cut.
const WIDEST: usize = 72;

/// One line of words, without what a terminal would not show as itself.
pub fn clean(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let line: String = line.chars().filter(is_shown).collect();
    let line = line.trim();
    match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

pub fn work(work: &StepWork) -> String {
    match work {
        StepWork::Command { tool, with } if with.is_empty() => format!("runs {tool}"),
        StepWork::Command { tool, with } => {
            let with: Vec<String> =
                with.iter().map(|(name, value)| format!("{name}={}", value_of(value))).collect();
            clean(&format!("runs {tool} with {}", with.join(" ")))
        }
        StepWork::Inline(tool) => action(tool),
    }
}

/// What a command does itself.
pub fn action(tool: &Tool) -> String {
    clean(&match &tool.action {
        Action::Process(workload) => process(workload),
        Action::Container(workload) => {
            let what = match &workload.inside {
                Inside::Image { args } => words(&[], args),
                Inside::Program { entrypoint, args } => words(entrypoint, args),
                Inside::Shell { text, .. } => first_line(text),
            };
            let image = match &workload.build {
                Some(_) => "an image that is built".to_owned(),
                None => workload.image.to_string(),
            };
            format!("in {image}: {what}")
        }
        Action::Http(call) => format!("{} {}{}", call.method, call.url.origin, path(&call.url.segments)),
        Action::Flow(flow) => format!("{} steps", flow.steps.len() + flow.finally.len()),
        Action::NotSupported(reason) => format!("nothing: {reason}"),
    })
}

pub fn for_each(each: &ForEach) -> String {
    let at_once = match each.concurrency.get() {
        1 => String::new(),
        count => format!(", {count} at once"),
    };
    clean(&format!("for each of {}{at_once}", value_of(&each.items)))
}

fn process(workload: &Workload) -> String {
    match &workload.script {
        Script::Program { program: Program { written, .. }, args } => {
            words(std::slice::from_ref(written), args)
        }
        Script::Shell { shell, text, .. } => format!("{}: {}", shell.written, first_line(text)),
    }
}

fn first_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}

fn words(program: &[String], args: &[Argument]) -> String {
    let mut all: Vec<String> = program.to_vec();
    all.extend(args.iter().map(argument));
    all.join(" ")
}

fn argument(argument: &Argument) -> String {
    let all = |args: &[Argument]| args.iter().map(self::argument).collect::<Vec<_>>().join(" ");
    match argument {
        Argument::Word(word) => template(word),
        Argument::If { param, args } => format!("[if {param}: {}]", all(args)),
        Argument::Group(args) => format!("[{}]", all(args)),
    }
}

fn template(template: &Template) -> String {
    let text = template.source();
    if text.is_empty() || text.contains(char::is_whitespace) { format!("'{text}'") } else { text.to_owned() }
}

/// The path of a URL.
fn path(segments: &[Vec<Piece>]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Value(reference) | Piece::Json(reference) => format!("{{{{{reference}}}}}"),
    };
    let segment = |pieces: &Vec<Piece>| format!("/{}", pieces.iter().map(piece).collect::<String>());
    segments.iter().map(segment).collect()
}

fn value_of(value: &JsonTemplate) -> String {
    match value {
        JsonTemplate::Value(serde_json::Value::String(text)) => text.clone(),
        JsonTemplate::Value(value) => value.to_string(),
        JsonTemplate::Text(text) => text.source().to_owned(),
        JsonTemplate::List(items) => {
            format!("[{}]", items.iter().map(value_of).collect::<Vec<_>>().join(", "))
        }
        JsonTemplate::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}: {}", value_of(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
