//! The entries of ours in the files of clients: do they start something that is there.

use std::path::Path;

use crate::cli::place::{self, ClientFile};
use crate::clients::{self, Served};
use crate::config::Host;

use super::Finding;
use super::host::minimal_path;

const ABOUT: &str = "clients";

pub fn look(host: &Host) -> Vec<Finding> {
    let Some(files) = place::client_files(host) else {
        let cure = "set it to your home folder";
        return vec![Finding::problem(ABOUT, "`HOME` is not set, so no client's file can be found", cure)];
    };
    let used: Vec<ClientFile> = files.into_iter().filter(|found| found.is_used).collect();
    if used.is_empty() {
        let cure = "`mcpfier setup CLIENT` makes the file of a client; `mcpfier --setup` says what to paste";
        return vec![Finding::note(ABOUT, "no client was found for this user", cure)];
    }
    let findings: Vec<Finding> = used.iter().flat_map(file).collect();
    if !findings.is_empty() {
        return findings;
    }
    let names: Vec<&str> = used.iter().map(|found| found.client.title).collect();
    let message = format!("found {}; none has an entry for mcpfier", names.join(", "));
    vec![Finding::note(ABOUT, message, "`mcpfier --config FILE setup` adds it")]
}

fn file(found: &ClientFile) -> Vec<Finding> {
    let (title, shown) = (found.client.title, found.file.display());
    let Ok(text) = std::fs::read_to_string(&found.file) else { return Vec::new() };
    match clients::found(found.client, &text) {
        Err(refusal) => {
            let cure = "correct the file; until then the client may not read it at all";
            vec![Finding::problem(ABOUT, format!("{title}: the file is broken: {shown}:{refusal}"), cure)]
        }
        Ok(entries) => {
            let told = entries.iter().map(|(name, served)| {
                let cure = format!("`mcpfier --config FILE setup {} --name {name}`", found.client.id);
                match wrong(served) {
                    Some(what) => {
                        Finding::problem(ABOUT, format!("{title}: `{name}` in {shown}: {what}"), cure)
                    }
                    None => Finding::fine(ABOUT, format!("{title}: `{name}` in {shown}")),
                }
            });
            told.collect()
        }
    }
}

/// What is wrong with an entry.
fn wrong(served: &Served) -> Option<String> {
    let command = Path::new(&served.command);
    if command.is_absolute() {
        if !command.is_file() {
            return Some(format!("there is no `{}`", served.command));
        }
    } else {
        let mut folders = minimal_path().split(':');
        if !folders.any(|folder| Path::new(folder).join(command).is_file()) {
            return Some(format!(
                "`{}` is no absolute path, and desktop applications do not find it",
                served.command
            ));
        }
    }
    let config = served.config()?;
    match Path::new(config) {
        path if !path.is_absolute() => Some(format!("`{config}` is no absolute path")),
        path if !path.is_file() => Some(format!("there is no `{config}`")),
        _ => None,
    }
}
