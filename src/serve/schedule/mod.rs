//! Runs commands by the clock, for as long as it is polled.
//!
//! ```text
//! clock ─► Agenda::advance ─► marks are kept ─► Runs::begin ─► Engine::begin_automatic ─► Job
//! ```
//!
//! What is due is noted before it is run: if the server dies in between it has not run, and never runs twice.
//! A file without schedules costs nothing but a look at each state.

mod agenda;
mod memory;
mod runs;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, State};
use crate::model::Schedule;

use agenda::Agenda;
use memory::Held;
use runs::Runs;

pub use agenda::{Id, Mark};
pub use memory::{Marks, Memory};

/// Clocks are set without anybody being told, and hosts sleep: it is looked at least this often.
const LOOK: Duration = Duration::from_secs(20);

/// Whether the server that keeps the time is gone.
const TAKE_OVER: Duration = Duration::from_secs(5);

/// What time it is.
pub trait Clock: Send {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;
}

/// The clock of this host.
pub struct HostClock;

impl Clock for HostClock {
    fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Runs what is due until `closing`; then nothing new.
///
/// Without a memory what is missed while no server runs is not known, and every server keeps its own time.
pub async fn keep(
    engine: Arc<Engine>,
    memory: Option<Memory>,
    clock: impl Clock,
    closing: CancellationToken,
) -> Infallible {
    let mut states = engine.states();
    while !closing.is_cancelled() {
        if schedules(&engine.state()).next().is_some() {
            tokio::select! {
                () = keep_time(&engine, memory.as_ref(), &clock) => {}
                () = closing.cancelled() => {}
            }
        } else if states.changed().await.is_err() {
            break;
        }
    }
    std::future::pending().await
}

/// Until there is nothing to keep any more.
async fn keep_time(engine: &Arc<Engine>, memory: Option<&Memory>, clock: &impl Clock) {
    let _held = match memory {
        Some(memory) => held(memory).await,
        None => None,
    };
    let mut states = engine.states();
    let marks = memory.map(Memory::read).unwrap_or_default();
    let mut agenda = agenda(&states.borrow_and_update(), &marks, clock);
    let mut runs = Runs::default();
    // From now on it is known what is missed.
    remember(memory, &agenda).await;
    if cfg!(not(feature = "schedule")) {
        tracing::warn!("this program was built without schedules: nothing runs by the clock");
    }
    tracing::info!("{} schedules are kept", agenda.marks().count());
    loop {
        let due = agenda.advance(clock.now() / 1000);
        if !due.is_empty() {
            remember(memory, &agenda).await;
        }
        due.into_iter().for_each(|due| runs.begin(engine, due));
        let Some(wait) = agenda.next().map(|next| next * 1000 - clock.now()) else {
            match states.changed().await {
                Ok(()) => return,
                Err(_) => std::future::pending().await,
            }
        };
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0)).min(LOOK);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            changed = states.changed() => {
                if changed.is_err() {
                    return std::future::pending().await;
                }
                let state = Arc::clone(&states.borrow_and_update());
                if schedules(&state).next().is_none() {
                    return;
                }
                agenda = self::agenda(&state, &Marks::default(), clock).following(agenda);
            }
        }
    }
}

fn agenda(state: &State, marks: &Marks, clock: &impl Clock) -> Agenda {
    let mut seed = [0; 8];
    // Without chance they only run at the same moment as others.
    let _ = getrandom::fill(&mut seed);
    let mark = |id: &Id| marks.get(id).cloned();
    Agenda::of(schedules(state), mark, clock.now() / 1000, u64::from_le_bytes(seed))
}

/// Keeps how far everything has been carried out.
async fn remember(memory: Option<&Memory>, agenda: &Agenda) {
    let Some(memory) = memory.cloned() else { return };
    let marks: Vec<(Id, Mark)> = agenda.marks().map(|(id, mark)| (id.clone(), mark)).collect();
    let write = move || memory.write(marks.iter().map(|(id, mark)| (id, mark.clone())));
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!("what schedules have done cannot be kept: {error}"),
        Err(error) => tracing::warn!("what schedules have done cannot be kept: {error}"),
    }
}

/// Waits until no other server keeps the time of this file. `None` if nobody can say whose turn it is.
async fn held(memory: &Memory) -> Option<Held> {
    let mut is_told = false;
    loop {
        match memory.hold() {
            Ok(Some(held)) => return Some(held),
            Ok(None) if is_told => {}
            Ok(None) => {
                tracing::info!(
                    "another server of this file keeps its schedules; this one takes over when that one ends"
                );
                is_told = true;
            }
            Err(error) => {
                tracing::warn!(
                    "what schedules have done cannot be kept, so what is missed is not known: {error}"
                );
                return None;
            }
        }
        tokio::time::sleep(TAKE_OVER).await;
    }
}

/// Every schedule of a file.
pub fn schedules(state: &State) -> impl Iterator<Item = (Id, Schedule)> {
    state.catalog().tools().iter().flat_map(|tool| {
        let schedules = tool.automation.iter().flat_map(|automation| automation.schedules.iter());
        let name = tool.name.as_str();
        schedules
            .enumerate()
            .map(move |(index, schedule)| (Id { tool: name.to_owned(), index }, schedule.clone()))
    })
}
