//! Linux: the kernel tells of changes in the folders that matter, and an idle server does nothing.
//!
//! It tells nothing of what others do on a network file system, and nothing at all when this user
//! has no watches left; then it is looked [by the clock](super::clock) as well.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use nix::sys::statfs::{self, FsType, statfs};
use tokio::io::unix::AsyncFd;

use super::clock::{self, INTERVAL};
use super::content::is_configuration;
use super::places::Place;
use crate::serve::stdio::watch;

/// Every way in which a name can come to stand for something else. A file that is written to is
/// looked at when it is closed.
const CHANGES: AddWatchFlags = AddWatchFlags::IN_CLOSE_WRITE
    .union(AddWatchFlags::IN_CREATE)
    .union(AddWatchFlags::IN_DELETE)
    .union(AddWatchFlags::IN_MOVE)
    .union(AddWatchFlags::IN_ATTRIB)
    .union(AddWatchFlags::IN_DELETE_SELF)
    .union(AddWatchFlags::IN_MOVE_SELF)
    .union(AddWatchFlags::IN_ONLYDIR);

/// The folder itself is another one now, or events were lost.
const UPHEAVAL: AddWatchFlags = AddWatchFlags::IN_DELETE_SELF
    .union(AddWatchFlags::IN_MOVE_SELF)
    .union(AddWatchFlags::IN_UNMOUNT)
    .union(AddWatchFlags::IN_Q_OVERFLOW);

/// File systems on which nothing changes without this kernel knowing. The last are XFS and ZFS.
const LOCAL: [FsType; 9] = [
    statfs::EXT4_SUPER_MAGIC,
    statfs::BTRFS_SUPER_MAGIC,
    statfs::TMPFS_MAGIC,
    statfs::OVERLAYFS_SUPER_MAGIC,
    statfs::F2FS_SUPER_MAGIC,
    statfs::MSDOS_SUPER_MAGIC,
    statfs::REISERFS_SUPER_MAGIC,
    FsType(0x5846_5342),
    FsType(0x2fc1_2fc1),
];

type Names = BTreeSet<Option<OsString>>;

pub(in crate::serve) struct Eyes {
    /// Which names matter where all of a folder do.
    matters: fn(&Path) -> bool,
    /// `None` where the kernel gives none.
    inotify: Option<AsyncFd<Instance>>,
    watches: Mutex<HashMap<WatchDescriptor, Names>>,
    clock: clock::Eyes,
    /// Whether the clock is needed.
    is_blind: AtomicBool,
}

struct Instance(Inotify);

impl AsRawFd for Instance {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Eyes {
    /// Of configurations. Needs a tokio runtime.
    pub(super) fn open() -> Self {
        Self::open_for(is_configuration)
    }

    /// Of files whose names matter.
    pub(in crate::serve) fn open_for(matters: fn(&Path) -> bool) -> Self {
        let opened = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC);
        Self {
            matters,
            inotify: opened.ok().and_then(|inotify| watch(Instance(inotify)).ok()),
            watches: Mutex::default(),
            clock: clock::Eyes::default(),
            is_blind: AtomicBool::new(false),
        }
    }

    /// Watches these places and no others. Says whether all of their folders were still there.
    pub(in crate::serve) fn watch(&self, places: &BTreeSet<Place>) -> bool {
        let mut wanted: HashMap<&Path, Names> = HashMap::new();
        for Place { folder, name } in places {
            wanted.entry(folder).or_default().insert(name.clone());
        }
        let done = match &self.inotify {
            Some(inotify) => self.exchange(&inotify.get_ref().0, wanted),
            None => Err(Errno::EMFILE),
        };
        let is_gone = matches!(done, Err(Errno::ENOENT | Errno::ENOTDIR));
        let is_told = (done.is_ok() || is_gone) && places.iter().all(|place| is_local(&place.folder));
        if !is_told {
            self.clock.watch(places);
        }
        if !self.is_blind.swap(!is_told, Ordering::SeqCst) && !is_told {
            tracing::info!("nobody tells of changes to these files; they are looked at every {INTERVAL:?}");
        }
        !is_gone
    }

    /// An error if something is not watched.
    fn exchange(&self, inotify: &Inotify, wanted: HashMap<&Path, Names>) -> nix::Result<()> {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut now, mut done) = (HashMap::new(), Ok(()));
        for (folder, names) in wanted {
            match inotify.add_watch(folder, CHANGES) {
                Ok(watch) => now.entry(watch).or_insert_with(Names::new).extend(names),
                Err(error) => done = Err(error),
            }
        }
        for watch in watches.keys().filter(|watch| !now.contains_key(watch)) {
            // It fails if the folder is gone, and the watch with it.
            let _ = inotify.rm_watch(*watch);
        }
        *watches = now;
        done
    }

    /// Resolves when something of what is watched may have changed.
    pub(in crate::serve) async fn stirred(&self) {
        tokio::select! {
            () = self.told() => {}
            () = self.seen() => {}
        }
    }

    async fn told(&self) {
        let Some(inotify) = &self.inotify else { return std::future::pending().await };
        while let Ok(mut ready) = inotify.readable().await {
            let read = ready.try_io(|inotify| Ok(inotify.get_ref().0.read_events()?));
            if let Ok(Ok(events)) = read
                && events.iter().any(|event| self.matters(event))
            {
                return;
            }
        }
        std::future::pending().await
    }

    async fn seen(&self) {
        match self.is_blind.load(Ordering::SeqCst) {
            true => self.clock.stirred().await,
            false => std::future::pending().await,
        }
    }

    fn matters(&self, event: &InotifyEvent) -> bool {
        if event.mask.intersects(UPHEAVAL) {
            return true;
        }
        let Some(name) = &event.name else { return false };
        let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        watches.get(&event.wd).is_some_and(|names| {
            names.contains(&Some(name.clone())) || names.contains(&None) && (self.matters)(Path::new(name))
        })
    }
}

/// Also if it is gone: then somebody has just told of that.
fn is_local(folder: &Path) -> bool {
    match statfs(folder) {
        Ok(found) => LOCAL.contains(&found.filesystem_type()),
        Err(error) => error == Errno::ENOENT,
    }
}
