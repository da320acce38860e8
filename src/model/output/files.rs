//! `output.files`: which of the files that a command wrote are handed over.

use std::path::{Component, Path};

/// A path with `*`, `?`, `[a-z]` and `**`, from the folder of the command on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileGlob {
    text: String,
    is_absolute: bool,
    parts: Vec<String>,
}

/// Why a text names no files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadGlob {
    #[error("it names no file")]
    Empty,
    #[error("it leads up with `..`")]
    Up,
    #[error("it holds a template, and patterns are known before a call")]
    Template,
    #[error("it is longer than {MOST_WRITTEN} bytes or {MOST_PARTS} folders")]
    TooLong,
    #[error("it ends with `/`, which is a folder")]
    Folder,
}

const MOST_WRITTEN: usize = 1024;
const MOST_PARTS: usize = 32;

impl FileGlob {
    pub fn read(text: &str) -> Result<Self, BadGlob> {
        if text.contains("{{") {
            return Err(BadGlob::Template);
        }
        if text.ends_with('/') && text.len() > 1 {
            return Err(BadGlob::Folder);
        }
        let path = Path::new(text);
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(BadGlob::Up);
        }
        let parts: Vec<String> = path
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                _ => None,
            })
            .collect();
        if parts.is_empty() || text.contains('\0') {
            return Err(BadGlob::Empty);
        }
        if text.len() > MOST_WRITTEN || parts.len() > MOST_PARTS {
            return Err(BadGlob::TooLong);
        }
        Ok(Self { text: text.to_owned(), is_absolute: path.is_absolute(), parts })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// From the folder on.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// The parts of the pattern below a folder; `None` if it does not lie there.
    pub fn below(&self, folder: &Path) -> Option<&[String]> {
        if !self.is_absolute {
            return Some(&self.parts);
        }
        let names = folder.components().filter(|part| matches!(part, Component::Normal(_)));
        let mut parts = self.parts.as_slice();
        for name in names {
            let (first, rest) = parts.split_first()?;
            if name.as_os_str() != first.as_str() {
                return None;
            }
            parts = rest;
        }
        (!parts.is_empty()).then_some(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_lies_below_its_folder_or_is_none() {
        for (text, folder, parts) in [
            ("*.png", "/work", Some(vec!["*.png"])),
            ("./out/**/*.csv", "/work", Some(vec!["out", "**", "*.csv"])),
            ("/work/a/*.png", "/work", Some(vec!["a", "*.png"])),
            ("/work", "/work", None),
            ("/workshop/a", "/work", None),
            ("/etc/passwd", "/work", None),
            ("/etc/passwd", "/", Some(vec!["etc", "passwd"])),
        ] {
            let glob = FileGlob::read(text).unwrap();
            let found = glob.below(Path::new(folder)).map(|parts| parts.iter().map(String::as_str).collect());
            assert_eq!(found, parts, "{text}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for (text, error) in [
            ("", BadGlob::Empty),
            (".", BadGlob::Empty),
            ("/", BadGlob::Empty),
            ("a\0b", BadGlob::Empty),
            ("../x", BadGlob::Up),
            ("a/../../x", BadGlob::Up),
            ("{{name}}.png", BadGlob::Template),
            ("out/", BadGlob::Folder),
        ] {
            assert_eq!(FileGlob::read(text), Err(error), "{text}");
        }
        assert_eq!(FileGlob::read("a/".repeat(40).trim_end_matches('/')), Err(BadGlob::TooLong));
    }
}
