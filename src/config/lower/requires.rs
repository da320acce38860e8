//! `requires`: what a command needs, and what of it this host lacks, as far as that can be seen without running
//! anything.

use std::collections::HashMap;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::load::AskedAt;
use crate::config::native::{self, OneOf, RequiredExecutable};
use crate::config::read::{Spanned, nearest};
use crate::config::source::Span;
use crate::model::{
    Action, Asked, Availability, NeededEngine, NeededFile, NeededProgram, NeededVersion, Program, Requires,
    Tool, ToolName, VersionPattern, VersionRange, circle,
};

use super::command::unset;
use super::place::Place;

/// Nothing is looked at more often.
const LEAST_RECHECK: Duration = Duration::from_secs(1);
/// With what a program says its version.
const VERSION_WORD: &str = "--version";
/// Words for processors that others know under another name.
const OTHER_WORDS: [(&str, &str); 3] = [("amd64", "x86_64"), ("arm64", "aarch64"), ("i686", "x86")];

/// The requirements of a command, with what this host lacks. `apart` is whether it is offered without them.
pub fn requires(
    place: &Place<'_>,
    written: &native::Requires<'_>,
    action: &Action,
    apart: Availability,
) -> Requires {
    let native::Requires { systems, machines, executables, env, files, engine, commands, client, recheck } =
        written;
    let mut looking = Looking { place, lacking: Vec::new() };
    let systems = looking.one_of(systems.as_ref(), std::env::consts::OS, "the operating system");
    let machines = looking.one_of(machines.as_ref(), std::env::consts::ARCH, "the processor");
    let executables = executables.iter().filter_map(|needed| looking.executable(needed)).collect();
    env.iter().for_each(|name| looking.variable(*name));
    let files = files.iter().filter_map(|file| looking.file(*file)).collect();
    let executor = match action {
        Action::Container(workload) => workload.executor.clone(),
        _ => None,
    };
    Requires {
        systems,
        machines,
        executables,
        env: env.iter().map(|name| name.value.to_owned()).collect(),
        files,
        engine: engine.map(|engine| NeededEngine { kind: engine.value, executor }),
        commands: commands.iter().filter_map(|name| tool_name(place, *name)).collect(),
        client: client.clone(),
        recheck: recheck.map(|recheck| self::recheck(place, recheck)),
        lacking: looking.lacking,
        apart,
    }
}

/// Where a command says what programs and engines are asked for.
pub fn asked(tool: &Tool, command: &native::Command<'_>) -> Vec<AskedAt> {
    let Some(written) = &command.requires else { return Vec::new() };
    let at = |what, span| AskedAt { tool: tool.name.clone(), what, span, path: String::new() };
    let executables = written.executables.iter().enumerate();
    let versions =
        executables.filter_map(|(number, needed)| Some(at(Asked::Executable(number), needed.version?.span)));
    versions.chain(written.engine.map(|engine| at(Asked::Engine, engine.span))).collect()
}

/// What was looked for and is not here.
struct Looking<'a> {
    place: &'a Place<'a>,
    lacking: Vec<String>,
}

