//! `complete` of a parameter → where suggestions for it come from.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::place::Place;
use crate::config::native::SuggestKeys;
use crate::config::read::{Reader, Spanned};
use crate::config::syntax::Node;
use crate::model::{BadGlob, FileGlob, Suggest};

/// What is none has been reported. Whether there is the command is looked at when all are known.
pub fn suggest<'n>(place: &Place<'n>, node: &'n Node<'n>) -> Option<Suggest> {
    let keys = SuggestKeys::read(place.reader, node)?;
    match (&keys.values, &keys.files, keys.command) {
        (Some(values), None, None) => {
            Some(Suggest::Values(values.iter().map(|value| value.value.to_owned()).collect()))
        }
        (None, Some(files), None) => {
            let folder = place.folder(keys.span).to_path_buf();
            Some(Suggest::Files { folder, files: globs(place.reader, files) })
        }
        (None, None, Some(command)) => {
            place.suggesting.borrow_mut().push((command.value.to_owned(), command.span));
            command.value.parse().ok().map(Suggest::Command)
        }
        _ => {
            let message = "`complete` has exactly one of `values`, `files` and `command`";
            place.reader.problems.add(Diagnostic::error(Code::BadOffer, keys.span, message));
            None
        }
    }
}

/// Patterns of files below a folder; what is none has been reported.
pub fn globs(reader: &Reader<'_>, written: &[Spanned<&str>]) -> Vec<FileGlob> {
    let read = |written: &Spanned<&str>| {
        let glob = match FileGlob::read(written.value) {
            Ok(_) if written.value.starts_with('/') => Err(BadGlob::Up),
            other => other,
        };
        glob.map_err(|error| {
            let message = match error {
                BadGlob::Up => "this leads out of the folder".to_owned(),
                error => format!("this names no files: {error}"),
            };
            let problem = Diagnostic::error(Code::BadOffer, written.span, message);
            reader.problems.add(problem.help("name files below the folder: `*.md`, `**/*.md`"));
        })
        .ok()
    };
    written.iter().filter_map(read).collect()
}
