//! Where in the tree of cgroups this user may have limits of its own. Looks, and changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, Pid, access};

use super::read;
use crate::runner::process::linux::tree;

/// The controllers that limits need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Controllers {
    pub memory: bool,
    pub pids: bool,
    pub cpu: bool,
}

/// A cgroup below which this server can have its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub parent: PathBuf,
    pub controllers: Controllers,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The root of all: it may hold processes and divide its means.
    Root,
    /// The cgroup of this very server, and of nobody else: the server has to leave it for a part of
    /// it before the rest can be divided.
    Own,
    /// One further up, whose means are divided already.
    Ancestor,
}

impl Controllers {
    pub fn parse(text: &str) -> Self {
        let has = |name| text.split_ascii_whitespace().any(|word| word == name);
        Self { memory: has("memory"), pids: has("pids"), cpu: has("cpu") }
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [("memory", self.memory), ("pids", self.pids), ("cpu", self.cpu)];
        all.into_iter().filter_map(|(name, has)| has.then_some(name))
    }

    fn count(self) -> usize {
        self.names().count()
    }
}

impl Place {
    /// The nearest place with every controller, or else the one with most.
    pub fn find() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
        let (root, mount) = mount_of(&mounts)?;
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let own = folder_of(&own, &root, &mount)?;
        let candidates = own.ancestors().take_while(|folder| folder.starts_with(&mount));
        let mut best: Option<Self> = None;
        for place in candidates.filter_map(|folder| Self::at(folder, folder == own)) {
            if best.as_ref().is_none_or(|best| best.controllers.count() < place.controllers.count()) {
                best = Some(place);
            }
        }
        best
    }

    fn at(folder: &Path, own: bool) -> Option<Self> {
        let offered = Controllers::parse(&read(folder, "cgroup.controllers").ok()?);
        if offered.count() == 0 || !may_write(folder) || !may_write(&folder.join("cgroup.procs")) {
            return None;
        }
        let divided = || read(folder, "cgroup.subtree_control").ok().map(|text| Controllers::parse(&text));
        // Every cgroup but the root has a type.
        let (kind, controllers) = if !folder.join("cgroup.type").exists() {
            (Kind::Root, offered)
        } else if own && may_write(&folder.join("cgroup.subtree_control")) && is_ours(folder) {
            (Kind::Own, offered)
        } else {
            (Kind::Ancestor, divided()?)
        };
        (controllers.count() > 0).then(|| Self { parent: folder.to_path_buf(), controllers, kind })
    }
}

fn may_write(path: &Path) -> bool {
    access(path, AccessFlags::W_OK).is_ok()
}

/// Whether every process in a cgroup is this server or descends from it.
fn is_ours(folder: &Path) -> bool {
    let Ok(procs) = read(folder, "cgroup.procs") else { return false };
    let ours = tree::descendants_of(Pid::this());
    let mut pids = procs.lines().filter_map(|line| line.parse().ok()).map(Pid::from_raw);
    pids.all(|pid| pid == Pid::this() || ours.contains(&pid))
}

/// The first mount of the second version: what part of the tree it shows, and where.
fn mount_of(mountinfo: &str) -> Option<(PathBuf, PathBuf)> {
    mountinfo.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        if !after.starts_with("cgroup2 ") {
            return None;
        }
        let mut fields = before.split(' ').skip(3);
        Some((PathBuf::from(fields.next()?), PathBuf::from(fields.next()?)))
    })
}

/// Where the cgroup of this process appears below the mount.
fn folder_of(membership: &str, root: &Path, mount: &Path) -> Option<PathBuf> {
    let path = membership.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(mount.join(Path::new(path).strip_prefix(root).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_of_the_second_version_is_found_among_others() {
        let hybrid = "36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
        let found = |text| {
            mount_of(text).map(|(root, mount)| (root.display().to_string(), mount.display().to_string()))
        };
        assert_eq!(found(hybrid), Some(("/".to_owned(), "/sys/fs/cgroup/unified".to_owned())));
        let inside = "30 23 0:26 /a/b /sys/fs/cgroup ro shared:4 - cgroup2 cgroup rw,nsdelegate\n";
        assert_eq!(found(inside), Some(("/a/b".to_owned(), "/sys/fs/cgroup".to_owned())));
        assert_eq!(found("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"), None);
    }

    #[test]
    fn the_own_cgroup_is_seen_from_where_the_mount_begins() {
        let folder = |membership, root| folder_of(membership, Path::new(root), Path::new("/c"));
        assert_eq!(folder("3:pids:/x\n0::/a/b\n", "/"), Some(PathBuf::from("/c/a/b")));
        assert_eq!(folder("0::/a/b\n", "/a"), Some(PathBuf::from("/c/b")));
        assert_eq!(folder("0::/z\n", "/a"), None);
        assert_eq!(folder("3:pids:/x\n", "/"), None);
    }

    #[test]
    fn controllers_are_read_by_name() {
        let some = Controllers::parse("cpuset cpu io pids\n");
        assert_eq!(some, Controllers { memory: false, pids: true, cpu: true });
        assert_eq!(some.names().collect::<Vec<_>>(), ["pids", "cpu"]);
    }
}
