//! The init as a file of this host, which containers have mounted.
//!
//! Written once for a server, into a folder that nobody else may enter, at a place from which
//! programs may be executed. It is gone when this value is.

use std::fs;
use std::path::{Path, PathBuf};

use bollard::models::{Mount, MountType};

use super::program::program;
use crate::plan::Environment;
use crate::runner::container::owner::Owner;
use crate::runner::container::private_files::{clean_in, make_folder, private_folder, write_file};

/// Where a container sees it.
pub const TARGET: &str = "/.mcpfier/init";

pub struct InitFile {
    folder: PathBuf,
    path: PathBuf,
}

impl InitFile {
    /// Under a name that nothing else of this owner has. Or why there can be none.
    pub fn write(name: &str, owner: &Owner, environment: &Environment) -> Result<Self, String> {
        let program = program()?;
        let place = places(environment).into_iter().find(|place| allows_programs(place));
        let place = place.ok_or("no place of this host that would do for its init allows programs")?;
        let folder = private_folder(&place, owner, name);
        let told = |error: std::io::Error| format!("{}: {error}", folder.display());
        make_folder(&folder).map_err(told)?;
        let file = Self { path: folder.join("init"), folder: folder.clone() };
        write_file(&file.path, program, 0o555).map_err(told)?;
        Ok(file)
    }

    /// Nobody else may enter it, but an engine may.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Nobody has removed it.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    pub fn mount(&self) -> Mount {
        Mount {
            target: Some(TARGET.to_owned()),
            source: Some(self.path.display().to_string()),
            typ: Some(MountType::BIND),
            read_only: Some(true),
            ..Mount::default()
        }
    }

    /// Removes what servers left that are gone.
    pub fn clean(here: &Owner, environment: &Environment) {
        places(environment).iter().for_each(|place| clean_in(place, here));
    }
}

impl Drop for InitFile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Those that an engine of this host sees too.
fn places(environment: &Environment) -> Vec<PathBuf> {
    let runtime = environment.get("XDG_RUNTIME_DIR").filter(|path| path.starts_with('/')).map(PathBuf::from);
    [Some(PathBuf::from("/dev/shm")), runtime, Some(PathBuf::from("/tmp"))].into_iter().flatten().collect()
}

#[cfg(unix)]
fn allows_programs(place: &Path) -> bool {
    use nix::sys::statvfs::{FsFlags, statvfs};
    statvfs(place).is_ok_and(|found| !found.flags().contains(FsFlags::ST_NOEXEC))
}

#[cfg(not(unix))]
fn allows_programs(_place: &Path) -> bool {
    false
}
