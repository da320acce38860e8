//! A saved change is live: watches the files of a configuration, loads them beside what is served,
//! and exchanges it whole. What is wrong is said in the log, and what was served stays.
//!
//! How a file is loaded it does not know: a [`Loader`] does that.
//!
//! ```text
//! inotify, clock, SIGHUP ─► quiet ─► content other than before? ─► load ─► State ─► Engine::reload
//! ```

mod clock;
mod content;
#[cfg(target_os = "linux")]
mod inotify;
mod lookout;
pub(in crate::serve) mod places;
mod report;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use crate::engine::{Engine, State, give_memory_back, give_program_back, share_one_heap};
use crate::serve::Herald;

#[cfg(not(target_os = "linux"))]
use clock as eyes;
#[cfg(target_os = "linux")]
use inotify as eyes;

use content::Content;
pub(in crate::serve) use eyes::Eyes;
pub(in crate::serve) use places::Place;

use lookout::{Lookout, Seen, Wanted};
use report::Cause;

/// The start belongs to the first answers; changes until then are found when watching begins.
const SETTLING: Duration = Duration::from_millis(200);

/// An editor is done when it has left its files alone for so long.
const QUIET: Duration = Duration::from_millis(60);

/// After so long it is looked all the same.
const UNREST: Duration = Duration::from_millis(600);

/// What is wrong or lacks tools may be half written: it is looked at again after so long.
const SECOND_LOOK: Duration = Duration::from_millis(300);

/// A file that is another one each time is taken as it is after so many looks.
const LOOKS: usize = 8;

/// Loads what is served; called in a thread that may block.
pub trait Loader: Send + 'static {
    fn load(&mut self, occasion: Occasion) -> Attempt;
}

impl<F: FnMut(Occasion) -> Attempt + Send + 'static> Loader for F {
    fn load(&mut self, occasion: Occasion) -> Attempt {
        self(occasion)
    }
}

/// What it is loaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The files may say something else.
    Change,
    /// The host may be another one: what was found out about it before does not count.
    Recheck,
}

/// What came of loading.
pub struct Attempt {
    /// Or why it cannot be served, as a text for people.
    pub state: Result<State, String>,
    pub sources: Sources,
}

/// What a configuration was read from. All paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    pub files: Vec<PathBuf>,
    /// Folders in which a new file would belong to it.
    pub folders: Vec<PathBuf>,
}

/// Keeps an engine at what the files say, for as long as it is polled, and the program small at rest.
///
/// `since` is a moment before the engine's first state was loaded from `sources`; `herald` tells whoever
/// started this program.
pub async fn keep_up(
    engine: Arc<Engine>,
    loader: impl Loader,
    sources: Sources,
    since: SystemTime,
    herald: Herald,
) -> Infallible {
    tokio::select! {
        never = rest(&engine) => never,
        never = look_after(Arc::clone(&engine), loader, sources, since, herald) => never,
    }
}

/// What is asked for next may be something else, and comes back from the file as it is needed.
async fn rest(engine: &Engine) -> Infallible {
    loop {
        engine.rest().comes().await;
        give_program_back();
    }
}

async fn look_after(
    engine: Arc<Engine>,
    loader: impl Loader,
    sources: Sources,
    since: SystemTime,
    herald: Herald,
) -> Infallible {
    let mut hangups = Hangups::new();
    let asked = tokio::select! {
        () = sleep(SETTLING) => false,
        () = hangups.next() => true,
    };
    share_one_heap();
    let eyes = Arc::new(Eyes::open());
    let mut lookout = Lookout::new(Box::new(loader), Arc::clone(&eyes), sources);
    if !lookout.can_look_again() {
        return unchanging(asked, hangups).await;
    }
    let late = lookout.begin(since);
    give_program_back();
    let mut reloading = Reloading { engine, eyes, lookout: Some(lookout), looked: Instant::now(), herald };
    if let Some(cause) = asked.then_some(Cause::Signal).or(late) {
        reloading.reload(cause, true).await;
    }
    loop {
        tokio::select! {
            () = reloading.eyes.stirred() => {
                reloading.quiet().await;
                reloading.reload(Cause::Saved, false).await;
            }
            () = hangups.next() => {
                reloading.herald.reloading();
                reloading.reload(Cause::Signal, true).await;
                reloading.herald.ready();
            }
            () = sleep_until_some(reloading.next_recheck()) => reloading.recheck().await,
        }
    }
}

