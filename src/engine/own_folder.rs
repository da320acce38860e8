//! The folder that a caller has for themselves: made before their command runs in it, and checked each time.
//!
//! Whoever could write above it, or to it, could put another folder or a link in its place, so where anybody
//! else can nothing runs.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use crate::plan::Step;

use super::Rejection;

/// Why there is no such folder.
#[derive(Debug, thiserror::Error)]
pub enum NoFolder {
    #[error("the folder `{}` of this caller cannot be made: {error}", path.display())]
    NotMade { path: PathBuf, error: io::Error },
    #[error("`{}` is no folder of its own, but {what}", path.display())]
    Other { path: PathBuf, what: &'static str },
    #[error("others than this server can change `{}`; take their rights away: chmod 700", path.display())]
    Open { path: PathBuf },
}

/// Makes the folder of a step, if it is one of its caller.
pub async fn make(step: &Step) -> Result<(), Rejection> {
    let Step::Process(process) = step else { return Ok(()) };
    if !process.own_folder {
        return Ok(());
    }
    let path = process.working_dir.clone();
    match tokio::task::spawn_blocking(move || make_at(&path)).await {
        Ok(made) => made.map_err(Rejection::NoFolder),
        Err(_) => Err(Rejection::Cancelled),
    }
}

fn make_at(path: &Path) -> Result<(), NoFolder> {
    let above = path.parent().unwrap_or(path);
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error| NoFolder::NotMade { path, error }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(failed(above))?;
    let found = above.metadata().map_err(failed(above))?;
    let is_trusted = [0, geteuid().as_raw()].contains(&found.uid());
    if !is_trusted || found.mode() & 0o022 != 0 {
        return Err(NoFolder::Open { path: above.to_path_buf() });
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(path)(error)),
        _ => {}
    }
    judge(path, &path.symlink_metadata().map_err(failed(path))?)
}

/// Whether what is there is what we would make.
fn judge(path: &Path, found: &Metadata) -> Result<(), NoFolder> {
    let other = |what| Err(NoFolder::Other { path: path.to_path_buf(), what });
    match () {
        () if found.is_symlink() => other("a link"),
        () if !found.is_dir() => other("a file"),
        () if found.uid() != geteuid().as_raw() => other("a folder of another user"),
        () if found.mode() & 0o077 != 0 => Err(NoFolder::Open { path: path.to_path_buf() }),
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    #[test]
    fn a_folder_is_made_for_its_caller_alone_and_nothing_else_is_taken_for_one() {
        let scratch = tempfile::tempdir().unwrap();
        let above = scratch.path().join("work/callers");
        let own = above.join("key-ci");
        for _ in 0..2 {
            make_at(&own).unwrap();
        }
        assert_eq!((mode(&above), mode(&own)), (0o700, 0o700));
        symlink(&own, above.join("key-link")).unwrap();
        std::fs::write(above.join("key-file"), "").unwrap();
        std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).unwrap();
        let said = |name: &str| make_at(&above.join(name)).unwrap_err().to_string();
        assert!(said("key-link").ends_with("is no folder of its own, but a link"), "{}", said("key-link"));
        assert!(said("key-file").ends_with("but a file"));
        assert!(said("key-ci").starts_with("others than this server can change"));
        std::fs::set_permissions(&above, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(said("key-new").contains("work/callers`; take their rights away"), "{}", said("key-new"));
        assert!(!above.join("key-new").exists());
    }
}
