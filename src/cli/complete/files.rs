//! Names of files below a folder, as far as they fit what is typed.

use std::path::Path;

use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};

use super::offer::Kind;

/// Nobody looks through more.
const MOST: usize = 1000;

/// What `written` can become. Folders end in `/`; hidden files come when their dot is typed.
pub fn below(base: &Path, written: &str) -> Vec<CompletionCandidate> {
    let (folder, stem) = written.split_at(written.rfind('/').map_or(0, |at| at + 1));
    // A lone dot is the current folder to the engine, and here the beginning of hidden names.
    let listed = if stem == "." { folder } else { written };
    let files = PathCompleter::any().current_dir(base).complete(listed.as_ref()).into_iter();
    let wanted = files
        .filter(|file| file.get_value() != "." && file.is_hide_set() == stem.starts_with('.'))
        .take(MOST);
    wanted.map(|file| file.hide(false).tag(Some(Kind::File.name().into()))).collect()
}