async fn sleep_until_some(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What came through a pipe is gone.
async fn unchanging(mut asked: bool, mut hangups: Hangups) -> Infallible {
    loop {
        if asked {
            tracing::warn!("the configuration came through a pipe and cannot be read again");
        }
        hangups.next().await;
        asked = true;
    }
}

struct Reloading {
    engine: Arc<Engine>,
    eyes: Arc<Eyes>,
    /// Away while it looks.
    lookout: Option<Lookout>,
    /// When the host was looked at last.
    looked: Instant,
    herald: Herald,
}

impl Reloading {
    /// Waits until nothing stirs any more.
    async fn quiet(&self) {
        let latest = Instant::now() + UNREST;
        loop {
            let enough = latest.min(Instant::now() + QUIET);
            if timeout_at(enough, self.eyes.stirred()).await.is_err() {
                return;
            }
        }
    }

    /// When what commands require is looked for again, if any of them says so.
    fn next_recheck(&self) -> Option<Instant> {
        let state = self.engine.state();
        let rechecks = state.catalog().tools().iter().filter_map(|tool| tool.requires.as_ref()?.recheck);
        rechecks.min().and_then(|often| self.looked.checked_add(often))
    }

    /// Looks whether the host is another one, with files that are as they were.
    async fn recheck(&mut self) {
        let seen = self.look(Wanted::Recheck).await;
        self.looked = Instant::now();
        if let Seen::Something { state: Ok(state), .. } = seen
            && !report::is_identical(self.engine.state().catalog(), state.catalog())
        {
            self.adopt(*state, Cause::Recheck).await;
        }
    }

    /// Serves what the files say now, if that is something else or `anyway`.
    async fn reload(&mut self, cause: Cause, anyway: bool) {
        let wanted = if anyway { Wanted::Anyway(cause.occasion()) } else { Wanted::Changes };
        let mut seen = self.look(wanted).await;
        for _ in 1..LOOKS {
            let Some(doubtful) = self.doubtful(&seen, cause) else { break };
            if timeout(SECOND_LOOK, self.eyes.stirred()).await.is_ok() {
                self.quiet().await;
            }
            seen = self.look(Wanted::Anyway(Occasion::Change)).await;
            if matches!(&seen, Seen::Something { content, .. } if *content == doubtful) {
                break;
            }
        }
        match seen {
            Seen::Nothing => {}
            Seen::Something { state: Err(report), .. } => {
                report::wrong(&report);
                self.engine.not_reloaded(&report);
            }
            Seen::Something { state: Ok(state), .. } => self.adopt(*state, cause).await,
        }
    }

    /// The content, if it may be half written: what is wrong, or lacks tools that there were.
    fn doubtful(&self, seen: &Seen, cause: Cause) -> Option<Content> {
        let Seen::Something { content, state } = seen else { return None };
        let doubtful = match state {
            // Whoever asks for it has an answer at once.
            Err(_) => cause != Cause::Signal,
            Ok(next) => {
                let served = self.engine.state();
                served.catalog().offered().any(|tool| next.catalog().tool(tool.name.as_str()).is_none())
            }
        };
        doubtful.then(|| content.clone())
    }

    /// Looks at the files, and loads them if they are as `wanted`.
    async fn look(&mut self, wanted: Wanted) -> Seen {
        let Some(mut lookout) = self.lookout.take() else { return Seen::Nothing };
        let looking = tokio::task::spawn_blocking(move || (lookout.look(wanted), lookout));
        match looking.await {
            Ok((seen, lookout)) => {
                self.lookout = Some(lookout);
                seen
            }
            Err(error) => {
                tracing::error!(%error, "loading has failed; changes are not looked for any more");
                Seen::Nothing
            }
        }
    }

    async fn adopt(&mut self, state: State, cause: Cause) {
        self.looked = Instant::now();
        let before = self.engine.state();
        self.engine.reload(state);
        report::adopted(before.catalog(), self.engine.state().catalog(), cause);
        drop(before);
        // Everyone who had the old one lets go of it when told of the new one.
        tokio::task::yield_now().await;
        let _ = tokio::task::spawn_blocking(give_memory_back).await;
    }
}

impl Sources {
    fn add(&mut self, others: Self) {
        let Self { files, folders } = others;
        for (ours, theirs) in [(&mut self.files, files), (&mut self.folders, folders)] {
            let missing: Vec<PathBuf> = theirs.into_iter().filter(|path| !ours.contains(path)).collect();
            ours.extend(missing);
        }
    }
}

/// The SIGHUPs that this process is sent.
struct Hangups(Option<Signal>);

impl Hangups {
    /// From now on they do not end it.
    fn new() -> Self {
        Self(signal(SignalKind::hangup()).ok())
    }

    async fn next(&mut self) {
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
