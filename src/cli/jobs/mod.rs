//! `mcpfier jobs`: what servers of this user keep of calls that went on when nobody waited for them.

mod logs;
mod place;
mod show;

use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{Job, JobId, JobRecord, KeptJobs};

use super::arguments::{Arguments, JobsAction};
use super::exit::Exit;
use super::print::Printer;

pub use place::{end, of};

/// What went wrong, and with what exit.
struct Trouble(Exit, String);

impl Trouble {
    fn failure(problem: impl ToString) -> Self {
        Self(Exit::FAILURE, problem.to_string())
    }
}

pub fn run(arguments: &Arguments, action: Option<&JobsAction>, printer: &Printer) -> Exit {
    let done = match action {
        None => list(arguments, false, printer),
        Some(JobsAction::List { running }) => list(arguments, *running, printer),
        Some(JobsAction::Show { job }) => show::run(arguments, job, printer),
        Some(JobsAction::Logs { job, follow }) => logs::run(arguments, job, *follow, printer),
        Some(JobsAction::Cancel { job }) => cancel(arguments, job, printer),
        Some(JobsAction::Prune { older }) => prune(arguments, older.unwrap_or_default(), printer),
        Some(JobsAction::Other(_)) => {
            let words =
                "expected `jobs list`, `jobs show JOB`, `jobs logs JOB`, `jobs cancel JOB` or `jobs prune`";
            Err(Trouble(Exit::USAGE, words.to_owned()))
        }
    };
    match done {
        Ok(()) => Exit::OK,
        Err(Trouble(exit, problem)) => {
            printer.error(&problem);
            exit
        }
    }
}

/// Everything that is kept, by the folder of each file.
fn kept(arguments: &Arguments) -> Result<Vec<KeptJobs>, Trouble> {
    let mut kept = Vec::new();
    for folder in place::folders(arguments)? {
        kept.extend(KeptJobs::open(&folder).map_err(Trouble::failure)?);
    }
    Ok(kept)
}

/// One job, by its name or by how that begins.
fn find(arguments: &Arguments, name: &str) -> Result<(KeptJobs, JobRecord, Job), Trouble> {
    let mut found: Option<(KeptJobs, JobId)> = None;
    for kept in kept(arguments)? {
        let all = kept.all().map_err(Trouble::failure)?;
        let mut fitting = all.into_iter().filter(|record| record.id.as_str().starts_with(name));
        let Some(first) = fitting.next() else { continue };
        if found.is_some() || fitting.next().is_some() {
            return Err(Trouble(
                Exit::USAGE,
                format!("several jobs begin with `{name}`; write more of the name"),
            ));
        }
        found = Some((kept, first.id));
    }
    let unknown =
        || Trouble::failure(format!("there is no job `{name}`; `mcpfier jobs` lists those that are there"));
    let (kept, id) = found.ok_or_else(unknown)?;
    let (record, job) = kept.find(&id).map_err(Trouble::failure)?.ok_or_else(unknown)?;
    Ok((kept, record, job))
}

fn list(arguments: &Arguments, running: bool, printer: &Printer) -> Result<(), Trouble> {
    let mut records = Vec::new();
    for kept in kept(arguments)? {
        records.extend(kept.all().map_err(Trouble::failure)?);
    }
    records.retain(|record| !running || !record.state.is_over());
    records.sort_by_key(|record| std::cmp::Reverse(record.created));
    if printer.json {
        printer.json_data(&Value::Array(records.iter().map(show::document).collect()));
        return Ok(());
    }
    let width = records.iter().map(|record| record.tool.as_str().len()).max().unwrap_or_default();
    for record in &records {
        printer.data(&show::line(record, width));
    }
    if records.is_empty() {
        printer.talk("there are no jobs\n");
    }
    Ok(())
}

fn cancel(arguments: &Arguments, name: &str, printer: &Printer) -> Result<(), Trouble> {
    let (mut kept, record, _) = find(arguments, name)?;
    let id = &record.id;
    if record.state.is_over() || !kept.cancel(id).map_err(Trouble::failure)? {
        let state = record.state.as_str();
        return Err(Trouble::failure(format!("the job `{id}` is over: {state}")));
    }
    // Its server looks every now and then.
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(100));
        let now = kept.find(id).map_err(Trouble::failure)?;
        let Some((record, _)) = now.filter(|(record, _)| record.state.is_over()) else { continue };
        match printer.json {
            true => printer.json_data(&show::document(&record)),
            false => printer.data(&format!("{} {}\n", record.state.as_str(), record.id)),
        }
        return Ok(());
    }
    printer.talk(&format!("the job `{id}` has been told to end, and takes its time\n"));
    Ok(())
}

fn prune(arguments: &Arguments, older: Duration, printer: &Printer) -> Result<(), Trouble> {
    let mut removed = 0;
    for mut kept in kept(arguments)? {
        removed += kept.prune(older).map_err(Trouble::failure)?;
    }
    match (printer.json, removed) {
        (true, _) => printer.json_data(&json!({ "removed": removed })),
        (false, 0) => printer.talk("there is nothing to forget\n"),
        (false, 1) => printer.data("forgot 1 job\n"),
        (false, many) => printer.data(&format!("forgot {many} jobs\n")),
    }
    Ok(())
}
