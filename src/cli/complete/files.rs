//! Names of files below a folder, as far as they fit what is typed.

use std::fs::DirEntry;
use std::path::Path;

use crate::config::Host;

use super::offer::{Kind, Offer};

/// Nobody looks through more.
const MOST: usize = 1000;

/// What `written` can become. Folders end in `/`; hidden files come when their dot is typed.
pub fn offers(host: &Host, base: &Path, written: &str) -> Vec<Offer> {
    let (folder, stem) = written.split_at(written.rfind('/').map_or(0, |at| at + 1));
    let Ok(entries) = std::fs::read_dir(host.resolve(folder, base)) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| named(&entry, stem)).take(MOST).collect();
    names.sort_unstable();
    names.into_iter().map(|name| Offer::new(Kind::File, format!("{folder}{name}"), "")).collect()
}

fn named(entry: &DirEntry, stem: &str) -> Option<String> {
    let name = entry.file_name().into_string().ok()?;
    if !name.starts_with(stem) || name.starts_with('.') && stem.is_empty() {
        return None;
    }
    // Behind links, too.
    let is_folder = std::fs::metadata(entry.path()).is_ok_and(|found| found.is_dir());
    Some(if is_folder { format!("{name}/") } else { name })
}
