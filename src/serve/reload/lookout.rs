//! Looks at the files, and loads them when they say something else. Everything here may block.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::engine::State;

use super::content::Content;
use super::eyes::Eyes;
use super::places::{self, Place};
use super::report::Cause;
use super::{Attempt, Loader, Occasion, Sources};

/// A file system's clock is behind ours by no more than this.
const CLOCK_GRAIN: Duration = Duration::from_millis(10);

/// A configuration that reads other files each time it is loaded is taken as it is.
const ROUNDS: usize = 3;

/// What came of looking.
pub(super) enum Seen {
    /// What is served already.
    Nothing,
    Something {
        content: Content,
        /// Or why it cannot be served.
        state: Result<Box<State>, String>,
    },
}

/// When files are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// If they are others than before.
    Changes,
    Anyway(Occasion),
    /// If they are as before: changes are for those who wait for them.
    Recheck,
}

pub(super) struct Lookout {
    loader: Box<dyn Loader>,
    eyes: Arc<Eyes>,
    sources: Sources,
    /// What stood in the files when they were loaded last.
    known: Content,
}

impl Lookout {
    pub(super) fn new(loader: Box<dyn Loader>, eyes: Arc<Eyes>, sources: Sources) -> Self {
        Self { loader, eyes, sources, known: Content::default() }
    }

    /// Whether the files can be read more than once; a pipe cannot.
    pub(super) fn can_look_again(&self) -> bool {
        let is_read_once =
            |path: &PathBuf| path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir());
        !self.sources.files.iter().any(is_read_once)
    }

    /// Begins to watch; says why the files have to be looked at already, if they have to.
    pub(super) fn begin(&mut self, since: SystemTime) -> Option<Cause> {
        let places = self.watch();
        self.known = Content::of(&self.sources);
        let changed_since = |moment| places.iter().any(|place| changed_since(place, moment));
        match (changed_since(since), changed_since(since - CLOCK_GRAIN)) {
            (true, _) => Some(Cause::Saved),
            (false, true) => Some(Cause::Doubt),
            (false, false) => None,
        }
    }

    /// Loads the files if they are as `wanted`.
    pub(super) fn look(&mut self, wanted: Wanted) -> Seen {
        // Watched first: what changes after it was looked at is then seen.
        self.watch();
        let mut content = Content::of(&self.sources);
        let is_known = self.known.covers(&content);
        let occasion = match wanted {
            Wanted::Changes if is_known => return Seen::Nothing,
            Wanted::Recheck if !is_known => return Seen::Nothing,
            Wanted::Changes => Occasion::Change,
            Wanted::Anyway(occasion) => occasion,
            Wanted::Recheck => Occasion::Recheck,
        };
        let mut rounds = 1;
        loop {
            let Attempt { state, sources } = self.loader.load(occasion);
            let is_known = content.knows(&sources);
            self.follow(sources, state.is_ok());
            if is_known || rounds == ROUNDS {
                self.known = content;
                return Seen::Something { content: self.known.clone(), state: state.map(Box::new) };
            }
            // It was read from a file that nobody had looked at before.
            content = Content::of(&self.sources);
            rounds += 1;
        }
    }

    /// Watches these from now on. A file that is wrong may not have come to what it includes, and
    /// what belonged to it before belongs to it still.
    fn follow(&mut self, sources: Sources, is_whole: bool) {
        let before = std::mem::replace(&mut self.sources, sources);
        if !is_whole {
            self.sources.add(before);
        }
        self.watch();
    }

    fn watch(&self) -> BTreeSet<Place> {
        let mut places = self.places();
        for _ in 1..ROUNDS {
            if self.eyes.watch(&places) {
                break;
            }
            // A folder went away meanwhile: now something else stands for it.
            places = self.places();
        }
        places
    }

    fn places(&self) -> BTreeSet<Place> {
        let files = self.sources.files.iter().flat_map(|path| places::of_file(path));
        let folders = self.sources.folders.iter().flat_map(|path| places::of_folder(path));
        files.chain(folders).collect()
    }
}

fn changed_since(place: &Place, since: SystemTime) -> bool {
    let Ok(found) = place.path().symlink_metadata() else { return true };
    let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = u64::try_from(found.ctime()).unwrap_or_default();
    let fraction = u32::try_from(found.ctime_nsec()).unwrap_or_default();
    Duration::new(seconds, fraction) >= since
}
