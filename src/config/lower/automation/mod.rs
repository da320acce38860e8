//! `schedule` and `triggers` → [`Automation`], and whether those that they act as are there.

mod arguments;
mod trigger;
mod unattended;

use std::collections::BTreeSet;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{AutomationKeys, Command, ScheduleKeys, TriggerKeys};
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::model::{Automation, Catalog, Cron, Missed, Overlap, Schedule, Tool, Zone, actor};

use super::Place;

pub use unattended::{Unattended, unattended};

/// What a command does by itself, and where that is written.
pub struct Automated {
    pub tool: String,
    /// Of the first of them.
    span: Span,
    automation: Automation,
    /// Each `as`.
    actors: Vec<Spanned<String>>,
    /// Each path of a webhook.
    hooks: Vec<Spanned<String>>,
}

/// Of one command, when it is known what it takes.
pub fn automated(
    place: &Place<'_>,
    secrets: &BTreeSet<String>,
    tool: &Tool,
    command: &Command<'_>,
) -> Option<Automated> {
    let AutomationKeys { schedules, triggers } = command.automation.as_deref()?;
    let lowering = Lowering { place, secrets, tool };
    lowering.check_whole(command, schedules, triggers);
    let automation = Automation {
        schedules: schedules.iter().filter_map(|keys| lowering.schedule(keys)).collect(),
        triggers: triggers.iter().filter_map(|keys| lowering.trigger(keys)).collect(),
    };
    let actors = schedules.iter().map(|keys| keys.acts_as).chain(triggers.iter().map(|keys| keys.acts_as));
    let hooks = triggers.iter().filter_map(|keys| keys.path);
    Some(Automated {
        tool: tool.name.to_string(),
        span: schedules.first().map(|keys| keys.span).or(triggers.first().map(|keys| keys.span))?,
        automation,
        actors: actors.flatten().map(owned).collect(),
        hooks: hooks.map(owned).collect(),
    })
}

fn owned(text: Spanned<&str>) -> Spanned<String> {
    Spanned { value: text.value.to_owned(), span: text.span }
}

/// Gives tools what they do by themselves.
pub fn automate(tools: &mut [Tool], automated: &mut [Automated]) {
    for Automated { tool: name, automation, .. } in automated {
        if let Some(tool) = tools.iter_mut().find(|tool| tool.name.as_str() == name) {
            tool.automation = Some(Box::new(std::mem::take(automation)));
        }
    }
}

/// Looks for everybody that a command acts as, and for two webhooks at one path.
pub fn check_automated(reader: &Reader<'_>, catalog: &Catalog, automated: &[Automated]) {
    for written in automated.iter().flat_map(|automated| &automated.actors) {
        if let Err(unknown) = actor(catalog, &written.value) {
            let problem = Diagnostic::error(Code::UnknownActor, written.span, unknown.to_string());
            reader.problems.add(problem.help(
                "`local` is the caller on stdio; for one of its own write `as: service:NAME`, and give it roles: `user_roles: { \"service:NAME\": [ROLE] }`",
            ));
        }
    }
    unattended::check_steps(reader, catalog.tools(), |name| {
        automated.iter().find(|automated| automated.tool == name).map(|automated| automated.span)
    });
    let mut hooks: Vec<&Spanned<String>> = Vec::new();
    for hook in automated.iter().flat_map(|automated| &automated.hooks) {
        match hooks.iter().find(|known| known.value == hook.value) {
            Some(first) => {
                let message = format!("there are two webhooks at `{}`", hook.value);
                let problem = Diagnostic::error(Code::BadTrigger, hook.span, message);
                reader.problems.add(problem.other(first.span, "the first is here"));
            }
            None => hooks.push(hook),
        }
    }
}

pub(super) struct Lowering<'a> {
    place: &'a Place<'a>,
    /// The names of all declared secrets.
    secrets: &'a BTreeSet<String>,
    tool: &'a Tool,
}

impl Lowering<'_> {
    fn error(&self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        self.place.reader.problems.add(Diagnostic::error(code, span, message.into()).help(help.to_owned()));
    }

    fn check_whole(
        &self,
        command: &Command<'_>,
        schedules: &[ScheduleKeys<'_>],
        triggers: &[TriggerKeys<'_>],
    ) {
        let first = schedules.first().map(|keys| keys.span).or(triggers.first().map(|keys| keys.span));
        let Some(first) = first else { return };
        if !command.expose {
            self.error(
                Code::BadSchedule,
                first,
                "a command with `expose: false` runs in steps of others alone, and not by itself",
                "leave `expose` out; `authorization: { required_roles: [ROLE] }` keeps it from other callers",
            );
        }
    }

    fn schedule(&self, keys: &ScheduleKeys<'_>) -> Option<Schedule> {
        let cron = keys.cron.and_then(|written| self.cron(written));
        let zone = match keys.timezone {
            Some(written) => self.zone(written),
            None => Some(Zone::default()),
        };
        let with = self.arguments(keys.with, keys.span);
        Some(Schedule {
            cron: cron?,
            zone: zone?,
            acts_as: keys.acts_as?.value.to_owned(),
            with,
            missed: keys.missed.unwrap_or(Missed::Skip),
            jitter: keys.jitter.unwrap_or_default(),
            overlap: keys.overlap.unwrap_or(Overlap::Skip),
            enabled: keys.enabled,
        })
    }

    fn cron(&self, written: Spanned<&str>) -> Option<Cron> {
        let read = written.value.parse();
        read.map_err(|bad: <Cron as std::str::FromStr>::Err| {
            let help = "expected minute, hour, day of the month, month and day of the week, such as `30 3 * * MON-FRI`";
            self.error(Code::BadSchedule, written.span, bad.to_string(), help);
        })
        .ok()
    }

    fn zone(&self, written: Spanned<&str>) -> Option<Zone> {
        let read = written.value.parse();
        read.map_err(|bad: <Zone as std::str::FromStr>::Err| {
            let help = "names are those of the tz database, with a continent and a city";
            self.error(Code::BadSchedule, written.span, bad.to_string(), help);
        })
        .ok()
    }
}
