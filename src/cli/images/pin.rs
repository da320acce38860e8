//! `mcpfier images pin`: writes the digests that the engine has into the text of the file. It needs
//! no file without errors: images without digests may be the error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::arguments::Arguments;
use crate::cli::exit::Exit;
use crate::cli::print::Printer;
use crate::cli::{replace, session};
use crate::config;

use super::{engine, wanted};

pub fn run(arguments: &Arguments, names: &[String], printer: &Printer) -> Exit {
    let host = session::host();
    let found = match session::found(arguments.config.as_deref(), &host, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let loaded = config::load(&found.path, &host, &session::choice(arguments, &host));
    let folder = loaded.path.parent().unwrap_or(Path::new("/"));
    let texts: Vec<(PathBuf, String)> = loaded
        .report
        .texts()
        .map(|(path, text)| (place(path, folder, &host.cwd), text.to_string()))
        .collect();
    let mut open: Vec<String> = Vec::new();
    for (path, text) in &texts {
        let images = config::images(path, text).into_iter();
        open.extend(
            images.filter(|image| !image.contains('@') && (names.is_empty() || names.contains(image))),
        );
    }
    open.sort();
    open.dedup();
    if let Some(unknown) = names.iter().find(|name| !open.contains(name)) {
        printer.error(&format!(
            "`{unknown}` is not written in the file as an image without a digest; name an image, not a tool"
        ));
        return Exit::USAGE;
    }
    let wanted = loaded.catalog.as_ref().map(wanted).unwrap_or_default();
    let executor = |image: &str| wanted.iter().find(|one| one.image == image)?.executor.as_ref();
    let looked = engine(host, async |images| {
        let mut digests = BTreeMap::new();
        for image in &open {
            digests.insert(image.clone(), images.look(executor(image), image).await?);
        }
        Ok(digests)
    });
    let digests = match looked {
        Ok(digests) => digests,
        Err(failure) => {
            printer.error(&failure.to_string());
            return Exit::FAILURE;
        }
    };
    if digests.is_empty() {
        printer.talk("there is nothing to pin\n");
    }
    let mut exit = Exit::OK;
    let mut pinned = BTreeMap::new();
    for (image, found) in digests {
        match found.map(|found| found.digest) {
            Some(Some(digest)) => drop(pinned.insert(image.clone(), format!("{image}@{digest}"))),
            Some(None) => {
                printer.error(&format!("`{image}` has no digest: it was not pulled from a registry"));
                exit = Exit::FAILURE;
            }
            None => {
                printer
                    .error(&format!("the engine does not have `{image}`; `mcpfier images pull` fetches it"));
                exit = Exit::FAILURE;
            }
        }
    }
    write(&texts, &pinned, printer).unwrap_or(exit)
}

/// The root file goes by the name that was typed, the others lie beside it.
fn place(path: &Path, folder: &Path, cwd: &Path) -> PathBuf {
    let typed = cwd.join(path);
    if typed.is_file() { typed } else { folder.join(path) }
}

/// Gives back how it ended, if badly.
fn write(texts: &[(PathBuf, String)], pinned: &BTreeMap<String, String>, printer: &Printer) -> Option<Exit> {
    for (path, text) in texts {
        let changed = config::pin_images(path, text, |image| pinned.get(image).cloned());
        let Some(changed) = changed else { continue };
        if let Err(error) = replace::replace(path, &changed) {
            printer.error(&format!("cannot write {}: {error}", path.display()));
            return Some(Exit::FAILURE);
        }
        printer.talk(&format!("{} is written anew\n", path.display()));
    }
    for image in pinned.values() {
        printer.data(&format!("{image}\n"));
    }
    None
}
