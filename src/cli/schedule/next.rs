//! `mcpfier schedule next`: the times that come, as the clocks of their zones will show them.

use serde_json::{Value, json};

use crate::cli::exit::Exit;
use crate::cli::print::Printer;
use crate::cli::session::Session;
use crate::model::{parse_moment, written_moment};
use crate::serve::schedule::{Clock as _, HostClock};

use super::chosen;

pub fn run(
    session: &Session,
    name: Option<&str>,
    count: usize,
    from: Option<&str>,
    printer: &Printer,
) -> Exit {
    let from = match from {
        None => HostClock.now() / 1000,
        Some(text) => match parse_moment(text).and_then(|moment| i64::try_from(moment).ok()) {
            Some(moment) => moment,
            None => {
                let problem = "is no moment; write `2026-11-27` or `2026-11-27T17:00:00Z`";
                printer.error(&format!("`{text}` {problem}"));
                return Exit::USAGE;
            }
        },
    };
    let found = match chosen(session, name, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let mut all = Vec::new();
    for (id, schedule) in found.iter().filter(|(_, schedule)| schedule.enabled) {
        let mut at = from;
        for _ in 0..count {
            let Some(next) = schedule.cron.next(schedule.zone, at) else { break };
            all.push((next, id, schedule));
            at = next;
        }
    }
    all.sort_by_key(|(moment, id, _)| (*moment, id.tool.clone()));
    all.truncate(count);
    if printer.json {
        let document = all.iter().map(|(moment, id, schedule)| {
            json!({ "tool": id.tool, "time": moment, "local": written_moment(*moment, schedule.zone),
                    "timezone": schedule.zone.to_string() })
        });
        printer.json_data(&Value::Array(document.collect()));
        return Exit::OK;
    }
    for (moment, id, schedule) in all {
        printer.data(&format!("{}  {}  {}\n", written_moment(moment, schedule.zone), schedule.zone, id.tool));
    }
    Exit::OK
}
