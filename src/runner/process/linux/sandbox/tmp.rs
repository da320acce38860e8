//! The folder for a call's temporary files: empty when it begins, and emptied when it has ended.
//!
//! A supervisor keeps its folder from one call to the next, because a ruleset that names it can be
//! kept then too. It goes with the supervisor; what killed ones have left is removed by [`sweep`].

use std::ffi::{CStr, CString, OsStr};
use std::fs::{self, DirEntry, Permissions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{getuid, mkdtemp};

use super::owner::Owner;

const PARENT: &str = "/tmp";

/// Removed when dropped.
pub struct PrivateTmp {
    path: CString,
    variables: Vec<CString>,
}

impl PrivateTmp {
    pub fn make() -> io::Result<Self> {
        let owner = Owner::this().ok_or_else(|| io::Error::from_raw_os_error(nix::libc::ENOSYS))?;
        let path = mkdtemp(&Path::new(PARENT).join(format!("{}XXXXXX", owner.prefix())))?;
        let path = CString::new(path.into_os_string().into_vec())?;
        let variable = |name: &[u8]| CString::new([name, path.to_bytes()].concat());
        let variables = vec![variable(b"TMPDIR=")?, variable(b"HOME=")?];
        Ok(Self { path, variables })
    }

    pub fn path(&self) -> &CStr {
        &self.path
    }

    pub fn variables(&self) -> &[CString] {
        &self.variables
    }

    /// Removes what is in it, and says whether all of it is gone.
    pub fn empty(&self) -> bool {
        empty(self.folder()).is_ok()
    }

    fn folder(&self) -> &Path {
        Path::new(OsStr::from_bytes(self.path.to_bytes()))
    }
}

impl Drop for PrivateTmp {
    fn drop(&mut self) {
        remove(self.folder());
    }
}

/// Removes what supervisors left in `/tmp` that were killed.
pub fn sweep() {
    let Ok(entries) = fs::read_dir(PARENT) else { return };
    for entry in entries.filter_map(Result::ok) {
        let owner = entry.file_name().to_str().and_then(Owner::of);
        let is_ours =
            || entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == getuid().as_raw());
        if owner.is_some_and(|owner| owner.is_dead()) && is_ours() {
            remove(&entry.path());
        }
    }
}

fn remove(folder: &Path) {
    let _ = empty(folder);
    let _ = fs::remove_dir(folder);
}

/// However deep it is and whatever permissions it has: what is in a folder moves up to the top
/// before the folder is removed, so no path is ever longer than three names. Nobody else is at work
/// in it any more.
fn empty(top: &Path) -> io::Result<()> {
    let mut moved = 0_u64;
    loop {
        let mut folders = Vec::new();
        for entry in fs::read_dir(top)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => fs::remove_file(entry.path())?,
            }
        }
        if folders.is_empty() {
            return Ok(());
        }
        for folder in folders {
            dissolve(top, &folder, &mut moved)?;
        }
    }
}

/// Removes a folder; the folders in it come to the top.
fn dissolve(top: &Path, folder: &Path, moved: &mut u64) -> io::Result<()> {
    if fs::remove_dir(folder).is_ok() {
        return Ok(());
    }
    open_up(folder);
    for entry in fs::read_dir(folder)?.collect::<io::Result<Vec<DirEntry>>>()? {
        match entry.file_type()?.is_dir() {
            true => {
                // Moving a folder changes the folder itself.
                open_up(&entry.path());
                fs::rename(entry.path(), free_name(top, moved))?;
            }
            false => fs::remove_file(entry.path())?,
        }
    }
    fs::remove_dir(folder)
}

/// A process with the filter may not, and root need not.
fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
}

fn free_name(top: &Path, moved: &mut u64) -> PathBuf {
    loop {
        *moved += 1;
        let name = top.join(format!("{moved}.moved"));
        if fs::symlink_metadata(&name).is_err() {
            return name;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_emptied_however_deep_and_closed_it_is() {
        let top = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "").unwrap();
        let mut folder = top.path().to_path_buf();
        for _ in 0..300 {
            folder.push("deep");
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("file"), "").unwrap();
        }
        std::os::unix::fs::symlink(outside.path(), top.path().join("deep/link")).unwrap();
        fs::create_dir(top.path().join("1.moved")).unwrap();
        for closed in ["deep/deep", "deep"] {
            fs::set_permissions(top.path().join(closed), Permissions::from_mode(0o000)).unwrap();
        }
        empty(top.path()).unwrap();
        assert_eq!(fs::read_dir(top.path()).unwrap().count(), 0);
        assert!(outside.path().join("kept").exists());
    }

    #[test]
    fn a_private_folder_is_of_this_process_and_goes_with_it() {
        let tmp = PrivateTmp::make().unwrap();
        let folder = tmp.folder().to_path_buf();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        sweep();
        assert!(folder.exists());
        drop(tmp);
        assert!(!folder.exists());
    }
}
