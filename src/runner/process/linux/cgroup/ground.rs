//! The server's own folder in the tree of cgroups.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::place::{Controllers, Kind, Place};
use super::sweep::{Owner, remove};
use super::{read, set};

/// A cgroup below which supervisors make their own. Removed when dropped.
pub struct Ground {
    path: PathBuf,
    /// Goes back to where it was after the path is removed.
    _left: Option<Left>,
    pub controllers: Controllers,
}

/// A cgroup that its processes have left for a part of it.
struct Left {
    parent: PathBuf,
    part: PathBuf,
}

impl Ground {
    /// Makes it. What was made is removed again if not all could be.
    pub fn make(place: &Place) -> io::Result<Self> {
        let owner = Owner::this()?;
        let left = match place.kind {
            Kind::Own => Some(Left::make(&place.parent, &owner)?),
            Kind::Root | Kind::Ancestor => None,
        };
        if place.kind != Kind::Ancestor {
            divide(&place.parent, place.controllers);
        }
        let path = place.parent.join(owner.folder());
        fs::create_dir(&path)?;
        let mut ground = Self { path, _left: left, controllers: Controllers::default() };
        divide(&ground.path, place.controllers);
        ground.controllers = Controllers::parse(&read(&ground.path, "cgroup.subtree_control")?);
        Ok(ground)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

impl Left {
    /// Moves this server and all that it runs into a part of its cgroup: only an empty cgroup can
    /// be divided.
    fn make(parent: &Path, owner: &Owner) -> io::Result<Self> {
        let part = parent.join(owner.servers_folder());
        fs::create_dir(&part)?;
        let left = Self { parent: parent.to_path_buf(), part };
        move_all(&left.parent, &left.part)?;
        Ok(left)
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        for name in Controllers::parse("memory pids cpu").names() {
            let _ = set(&self.parent, "cgroup.subtree_control", &format!("-{name}"));
        }
        let _ = move_all(&self.part, &self.parent);
        let _ = fs::remove_dir(&self.part);
    }
}

fn divide(cgroup: &Path, controllers: Controllers) {
    for name in controllers.names() {
        // One by one: one that is refused must not take the others with it.
        let _ = set(cgroup, "cgroup.subtree_control", &format!("+{name}"));
    }
}

/// Moves every process, also those that appear meanwhile.
fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..100 {
        let procs = read(from, "cgroup.procs")?;
        if procs.is_empty() {
            return Ok(());
        }
        for pid in procs.lines() {
            match set(to, "cgroup.procs", pid) {
                // It ended meanwhile.
                Err(error) if error.raw_os_error() == Some(nix::libc::ESRCH) => (),
                moved => moved?,
            }
        }
    }
    Err(io::Error::other("processes appear faster than they can be moved"))
}
