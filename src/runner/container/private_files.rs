//! Files that a container finds when it starts, secrets among them.
//!
//! They are written into memory of this host, into a folder that nobody else may enter, and each is
//! mounted read-only at its place. That works with a read-only root, and needs an engine on this
//! host. They are gone when this value is.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bollard::models::{Mount, MountType};

use super::owner::Owner;

/// A folder of one call, removed with all in it.
pub struct PrivateFiles {
    folder: PathBuf,
    mounts: Vec<Mount>,
}

const PREFIX: &str = "mcpfier-files-";
/// Between the parts of an owner in a folder's name.
const GAP: char = '+';

impl PrivateFiles {
    pub fn write(name: &str, owner: &Owner, files: &[(String, String)]) -> Result<Self, String> {
        let memory = memory().ok_or("this host has no memory file system (`/dev/shm`) to keep them in")?;
        let owner = owner.label().replace('/', &GAP.to_string());
        let folder = memory.join(format!("{PREFIX}{owner}{GAP}{name}"));
        make_folder(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut written = Self { folder, mounts: Vec::new() };
        for (index, (target, text)) in files.iter().enumerate() {
            let source = written.folder.join(index.to_string());
            write(&source, text).map_err(|error| format!("{}: {error}", source.display()))?;
            written.mounts.push(Mount {
                target: Some(target.clone()),
                source: Some(source.display().to_string()),
                typ: Some(MountType::BIND),
                read_only: Some(true),
                ..Mount::default()
            });
        }
        Ok(written)
    }

    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// Removes what owners left behind that are gone.
    pub fn clean(here: &Owner) {
        let folders = memory().and_then(|memory| fs::read_dir(memory).ok());
        for entry in folders.into_iter().flatten().filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let label = name.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once(GAP));
            let owner = label.and_then(|(label, _)| Owner::of_label(&label.replace(GAP, "/")));
            if owner.is_some_and(|owner| owner.is_gone(here)) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

impl Drop for PrivateFiles {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Others than the engine cannot come past the folder; in the container any user may read.
#[cfg(unix)]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir(folder)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o444))?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn memory() -> Option<PathBuf> {
    use nix::sys::statfs::{TMPFS_MAGIC, statfs};
    let place = PathBuf::from("/dev/shm");
    statfs(&place).is_ok_and(|found| found.filesystem_type() == TMPFS_MAGIC).then_some(place)
}

#[cfg(not(target_os = "linux"))]
fn memory() -> Option<PathBuf> {
    None
}
