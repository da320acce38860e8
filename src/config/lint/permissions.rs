//! Who else could change a file, and with it what runs in its user's name.

use std::path::Path;

use crate::config::code::Code;
use crate::config::diagnostic::{Class, Diagnostic, Problems, Severity};
use crate::config::source::{SourceId, Span};

/// Warns of a file that other users of this host may write; `part` is its number if it is not the root.
pub fn check_permissions(problems: &Problems, path: &Path, part: Option<usize>) {
    let Some(who) = other_writers(path) else { return };
    let message = format!("{who} of this host may change this file, and with it what runs in your name");
    let problem = Diagnostic { severity: Severity::Warning, ..Diagnostic::of_file(Code::Writable, message) };
    let span = part.and_then(|part| u16::try_from(part).ok()).map(|part| Span::new(SourceId(part), 0..0));
    let problem = Diagnostic { class: Class::Host, span, ..problem };
    problems.add(problem.help("take that away: `chmod go-w FILE`"));
}

#[cfg(unix)]
fn other_writers(path: &Path) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    // A group with the number of the user is that user's own, by the custom of most systems.
    let is_shared_group = metadata.gid() != metadata.uid();
    match metadata.mode() {
        mode if mode & 0o002 != 0 => Some("every user"),
        mode if mode & 0o020 != 0 && is_shared_group => Some("other users"),
        _ => None,
    }
}

#[cfg(not(unix))]
fn other_writers(_path: &Path) -> Option<&'static str> {
    None
}
