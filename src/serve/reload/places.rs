//! Where a path can change what it leads to: the folders that have to be watched for it, and the
//! name in each that matters.
//!
//! Editors put a new file in place of the old one, and a ConfigMap of Kubernetes is exchanged by a
//! link to a folder. So it is the folders that are watched, of every link on the way as well.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// More links than this lead nowhere.
const MOST_LINKS: usize = 40;

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::serve) struct Place {
    /// Exists, and is no link.
    pub folder: PathBuf,
    /// `None` stands for every file that could be a configuration.
    pub name: Option<OsString>,
}

impl Place {
    pub(super) fn path(&self) -> PathBuf {
        match &self.name {
            Some(name) => self.folder.join(name),
            None => self.folder.clone(),
        }
    }
}

/// The places of a file. Where the path ends too early, the last is what would continue it.
pub(super) fn of_file(path: &Path) -> Vec<Place> {
    walk(path).0
}

/// The places of a folder, and all names in it.
pub(in crate::serve) fn of_folder(path: &Path) -> Vec<Place> {
    let (mut places, end) = walk(path);
    if end.is_dir() {
        places.push(Place { folder: end, name: None });
    }
    places
}

/// Every link on the way and the end, and where that really is.
fn walk(path: &Path) -> (Vec<Place>, PathBuf) {
    let mut rest: VecDeque<OsString> = names(path).collect();
    let (mut places, mut here, mut links) = (Vec::new(), PathBuf::from("/"), 0);
    while let Some(name) = rest.pop_front() {
        if name.as_bytes() == b".." {
            here.pop();
            continue;
        }
        let place = Place { folder: here.clone(), name: Some(name.clone()) };
        let next = here.join(&name);
        let Ok(found) = fs::symlink_metadata(&next) else {
            places.push(place);
            return (places, next);
        };
        if found.is_symlink() && links < MOST_LINKS {
            links += 1;
            places.push(place);
            let Ok(target) = fs::read_link(&next) else { return (places, next) };
            if target.is_absolute() {
                here = PathBuf::from("/");
            }
            let names: Vec<OsString> = names(&target).collect();
            names.into_iter().rev().for_each(|name| rest.push_front(name));
            continue;
        }
        if rest.is_empty() {
            places.push(place);
        }
        here = next;
    }
    (places, here)
}

fn names(path: &Path) -> impl Iterator<Item = OsString> + '_ {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn shown(base: &Path, places: &[Place]) -> Vec<String> {
        let shown = |place: &Place| place.path().strip_prefix(base).unwrap().display().to_string();
        places.iter().map(shown).collect()
    }

    #[test]
    fn every_link_on_the_way_is_a_place_and_so_is_the_end() {
        let scratch = tempfile::tempdir().unwrap();
        let base = scratch.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("map/..one")).unwrap();
        fs::write(base.join("map/..one/tools.yaml"), "").unwrap();
        symlink("..one", base.join("map/..data")).unwrap();
        symlink("..data/tools.yaml", base.join("map/tools.yaml")).unwrap();
        symlink(base.join("map"), base.join("link")).unwrap();
        assert_eq!(
            shown(&base, &of_file(&base.join("link/tools.yaml"))),
            ["link", "map/tools.yaml", "map/..data", "map/..one/tools.yaml"]
        );
        assert_eq!(shown(&base, &of_folder(&base.join("link"))), ["link", "map", "map"]);
    }

    #[test]
    fn what_is_missing_is_awaited_where_the_path_ends() {
        let scratch = tempfile::tempdir().unwrap();
        let base = scratch.path().canonicalize().unwrap();
        fs::create_dir(base.join("a")).unwrap();
        assert_eq!(shown(&base, &of_file(&base.join("a/b/c.yaml"))), ["a/b"]);
        assert_eq!(shown(&base, &of_file(&base.join("a/../c.yaml"))), ["c.yaml"]);
        symlink("loop", base.join("loop")).unwrap();
        assert!(of_file(&base.join("loop/x")).len() > MOST_LINKS);
    }
}