impl Looking<'_> {
    /// It is right in itself, and this host does not have it.
    fn lack(&mut self, span: Span, message: String, help: &str) {
        if self.place.host.as_written {
            return;
        }
        let problem = Diagnostic::error(Code::Unmet, span, message.clone()).of_host().help(help);
        self.place.reader.problems.add(problem);
        self.lacking.push(message);
    }

    fn one_of(&mut self, written: Option<&OneOf<'_>>, here: &str, what: &str) -> Vec<String> {
        let Some(OneOf { span, words }) = written else { return Vec::new() };
        let words: Vec<String> = words.iter().map(|word| usual_word(word).to_owned()).collect();
        if !words.is_empty() && !words.iter().any(|word| word == here) {
            let message = format!("{what} is {here}, and {} is required", listed(&words));
            // Nobody can do anything about it.
            if !self.place.host.as_written {
                let problem = Diagnostic::note(Code::Unmet, *span, message.clone()).of_host();
                self.place.reader.problems.add(problem);
                self.lacking.push(message);
            }
        }
        words
    }

    fn executable(&mut self, written: &RequiredExecutable<'_>) -> Option<NeededProgram> {
        let name = written.name;
        if name.value.trim().is_empty() {
            self.place.reader.problems.add(Diagnostic::error(
                Code::BadRequirement,
                name.span,
                "a program needs a name",
            ));
            return None;
        }
        let folder = self.place.folder(name.span);
        let path = self.place.executables.find(name.value, folder);
        if path.is_none() {
            let message = format!("there is no executable `{}` on this host", name.value);
            self.lack(name.span, message, "install it; it was looked for in the folders of `PATH`");
        }
        let version = written.version.and_then(|range| self.version(written, range));
        Some(NeededProgram { program: Program { written: name.value.to_owned(), path }, version })
    }

    fn version(&self, written: &RequiredExecutable<'_>, range: Spanned<&str>) -> Option<NeededVersion> {
        let refuse = |span: Span, message: String| {
            self.place.reader.problems.add(Diagnostic::error(Code::BadRequirement, span, message));
        };
        let pattern = written.pattern.and_then(|pattern| match VersionPattern::parse(pattern.value) {
            Ok(parsed) => Some(parsed),
            Err(_) => {
                refuse(pattern.span, format!("`{}` is no regular expression", pattern.value));
                None
            }
        });
        let range = match VersionRange::parse(range.value) {
            Ok(range) => range,
            Err(problem) => {
                refuse(range.span, problem.to_string());
                return None;
            }
        };
        let args = match &written.args {
            Some(args) => args.iter().map(|arg| arg.value.to_owned()).collect(),
            None => vec![VERSION_WORD.to_owned()],
        };
        // For `*` nobody has to be asked.
        range.is_demanding().then(|| NeededVersion { range, args, pattern, folder: self.place.base.clone() })
    }

    fn variable(&mut self, name: Spanned<&str>) {
        let is_set = self.place.expander.variables.get(name.value).is_some_and(|value| !value.is_empty());
        if !is_set {
            let message = format!("the environment variable `{}` is not set", name.value);
            self.lack(name.span, message, "set it where the server is started");
        }
    }

    fn file(&mut self, written: Spanned<&str>) -> Option<NeededFile> {
        let Some(path) = self.place.path(written, "files") else {
            // That has been reported, and is no fault of the file.
            self.lacking.extend(self.place.take_missing().map(|variable| unset(&variable)));
            return None;
        };
        if !path.exists() {
            let message = format!("there is no `{}`", written.value);
            self.lack(written.span, message, &format!("looked for `{}`", path.display()));
        }
        Some(NeededFile { written: written.value.to_owned(), path })
    }
}

fn usual_word(word: &str) -> &str {
    OTHER_WORDS.iter().find(|(other, _)| *other == word).map_or(word, |(_, usual)| usual)
}

fn listed(words: &[String]) -> String {
    words.join(" or ")
}

fn tool_name(place: &Place<'_>, written: Spanned<&str>) -> Option<ToolName> {
    match written.value.parse() {
        Ok(name) => Some(name),
        Err(_) => {
            let message = format!("`{}` cannot be the name of a command", written.value);
            place.reader.problems.add(Diagnostic::error(Code::UnknownRequired, written.span, message));
            None
        }
    }
}

fn recheck(place: &Place<'_>, written: Spanned<Duration>) -> Duration {
    if written.value < LEAST_RECHECK {
        let message = "`recheck` has to be at least `1s`";
        place.reader.problems.add(Diagnostic::error(Code::BadRequirement, written.span, message));
    }
    written.value.max(LEAST_RECHECK)
}

/// Where each command names those that it requires.
pub type Named<'n> = Vec<(ToolName, Vec<Spanned<&'n str>>)>;

/// Every command that is required is there, and none requires itself.
pub fn check_commands(place: &Place<'_>, tools: &[Tool], named: &Named<'_>, may_lack: bool) {
    let names: Vec<&ToolName> = tools.iter().map(|tool| &tool.name).collect();
    let needs: HashMap<&ToolName, Vec<&ToolName>> = tools
        .iter()
        .filter_map(|tool| Some((&tool.name, tool.requires.as_ref()?.commands.iter().collect())))
        .collect();
    for (name, required) in named {
        for written in required {
            let is_name = written.value.parse::<ToolName>().is_ok();
            if is_name && !may_lack && !names.iter().any(|name| name.as_str() == written.value) {
                unknown(place, *written, &names);
            }
        }
        let Some(path) = circle(name, &needs) else { continue };
        // Each circle is told where its first command by name begins it.
        if path.iter().all(|other| other.as_str() >= name.as_str())
            && let Some(next) = path.get(1)
        {
            let span =
                required.iter().find(|written| written.value == next.as_str()).map(|written| written.span);
            let path: Vec<&str> = path.iter().map(|name| name.as_str()).collect();
            let message = format!("these commands require each other: {}", path.join(" → "));
            if let Some(span) = span {
                let problem = Diagnostic::error(Code::RequirementCircle, span, message);
                place.reader.problems.add(problem.help("remove one of them from `requires.commands`"));
            }
        }
    }
}

fn unknown(place: &Place<'_>, written: Spanned<&str>, names: &[&ToolName]) {
    let message = format!("there is no command `{}` to require", written.value);
    let problem = Diagnostic::error(Code::UnknownRequired, written.span, message);
    place.reader.problems.add(match nearest(written.value, names.iter().map(|name| name.as_str())) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None => problem,
    });
}
