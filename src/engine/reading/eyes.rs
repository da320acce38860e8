//! Linux: the kernel tells when something in a folder has changed. Elsewhere, and where it tells
//! nothing, somebody has to look.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
mod told {
    use std::os::fd::{AsFd, AsRawFd, RawFd};

    use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// Every way in which what is read under a name can become something else.
    pub const CHANGES: AddWatchFlags = AddWatchFlags::IN_MODIFY
        .union(AddWatchFlags::IN_CLOSE_WRITE)
        .union(AddWatchFlags::IN_CREATE)
        .union(AddWatchFlags::IN_DELETE)
        .union(AddWatchFlags::IN_MOVE)
        .union(AddWatchFlags::IN_ATTRIB)
        .union(AddWatchFlags::IN_DELETE_SELF)
        .union(AddWatchFlags::IN_MOVE_SELF)
        .union(AddWatchFlags::IN_ONLYDIR);

    pub struct Instance(pub Inotify);

    impl AsRawFd for Instance {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    pub type Descriptor = WatchDescriptor;

    /// Needs a tokio runtime.
    #[expect(
        deprecated,
        reason = "what replaces it is `unsafe`; the instance owns its descriptor, which is all it asks"
    )]
    pub fn open() -> Option<AsyncFd<Instance>> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok()?;
        AsyncFd::with_interest(Instance(inotify), Interest::READABLE).ok()
    }
}

pub struct Eyes {
    #[cfg(target_os = "linux")]
    inotify: Option<tokio::io::unix::AsyncFd<told::Instance>>,
    #[cfg(target_os = "linux")]
    watches: std::collections::HashMap<PathBuf, told::Descriptor>,
}

#[cfg(target_os = "linux")]
impl Eyes {
    /// Needs a tokio runtime.
    pub fn open() -> Self {
        Self { inotify: told::open(), watches: std::collections::HashMap::new() }
    }

    /// Watches these folders and no others. Says whether all of them are.
    pub fn watch(&mut self, folders: &BTreeSet<PathBuf>) -> bool {
        let Some(inotify) = self.inotify.as_ref().map(|inotify| &inotify.get_ref().0) else { return false };
        self.watches.retain(|folder, watch| {
            let is_wanted = folders.contains(folder);
            if !is_wanted {
                // It fails if the folder is gone, and the watch with it.
                let _ = inotify.rm_watch(*watch);
            }
            is_wanted
        });
        let mut all = true;
        for folder in folders {
            // Again, even if it is watched: another folder may have come in its place.
            match inotify.add_watch(folder, told::CHANGES) {
                Ok(watch) => drop(self.watches.insert(folder.clone(), watch)),
                Err(_) => all = false,
            }
        }
        all
    }

    /// Resolves when something has changed in one of the folders.
    pub async fn stirred(&self) {
        let Some(inotify) = &self.inotify else { return std::future::pending().await };
        while let Ok(mut ready) = inotify.readable().await {
            if let Ok(Ok(events)) = ready.try_io(|inotify| Ok(inotify.get_ref().0.read_events()?))
                && !events.is_empty()
            {
                return;
            }
        }
        std::future::pending().await
    }
}

#[cfg(not(target_os = "linux"))]
impl Eyes {
    pub fn open() -> Self {
        Self {}
    }

    pub fn watch(&mut self, _folders: &BTreeSet<PathBuf>) -> bool {
        false
    }

    pub async fn stirred(&self) {
        std::future::pending().await
    }
}

/// The folders in which a change of this path is seen.
pub fn folders_of(path: &Path) -> Vec<PathBuf> {
    let parent = path.parent().map(Path::to_path_buf);
    let own = path.is_dir().then(|| path.to_path_buf());
    // What a link leads to lies elsewhere.
    let real = path.canonicalize().ok().filter(|real| real != path);
    let real = real.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    parent.into_iter().chain(own).chain(real).collect()
}
