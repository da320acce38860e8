//! The images of a lock: which digests an engine has for them, and what their own context is.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::images::{Source, Wanted, engine, wanted};
use crate::cli::print::Printer;
use crate::config::Host;
use crate::lock::{Change, Differences, Kind};
use crate::model::{Catalog, LockedImages};
use crate::runner::container::{ContainerFailure, Found};

/// What is agreed on with the rest. What an engine does not know now stays what it was.
pub fn look(catalog: &Catalog, host: Host, before: Option<&LockedImages>, printer: &Printer) -> LockedImages {
    let wanted = wanted(catalog);
    let builds = builds(&wanted, printer);
    let found = found(&wanted, host).unwrap_or_else(|failure| {
        printer.talk(&format!("note: no engine says which digests the images have: {failure}\n"));
        BTreeMap::new()
    });
    let digest = |image: &str| {
        let known = found.get(image).map(|found| found.told().to_owned());
        known.or_else(|| before.and_then(|before| before.images.get(image).cloned().flatten()))
    };
    let images: BTreeMap<String, Option<String>> =
        names(&wanted).map(|image| (image.to_owned(), digest(image))).collect();
    let unknown: Vec<&str> =
        images.iter().filter(|(_, digest)| digest.is_none()).map(|(image, _)| image.as_str()).collect();
    if !unknown.is_empty() {
        printer.talk(&format!(
            "note: the engine does not have {}; `--locked` holds them to no digest until `mcpfier images pull` and another `mcpfier lock`\n",
            unknown.join(", ")
        ));
    }
    LockedImages { images, builds }
}

/// Images that are not named by a digest already.
fn names(wanted: &[Wanted]) -> impl Iterator<Item = &str> {
    let pulled = wanted.iter().filter(|one| matches!(one.source, Source::Registry));
    pulled.map(|one| one.image.as_str()).filter(|image| !image.contains('@'))
}

fn builds(wanted: &[Wanted], printer: &Printer) -> BTreeMap<String, String> {
    let mut builds = BTreeMap::new();
    for one in wanted {
        match &one.source {
            Source::Registry => {}
            Source::Build(planned) => {
                builds.extend(one.tools.iter().map(|tool| (tool.clone(), planned.digest.clone())));
            }
            Source::Broken(problem) => {
                printer
                    .talk(&format!("note: nothing can be built for {}: {problem}\n", one.tools.join(", ")));
            }
        }
    }
    builds
}

fn found(wanted: &[Wanted], host: Host) -> Result<BTreeMap<String, Found>, ContainerFailure> {
    let mut known = BTreeMap::new();
    if names(wanted).next().is_none() {
        return Ok(known);
    }
    engine(host, async |images| {
        for image in names(wanted) {
            let executor = wanted.iter().find(|one| one.image == image);
            let executor = executor.and_then(|one| one.executor.as_ref());
            if let Some(found) = images.look(executor, image).await? {
                known.insert(image.to_owned(), found);
            }
        }
        Ok(())
    })?;
    Ok(known)
}

/// How what is here differs from what was agreed on. An engine that is away says nothing.
pub fn check(agreed: &LockedImages, catalog: &Catalog, host: Host, printer: &Printer) -> Vec<Change> {
    let wanted = wanted(catalog);
    let found = match found(&wanted, host) {
        Ok(found) => found,
        Err(failure) => {
            printer.talk(&format!("note: the images were not looked at: {failure}\n"));
            BTreeMap::new()
        }
    };
    let differs = |image: &&str| {
        let (locked, found) = (agreed.images.get(*image).cloned().flatten(), found.get(*image));
        matches!((locked, found), (Some(locked), Some(found)) if locked != found.id && Some(&locked) != found.digest.as_ref())
    };
    let images = names(&wanted).filter(differs);
    let now = LockedImages {
        images: agreed
            .images
            .iter()
            .map(|(image, digest)| (image.clone(), digest.clone()))
            .chain(
                images
                    .filter_map(|image| Some((image.to_owned(), Some(found.get(image)?.told().to_owned())))),
            )
            .collect(),
        builds: builds(&wanted, printer),
    };
    changes(agreed, &now)
}

/// What is another image, or another context, than it was.
pub fn changes(before: &LockedImages, now: &LockedImages) -> Vec<Change> {
    let told = |digest: Option<&String>| digest.map_or("no digest", String::as_str).to_owned();
    let image = |name: &String| {
        let of = |locked: &LockedImages| locked.images.get(name).cloned().flatten();
        let (before, now) = (of(before), of(now));
        (before != now).then(|| format!("{name}: {} → {}", told(before.as_ref()), told(now.as_ref())))
    };
    let build = |name: &String| {
        let (before, now) = (before.builds.get(name), now.builds.get(name));
        (before != now).then(|| format!("what `{name}` is built of: {} → {}", told(before), told(now)))
    };
    let images: BTreeSet<&String> = before.images.keys().chain(now.images.keys()).collect();
    let builds: BTreeSet<&String> = before.builds.keys().chain(now.builds.keys()).collect();
    let lines = images.into_iter().filter_map(image).chain(builds.into_iter().filter_map(build));
    let lines: Vec<String> = lines.collect();
    let change = Change { tool: None, kind: Kind::Changed(BTreeSet::from(["images"])), lines };
    if change.lines.is_empty() { Vec::new() } else { vec![change] }
}

pub fn say(changes: &[Change], printer: &Printer) {
    let differences = Differences::new(changes.to_vec());
    printer.error(format!("the images differ from what the lock says:\n{differences}").trim_end());
}
