//! `mcpfier images`: what the containers of a file run in, fetched, built, pinned and looked through.

mod pin;
mod scan;
mod wanted;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::config::Host;
use crate::runner::Teller;
use crate::runner::container::{ContainerFailure, Found, Images};

use super::arguments::{Arguments, ImageNames, ImagesAction};
use super::exit::Exit;
use super::print::Printer;
use super::serve::runtime;
use super::session::{self, Session};
use super::waiting::Waiting;

pub use wanted::{Source, Wanted, wanted};

pub fn run(arguments: &Arguments, action: Option<&ImagesAction>, printer: &Printer) -> Exit {
    if let Some(ImagesAction::Pin(names)) = action {
        return pin::run(arguments, &names.names, printer);
    }
    let session = match Session::open(arguments, printer) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let all = wanted(&session.catalog);
    match action {
        None | Some(ImagesAction::List) => list(&all, printer),
        Some(ImagesAction::Pull(names)) => each(&all, names, printer, Doing::Pull),
        Some(ImagesAction::Build(names)) => each(&all, names, printer, Doing::Build),
        Some(ImagesAction::Scan { names, block_on }) => match chosen(&all, &names.names) {
            Ok(chosen) => scan::run(&chosen, block_on, printer),
            Err(unknown) => strange(&unknown, printer),
        },
        // Both are seen to before.
        Some(ImagesAction::Pin(_) | ImagesAction::Other(_)) => Exit::USAGE,
    }
}

fn strange(unknown: &str, printer: &Printer) -> Exit {
    printer.error(&format!("`{unknown}` is neither an image of the file nor a tool that runs in one"));
    Exit::USAGE
}

/// Asks an engine; what is wrong with it comes back.
pub fn engine<T>(
    host: Host,
    ask: impl AsyncFnOnce(&Images) -> Result<T, ContainerFailure>,
) -> Result<T, ContainerFailure> {
    let images = Images::new(Arc::new(host.environment));
    let runtime = runtime().map_err(|error| ContainerFailure::BadAddress { problem: error.to_string() })?;
    runtime.block_on(ask(&images))
}

/// Those that are named, by themselves or by a tool; all without a name.
fn chosen<'w>(all: &'w [Wanted], names: &[String]) -> Result<Vec<&'w Wanted>, String> {
    let is = |one: &Wanted, name: &String| one.image == *name || one.tools.contains(name);
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|one| is(one, name))) {
        return Err(unknown.clone());
    }
    Ok(all.iter().filter(|one| names.is_empty() || names.iter().any(|name| is(one, name))).collect())
}

fn list(all: &[Wanted], printer: &Printer) -> Exit {
    let looked = engine(session::host(), async |images| {
        let mut found = Vec::new();
        for one in all {
            found.push(match &one.source {
                Source::Broken(_) => None,
                _ => images.look(one.executor.as_ref(), &one.image).await?,
            });
        }
        Ok(found)
    });
    let (found, exit) = match looked {
        Ok(found) => (Some(found), Exit::OK),
        Err(_) if all.is_empty() => (None, Exit::OK),
        Err(failure) => {
            printer.error(&failure.to_string());
            (None, Exit::FAILURE)
        }
    };
    let found = |at: usize| found.as_ref().map(|found| found.get(at).cloned().flatten());
    let rows = all.iter().enumerate();
    if printer.json {
        printer.json_data(&rows.map(|(at, one)| document(one, found(at))).collect());
        return exit;
    }
    let width = all.iter().map(|one| one.image.chars().count()).max().unwrap_or_default();
    for (at, one) in rows {
        let state = state(one, found(at).as_ref());
        printer.data(&format!("{:width$}  {}  {state}\n", one.image, one.tools.join(", ")));
    }
    if all.is_empty() {
        printer.talk("no command of the file runs in a container\n");
    }
    exit
}

/// Outside: nobody knows. Inside: the engine does not have it.
fn state(one: &Wanted, found: Option<&Option<Found>>) -> String {
    let from = match &one.source {
        Source::Broken(problem) => return format!("cannot be built: {problem}"),
        Source::Build(planned) => format!("built of {}, ", planned.context().display()),
        Source::Registry => String::new(),
    };
    let held = match (one.is_pinned(), &one.source) {
        (true, _) => ", pinned",
        (false, Source::Build(_)) => ", by its content",
        (false, _) => ", not pinned",
    };
    match found {
        None => format!("{from}nobody knows whether an engine has it{held}"),
        Some(None) => format!("{from}not in the engine{held}"),
        Some(Some(found)) => format!("{from}{}, {}{held}", size(found.size), found.told()),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

fn document(one: &Wanted, found: Option<Option<Found>>) -> Value {
    let (build, problem) = match &one.source {
        Source::Registry => (Value::Null, None),
        Source::Broken(problem) => (Value::Null, Some(problem)),
        Source::Build(planned) => {
            (json!({ "context": planned.context().display().to_string(), "digest": planned.digest }), None)
        }
    };
    let in_engine = found.as_ref().map(Option::is_some);
    let found = found.flatten();
    json!({
        "image": one.image,
        "tools": one.tools,
        "platform": one.platform,
        "engine": one.executor.as_ref().map(|executor| &executor.name),
        "build": build,
        "problem": problem,
        "pinned": one.is_pinned(),
        "inEngine": in_engine,
        "id": found.as_ref().map(|found| &found.id),
        "digest": found.as_ref().and_then(|found| found.digest.as_ref()),
        "size": found.as_ref().map(|found| found.size),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Pull,
    Build,
}

/// One after another; one that fails does not keep the others.
fn each(all: &[Wanted], names: &ImageNames, printer: &Printer, doing: Doing) -> Exit {
    let chosen = match chosen(all, &names.names) {
        Ok(chosen) => chosen,
        Err(unknown) => return strange(&unknown, printer),
    };
    let is_meant = |one: &&&Wanted| matches!(one.source, Source::Registry) == (doing == Doing::Pull);
    let meant: Vec<&&Wanted> = chosen.iter().filter(is_meant).collect();
    if meant.is_empty() {
        let word = if doing == Doing::Pull { "fetch" } else { "build" };
        printer.talk(&format!("there is nothing to {word}\n"));
        return Exit::OK;
    }
    let mut exit = Exit::OK;
    for one in meant {
        let done = engine(session::host(), async |images| told(one, images, printer).await);
        match done {
            Ok(()) => printer.data(&format!("{} is there\n", one.image)),
            Err(failure) => {
                printer.error(&failure.to_string());
                exit = Exit::FAILURE;
            }
        }
    }
    exit
}

async fn told(one: &Wanted, images: &Images, printer: &Printer) -> Result<(), ContainerFailure> {
    let (teller, mut news) = Teller::channel();
    let (executor, platform) = (one.executor.as_ref(), one.platform.as_deref());
    let mut waiting = Waiting::new();
    let doing = async {
        match &one.source {
            Source::Registry => {
                images.pull(executor, &one.image, platform, &teller).await?;
                images.verify(executor, &one.image, &one.signers).await
            }
            Source::Build(planned) => images.build(executor, planned, platform, &teller).await,
            Source::Broken(problem) => {
                Err(ContainerFailure::NotBuildable { folder: one.tools.join(", "), problem: problem.clone() })
            }
        }
    };
    let mut doing = std::pin::pin!(doing);
    loop {
        tokio::select! {
            biased;
            Some(news) = news.recv() => if !printer.json {
                waiting.tell(&news);
            },
            done = &mut doing => return done,
        }
    }
}
