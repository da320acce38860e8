//! What loading may know about the host: a snapshot, taken by the caller.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// What stands for the folder in which a server was started.
const CURRENT_FOLDER: &str = "(the folder of the server)";

#[derive(Debug, Clone, Default)]
pub struct Host {
    pub environment: BTreeMap<String, String>,
    /// What `${…}` and secrets are looked up in, if not in `environment`: that of another host.
    pub foreign: Option<BTreeMap<String, String>>,
    /// Absolute.
    pub cwd: PathBuf,
    pub home: Option<PathBuf>,
    /// The folder of our own executable.
    pub executable_dir: Option<PathBuf>,
    /// No host at all: `${…}` and `~` stay as they are written, and every executable is there. What
    /// is loaded like that is the same everywhere, and is not to be run.
    pub as_written: bool,
}

impl Host {
    /// What files mean before any host is looked at.
    pub fn as_written() -> Self {
        Self {
            cwd: PathBuf::from(CURRENT_FOLDER),
            home: Some(PathBuf::from("~")),
            as_written: true,
            ..Self::default()
        }
    }

    /// The variables that the file speaks of.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        self.foreign.as_ref().unwrap_or(&self.environment)
    }

    /// A path as a user wrote it, made absolute: `~` is the home, the rest is relative to `base`.
    pub fn resolve(&self, written: &str, base: &Path) -> PathBuf {
        let path = match (written.strip_prefix('~'), &self.home) {
            (Some(""), Some(home)) => home.clone(),
            (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
            _ => base.join(written),
        };
        without_dots(&path)
    }
}

/// Drops `.` from a path. `..` stays: what it means depends on symbolic links.
pub fn without_dots(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_their_file_and_to_the_home() {
        let host = Host { home: Some("/home/u".into()), ..Host::default() };
        for (written, expected) in [
            ("a/b", "/base/a/b"),
            ("./a", "/base/a"),
            (".", "/base"),
            ("../a", "/base/../a"),
            ("/x", "/x"),
            ("~", "/home/u"),
            ("~/x", "/home/u/x"),
            ("~x", "/base/~x"),
        ] {
            assert_eq!(host.resolve(written, Path::new("/base")), Path::new(expected), "{written}");
        }
    }
}
