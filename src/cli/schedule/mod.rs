//! `mcpfier schedule`: what runs by the clock, when it is due, and running it now. A server with `--server` is
//! what keeps the time.

mod next;
mod print;

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::call::Call;
use crate::config::Host;
use crate::model::{Schedule, actor, hex, nearest};
use crate::policy::Policy;
use crate::runner::process::ForkServer;
use crate::serve::schedule::{Clock as _, HostClock, Id, Memory};

use super::arguments::{Arguments, ScheduleAction};
use super::call;
use super::exit::Exit;
use super::print::Printer;
use super::requirements::Whose;
use super::session::{self, Session};

use print::Row;

/// Where it is kept what schedules of a file have done; `None` if this user has no such place.
pub fn memory(host: &Host, file: &Path) -> Option<Memory> {
    let named = host.environment.get("XDG_STATE_HOME").map(PathBuf::from);
    let state = named.filter(|folder| folder.is_absolute());
    let state = state.or_else(|| Some(host.home.as_ref()?.join(".local/state")))?;
    let digest = Sha256::digest(file.as_os_str().as_encoded_bytes());
    let name: String = hex(&digest).chars().take(24).collect();
    Some(Memory::at(&state.join("mcpfier").join("schedules"), &name))
}

pub fn run(
    arguments: &Arguments,
    action: Option<&ScheduleAction>,
    printer: &Printer,
    fork_server: Option<ForkServer>,
) -> Exit {
    let mut session = match Session::open(arguments, printer) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    match action {
        None | Some(ScheduleAction::List) => {
            session.settle(Whose::All, printer);
            list(&session, printer)
        }
        Some(ScheduleAction::Next { name, count, from }) => {
            next::run(&session, name.as_deref(), *count, from.as_deref(), printer)
        }
        Some(ScheduleAction::Run { name, number }) => {
            session.settle_to_run(Whose::Of(name), printer);
            now(session, name, *number, printer, fork_server)
        }
        Some(ScheduleAction::Other(_)) => {
            printer.error("expected `schedule list`, `schedule next [TOOL]` or `schedule run TOOL`");
            Exit::USAGE
        }
    }
}

/// Every schedule of the file, in its order.
fn schedules(session: &Session) -> Vec<(Id, Schedule)> {
    let tools = session.catalog.tools().iter();
    let of = |tool: &std::sync::Arc<crate::model::Tool>| {
        let schedules = tool.automation.iter().flat_map(|automation| automation.schedules.clone());
        let tool = tool.name.to_string();
        let all = schedules.enumerate().map(|(index, schedule)| (Id { tool: tool.clone(), index }, schedule));
        all.collect::<Vec<_>>()
    };
    tools.flat_map(of).collect()
}

/// Those of one tool, or of all. That there are none has been said.
fn chosen(session: &Session, name: Option<&str>, printer: &Printer) -> Result<Vec<(Id, Schedule)>, Exit> {
    let all = schedules(session);
    let Some(name) = name else { return Ok(all) };
    let found: Vec<_> = all.iter().filter(|(id, _)| id.tool == name).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let meant = nearest(name, all.iter().map(|(id, _)| id.tool.as_str()));
    let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    printer.error(&format!("no command `{name}` has a schedule{meant}"));
    Err(Exit::NO_COMMAND)
}

fn list(session: &Session, printer: &Printer) -> Exit {
    let marks = memory(&session::host(), &session.path).map(|memory| memory.read()).unwrap_or_default();
    let now = HostClock.now() / 1000;
    let policy = Policy::of(&session.catalog);
    let rows = schedules(session).into_iter().map(|(id, schedule)| {
        let due = schedule.enabled.then(|| schedule.cron.next(schedule.zone, now)).flatten();
        let ran = marks.get(&id).and_then(|mark| mark.ran);
        let may = actor(&session.catalog, &schedule.acts_as).is_ok_and(|caller| {
            session.catalog.tool(&id.tool).is_some_and(|tool| policy.may_see(&caller, tool))
        });
        Row { id, schedule, due, ran, may }
    });
    let rows: Vec<Row> = rows.collect();
    match printer.json {
        true => printer.json_data(&print::document(&rows)),
        false if rows.is_empty() => printer.talk("no command of the file has a schedule\n"),
        false => printer.data(&print::table(&rows)),
    }
    Exit::OK
}

/// The very call that the clock would make.
fn now(
    session: Session,
    name: &str,
    number: Option<usize>,
    printer: &Printer,
    fork_server: Option<ForkServer>,
) -> Exit {
    let found = match chosen(&session, Some(name), printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let several = number.is_none() && found.len() > 1;
    let picked = found.get(number.unwrap_or(1).wrapping_sub(1)).filter(|_| !several);
    let Some((_, schedule)) = picked else {
        printer.error(&format!("`{name}` has {} schedules; say which: `--number 1`", found.len()));
        return Exit::USAGE;
    };
    let principal = match actor(&session.catalog, &schedule.acts_as) {
        Ok(principal) => principal,
        Err(unknown) => {
            printer.error(&unknown.to_string());
            return Exit::CONFIG;
        }
    };
    let (tool, arguments) = (name.to_owned(), schedule.with.clone());
    let call = Call { principal: principal.into(), tool, arguments };
    call::make(session, call, printer, fork_server)
}
