//! Looks by the clock, where nobody tells us of changes: on network file systems, and on systems for
//! which no way of being told was written.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::places::Place;

/// How often it is looked.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// What the file system says of each place: enough to see that something has changed.
type Stamps = BTreeMap<PathBuf, Option<[i64; 6]>>;

/// Compares what the file system says of the files.
#[derive(Default)]
pub(in crate::serve) struct Eyes {
    stamps: Mutex<Stamps>,
}

impl Eyes {
    #[cfg(not(target_os = "linux"))]
    pub(super) fn open() -> Self {
        Self::default()
    }

    #[cfg(not(target_os = "linux"))]
    pub(in crate::serve) fn open_for(_matters: fn(&std::path::Path) -> bool) -> Self {
        Self::default()
    }

    pub(in crate::serve) fn watch(&self, places: &BTreeSet<Place>) -> bool {
        let stamps = places.iter().map(Place::path).map(|path| (stamp(&path), path));
        *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) =
            stamps.map(|(stamp, path)| (path, stamp)).collect();
        true
    }

    /// Resolves when something of what is watched has changed since it was told or resolved last.
    pub(in crate::serve) async fn stirred(&self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            let before = self.stamps.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // A file system that does not answer must hold up nobody else.
            let looked = tokio::task::spawn_blocking(move || {
                let now = before.keys().map(|path| (path.clone(), stamp(path))).collect::<Stamps>();
                (now != before).then_some(now)
            });
            if let Ok(Some(now)) = looked.await {
                *self.stamps.lock().unwrap_or_else(PoisonError::into_inner) = now;
                return;
            }
        }
    }
}

fn stamp(path: &std::path::Path) -> Option<[i64; 6]> {
    let found = path.symlink_metadata().ok()?;
    let (node, size) = (found.ino().cast_signed(), found.size().cast_signed());
    Some([node, size, found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()])
}
