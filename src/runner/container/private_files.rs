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
    /// Open, since nobody may open them for writing any more.
    open: Vec<fs::File>,
}

const PREFIX: &str = "mcpfier-files-";
/// Between the parts of an owner in a folder's name.
const GAP: char = '+';

impl PrivateFiles {
    pub fn write(name: &str, owner: &Owner, files: &[(String, String)]) -> Result<Self, String> {
        let memory = memory().ok_or("this host has no memory file system (`/dev/shm`) to keep them in")?;
        let folder = private_folder(&memory, owner, name);
        make_folder(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut written = Self { folder, mounts: Vec::new(), open: Vec::new() };
        for (index, (target, text)) in files.iter().enumerate() {
            let source = written.folder.join(index.to_string());
            let file = write_file(&source, text.as_bytes(), 0o444);
            written.open.push(file.map_err(|error| format!("{}: {error}", source.display()))?);
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

    /// Writes into files that a container has mounted already, in the order in which they were made.
    pub fn fill(&mut self, files: &[(String, String)]) -> Result<(), String> {
        for (file, (target, text)) in self.open.iter_mut().zip(files) {
            file.write_all(text.as_bytes()).map_err(|error| format!("{target}: {error}"))?;
        }
        Ok(())
    }

    /// Removes what owners left behind that are gone.
    pub fn clean(here: &Owner) {
        memory().iter().for_each(|memory| clean_in(memory, here));
    }
}

/// A folder whose name says whose it is.
pub fn private_folder(place: &Path, owner: &Owner, name: &str) -> PathBuf {
    let owner = owner.label().replace('/', &GAP.to_string());
    place.join(format!("{PREFIX}{owner}{GAP}{name}"))
}

/// Removes the folders of one place whose owners are gone.
pub fn clean_in(place: &Path, here: &Owner) {
    for entry in fs::read_dir(place).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let label = name.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once(GAP));
        let owner = label.and_then(|(label, _)| Owner::of_label(&label.replace(GAP, "/")));
        if owner.is_some_and(|owner| owner.is_gone(here)) {
            let _ = fs::remove_dir_all(entry.path());
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
pub fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
pub fn make_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir(folder)
}

/// A new file, with these permissions whatever the mask of this process is. It can still be written
/// to through what is given back.
pub fn write_file(path: &Path, content: &[u8], mode: u32) -> std::io::Result<fs::File> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    #[cfg(not(unix))]
    let _ = mode;
    Ok(file)
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
