//! Which file is meant, and how it was found: what lies about is not trusted like what was named.

use std::path::{Path, PathBuf};

use crate::model::Dialect;

use super::host::Host;

/// A file, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    pub how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By `--config`.
    Named,
    /// By `MCPFIER_CONFIG`.
    Environment,
    CurrentDirectory,
    /// Beside our own executable.
    ExecutableDirectory,
    Home,
    /// Below `/etc`.
    System,
}

/// No file was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    #[error("there is no file `{}`", .0.display())]
    Named(PathBuf),
    #[error("there is no file `{}`, which MCPFIER_CONFIG names", .0.display())]
    Environment(PathBuf),
    #[error("found no configuration; looked for {}", listed(.searched))]
    Anywhere { searched: Vec<PathBuf> },
}

pub const VARIABLE: &str = "MCPFIER_CONFIG";

impl Found {
    /// Whether somebody who opens a foreign folder could be made to serve this file.
    ///
    /// A native file that only lies in the current directory has to be named. An original one is
    /// served, since that is how its users start it, after a loud word.
    pub fn must_be_named(&self, dialect: Dialect) -> bool {
        self.how == How::CurrentDirectory && dialect == Dialect::Native
    }
}

/// Finds the file to load. A file that was named and is not there is never passed over.
pub fn find(named: Option<&Path>, host: &Host) -> Result<Found, NotFound> {
    if let Some(path) = named {
        let path = path.to_path_buf();
        return if exists(&path, host) {
            Ok(Found { path, how: How::Named })
        } else {
            Err(NotFound::Named(path))
        };
    }
    if let Some(path) = host.environment.get(VARIABLE).filter(|path| !path.is_empty()) {
        let path = host.resolve(path, &host.cwd);
        return match exists(&path, host) {
            true => Ok(Found { path, how: How::Environment }),
            false => Err(NotFound::Environment(path)),
        };
    }
    let places = usual_places(host);
    match places.iter().find(|found| host.cwd.join(&found.path).is_file()) {
        Some(found) => Ok(found.clone()),
        None => Err(NotFound::Anywhere { searched: places.into_iter().map(|found| found.path).collect() }),
    }
}

/// A named file may be a pipe as well.
fn exists(path: &Path, host: &Host) -> bool {
    host.cwd.join(path).exists()
}

fn usual_places(host: &Host) -> Vec<Found> {
    let home =
        |folder: &str| host.home.as_ref().map(|home| (home.join(folder).join("config.yaml"), How::Home));
    let beside =
        host.executable_dir.as_ref().map(|folder| (folder.join("config.yaml"), How::ExecutableDirectory));
    let places = [
        Some((PathBuf::from("config.yaml"), How::CurrentDirectory)),
        beside,
        home(".mcpfier"),
        home("mcpfier"),
        Some((PathBuf::from("/etc/mcpfier/config.yaml"), How::System)),
    ];
    places.into_iter().flatten().map(|(path, how)| Found { path, how }).collect()
}

fn listed(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_is_never_passed_over_and_the_usual_places_follow_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let host = |variable: Option<&str>| Host {
            environment: variable.map(|path| (VARIABLE.to_owned(), path.to_owned())).into_iter().collect(),
            cwd: at("cwd"),
            home: Some(at("home")),
            executable_dir: Some(at("bin")),
            foreign: None,
            as_written: false,
        };
        for file in ["home/mcpfier/config.yaml", "bin/config.yaml", "cwd/config.yaml", "cwd/other.yaml"] {
            std::fs::create_dir_all(at(file).parent().unwrap()).unwrap();
            std::fs::write(at(file), "").unwrap();
        }
        let how = |named: Option<&str>, variable| {
            find(named.map(Path::new), &host(variable)).map(|found| found.how)
        };
        assert_eq!(how(Some("other.yaml"), None), Ok(How::Named));
        assert_eq!(how(Some("none.yaml"), None), Err(NotFound::Named("none.yaml".into())));
        assert_eq!(how(None, Some("other.yaml")), Ok(How::Environment));
        assert!(matches!(how(None, Some("none.yaml")), Err(NotFound::Environment(_))));
        assert_eq!(how(None, Some("")), Ok(How::CurrentDirectory));
        for (gone, next) in [("cwd/config.yaml", How::ExecutableDirectory), ("bin/config.yaml", How::Home)] {
            std::fs::remove_file(at(gone)).unwrap();
            assert_eq!(how(None, None), Ok(next));
        }
    }

    #[test]
    fn a_native_file_that_only_lies_about_has_to_be_named() {
        let found = |how| Found { path: "config.yaml".into(), how };
        assert!(found(How::CurrentDirectory).must_be_named(Dialect::Native));
        assert!(!found(How::CurrentDirectory).must_be_named(Dialect::Original));
        assert!(!found(How::Home).must_be_named(Dialect::Native));
    }
}
