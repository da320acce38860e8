//! `output.files`: can the command have written them where this host sees them?

use std::path::Path;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Reader, Spanned};
use crate::model::{Action, BadGlob, ContainerWorkload, FileGlob};

/// What cannot be handed over has been reported.
pub fn files(reader: &Reader<'_>, written: &[Spanned<&str>], action: Option<&Action>) -> Vec<FileGlob> {
    let refuse = |written: &Spanned<&str>, message: String, help: &str| {
        let problem = Diagnostic::error(Code::BadFiles, written.span, message);
        reader.problems.add(problem.help(help));
        None
    };
    let file = |written: &Spanned<&str>| {
        let glob = match FileGlob::read(written.value) {
            Ok(glob) => glob,
            Err(error) => {
                let help = match error {
                    BadGlob::Template => "write a pattern that any call fits: `out/*.png`",
                    _ => "name files below the folder of the command: `*.png`, `out/**/*.csv`",
                };
                return refuse(written, format!("this names no files to hand over: {error}"), help);
            }
        };
        match action {
            Some(Action::Http(_)) => refuse(
                written,
                "an HTTP call writes no files".to_owned(),
                "its answer is the output; `format: binary` hands it over",
            ),
            Some(Action::Flow(_)) => refuse(
                written,
                "a flow writes no files itself".to_owned(),
                "name them at the command of the step that writes them",
            ),
            Some(Action::Process(workload)) => {
                let folder = workload.working_dir.as_literal().map(Path::new);
                match folder.is_none_or(|folder| glob.below(folder).is_some()) {
                    true => Some(glob),
                    false => refuse(
                        written,
                        "this lies outside of the command's folder".to_owned(),
                        "set `working_dir` to the folder in which the command writes",
                    ),
                }
            }
            Some(Action::Container(workload)) => match in_container(&glob, workload) {
                Ok(glob) => Some(glob),
                Err((message, help)) => refuse(written, message, help),
            },
            Some(Action::NotSupported(_)) | None => Some(glob),
        }
    };
    written.iter().filter_map(file).collect()
}

/// The pattern by its absolute path in the container, if that lies in a mount of this host that the container
/// may write.
fn in_container(glob: &FileGlob, workload: &ContainerWorkload) -> Result<FileGlob, (String, &'static str)> {
    const MOUNT: &str =
        "mount a folder and write there: `mounts: [{ source: out, target: /out }]`, `files: [/out/*.png]`";
    if workload.executor.as_ref().is_some_and(|executor| !executor.host.is_here()) {
        let message = "the files of an engine on another host are not here".to_owned();
        return Err((message, "print what is wanted; `format: binary` hands it over"));
    }
    let absolute = match (glob.text().starts_with('/'), &workload.workdir) {
        (true, _) => glob.clone(),
        (false, Some(folder)) => FileGlob::read(&format!("{}/{}", folder.trim_end_matches('/'), glob.text()))
            .map_err(|error| (format!("this names no files to hand over: {error}"), MOUNT))?,
        (false, None) => {
            return Err(("of a container this has to be an absolute path".to_owned(), MOUNT));
        }
    };
    let below = |target: &str| absolute.below(Path::new(target)).map(<[String]>::len);
    let mounts = workload.mounts.iter().filter_map(|mount| Some((mount, below(&mount.target)?)));
    match mounts.min_by_key(|(_, parts)| *parts) {
        Some((mount, _)) if !mount.read_only => Ok(absolute),
        Some((mount, _)) => {
            Err((format!("the mount at `{}` is read only, so nothing is written there", mount.target), MOUNT))
        }
        None => Err(("this lies in no mount, so this host does not see it".to_owned(), MOUNT)),
    }
}
