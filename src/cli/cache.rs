//! `mcpfier cache`: what is remembered on disk, and forgetting it. What a running server has in memory
//! nobody else can see.

use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::engine::{Disk, Usage};
use crate::model::ByteSize;
use crate::plan::Environment;

use super::arguments::CacheAction;
use super::exit::Exit;
use super::print::Printer;
use super::session;

/// Where results are kept on disk; `None` if this user has no such place.
pub fn folder(environment: &Environment) -> Option<PathBuf> {
    // As the specification of these folders has it, one that is not absolute is as none.
    let absolute = |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("mcpfier"))
}

pub fn run(action: Option<&CacheAction>, printer: &Printer) -> Exit {
    let tool = match action {
        Some(CacheAction::Stats) | None => return with_disk(printer, |disk| stats(disk, printer)),
        Some(CacheAction::Clear { name }) => name.as_deref(),
        Some(CacheAction::Other(_)) => {
            printer.error("expected `cache stats` or `cache clear [NAME]`");
            return Exit::USAGE;
        }
    };
    with_disk(printer, |disk| clear(disk, tool, printer))
}

fn with_disk(printer: &Printer, work: impl FnOnce(Option<&Disk>)) -> Exit {
    let Some(folder) = folder(&session::host().environment) else {
        printer.error("neither `XDG_CACHE_HOME` nor `HOME` is set to a folder");
        return Exit::FAILURE;
    };
    match Disk::open_existing(&folder) {
        Ok(disk) => {
            work(disk.as_ref());
            Exit::OK
        }
        Err(problem) => {
            printer.error(&problem.to_string());
            Exit::FAILURE
        }
    }
}

fn stats(disk: Option<&Disk>, printer: &Printer) {
    let usage = disk.map(Disk::usage).unwrap_or_default();
    if printer.json {
        return printer.json_data(&Value::Array(usage.iter().map(document).collect()));
    }
    let width = usage.iter().map(|usage| usage.tool.len()).max().unwrap_or_default();
    for Usage { tool, entries, bytes, newest } in &usage {
        let plural = if *entries == 1 { "result " } else { "results" };
        let (size, age) = (ByteSize(*bytes), age(*newest));
        printer.data(&format!("{tool:width$}  {entries:>5} {plural}  {size:>10}  the newest {age} old\n"));
    }
    match disk.filter(|_| !usage.is_empty()) {
        Some(disk) => printer.talk(&format!("in {}\n", disk.folder().display())),
        None => printer.talk("nothing is remembered on disk\n"),
    }
    printer.talk("what a server has in memory is its own, and is not counted here\n");
}

fn clear(disk: Option<&Disk>, tool: Option<&str>, printer: &Printer) {
    let removed = disk.map(|disk| disk.clear(tool)).unwrap_or_default();
    if printer.json {
        return printer.json_data(&json!({ "removed": removed }));
    }
    match (removed, tool) {
        (0, Some(tool)) => printer.talk(&format!("nothing of `{tool}` is remembered on disk\n")),
        (0, None) => printer.talk("nothing is remembered on disk\n"),
        (1, _) => printer.data("forgot 1 result\n"),
        (many, _) => printer.data(&format!("forgot {many} results\n")),
    }
    printer.talk("what a server has in memory stays until it is restarted, or too old\n");
}

fn document(usage: &Usage) -> Value {
    let Usage { tool, entries, bytes, newest } = usage;
    let age = newest.elapsed().map_or(0, |age| age.as_secs());
    json!({ "tool": tool, "results": entries, "bytes": bytes, "newestAgeSeconds": age })
}

fn age(moment: SystemTime) -> String {
    let seconds = moment.elapsed().map_or(0, |age| age.as_secs());
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_that_of_the_user() {
        let found = |variables: &[(&str, &str)]| {
            let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            folder(&variables.collect()).map(|path| path.display().to_string())
        };
        assert_eq!(found(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]).unwrap(), "/c/mcpfier");
        assert_eq!(found(&[("HOME", "/h"), ("XDG_CACHE_HOME", "c")]).unwrap(), "/h/.cache/mcpfier");
        assert_eq!(found(&[("HOME", "/h")]).unwrap(), "/h/.cache/mcpfier");
        assert_eq!(found(&[]), None);
    }
}
