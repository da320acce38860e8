//! All texts of one load: the root file first, then what it includes and what was typed beside it.
//!
//! Nodes borrow from a text, and what a file includes is known only once it has been read: so a
//! source is added to what others borrow from already. A place finds its text, and the folder that
//! paths there are relative to, by its number.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::source::{Source, SourceId, Span};

/// Nobody needs more files and flags for one server.
pub const MAX_SOURCES: usize = 512;

#[derive(Debug)]
pub struct Sources {
    root: Held,
    /// Made when a second source comes.
    others: OnceCell<Box<[OnceCell<Held>]>>,
}

#[derive(Debug)]
struct Held {
    source: Source,
    folder: PathBuf,
}

/// There is no number left for another source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Sources {
    /// `folder` is what relative paths in the source are relative to.
    pub fn new(source: Source, folder: PathBuf) -> Self {
        Self { root: Held { source, folder }, others: OnceCell::new() }
    }

    /// Adds a source; it stays where it is for as long as all of them.
    pub fn add(&self, source: Source, folder: PathBuf) -> Result<(SourceId, &Source), Full> {
        let others = self.others.get_or_init(|| (1..MAX_SOURCES).map(|_| OnceCell::new()).collect());
        let (at, slot) = others.iter().enumerate().find(|(_, slot)| slot.get().is_none()).ok_or(Full)?;
        let id = u16::try_from(at + 1).map_err(|_| Full)?;
        Ok((SourceId(id), &slot.get_or_init(|| Held { source, folder }).source))
    }

    pub fn root(&self) -> &Source {
        &self.root.source
    }

    /// The text in a place.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).map_or("", |held| held.source.slice(span))
    }

    /// The folder of the file that a place is in.
    pub fn folder(&self, span: Span) -> &Path {
        &self.get(span.source).unwrap_or(&self.root).folder
    }

    /// The folder of the root file.
    pub fn root_folder(&self) -> &Path {
        &self.root.folder
    }

    /// The name of the source that a place is in, if it is not the root.
    pub fn name_of_part(&self, span: Span) -> Option<&str> {
        let source = &self.get(span.source)?.source;
        (span.source != SourceId::default()).then_some(source.name.as_str())
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        let others = self.others.get().into_iter().flat_map(|others| others.iter().map_while(OnceCell::get));
        std::iter::once(&self.root).chain(others).map(|held| &held.source)
    }

    fn get(&self, id: SourceId) -> Option<&Held> {
        match usize::from(id.0).checked_sub(1) {
            None => Some(&self.root),
            Some(at) => self.others.get()?.get(at)?.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str) -> Source {
        Source::decode(Path::new(name), name.as_bytes().to_vec()).0
    }

    #[test]
    fn a_place_finds_the_text_and_the_folder_of_its_source() {
        let sources = Sources::new(source("root"), "/r".into());
        let (id, _) = sources.add(source("other"), "/o".into()).unwrap();
        let span = |source| Span::new(source, 1..3);
        assert_eq!(sources.slice(span(SourceId(0))), "oo");
        assert_eq!(sources.slice(span(id)), "th");
        assert_eq!(sources.folder(span(id)), Path::new("/o"));
        assert_eq!(sources.slice(span(SourceId(9))), "");
        let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["root", "other"]);
    }

    #[test]
    fn there_is_an_end_to_sources() {
        let sources = Sources::new(source("root"), PathBuf::new());
        let added = (0..MAX_SOURCES + 5).filter(|_| sources.add(source("x"), PathBuf::new()).is_ok()).count();
        assert_eq!(added, MAX_SOURCES - 1);
    }
}
