//! All tests, side by side: those of one command one after the other, since they often touch the
//! same files, and commands beside each other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::cli::serve::{LAST_WORDS, stop_signal};
use crate::trial::{Finished, Status};

use super::Stop;
use super::perform::{not_run, perform};
use super::report::Report;
use super::select::Case;
use super::stage::Stage;

/// How tests are run.
#[derive(Debug, Clone, Copy)]
pub struct Orders {
    /// How many at once.
    pub jobs: usize,
    /// After the first failure no other test begins.
    pub fail_fast: bool,
}

/// What happens to the test of an index.
pub enum Event {
    Started(usize),
    Finished(usize, Finished),
}

/// What the tests of one command need.
#[derive(Clone)]
struct Conductor {
    stage: Arc<Stage>,
    slots: Arc<Semaphore>,
    events: mpsc::Sender<Event>,
    /// Ends what runs.
    stop: Stop,
    /// No other test begins.
    enough: Stop,
    fail_fast: bool,
}

/// How often the line of what runs is written anew.
const BEAT: Duration = Duration::from_millis(500);

/// Runs all of them. True if somebody interrupted it.
pub async fn conduct(stage: Arc<Stage>, cases: Vec<Case>, orders: Orders, report: &mut Report) -> bool {
    let (events, mut arriving) = mpsc::channel(64);
    let stop = Stop::new();
    let conductor = Conductor {
        stage,
        slots: Arc::new(Semaphore::new(orders.jobs)),
        events,
        enough: stop.child_token(),
        stop: stop.clone(),
        fail_fast: orders.fail_fast,
    };
    let mut commands = JoinSet::new();
    for group in groups(cases) {
        commands.spawn(conductor.clone().command(group));
    }
    // What is left of them is in the tasks: with the last one the channel closes.
    drop(conductor);
    tokio::select! {
        () = listen(&mut arriving, report) => {}
        () = interrupt(&stop) => {}
    }
    commands.shutdown().await;
    stop.is_cancelled()
}

/// Hands on what happens, until all has.
async fn listen(arriving: &mut mpsc::Receiver<Event>, report: &mut Report) {
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            event = arriving.recv() => match event {
                Some(event) => report.note(event),
                None => return,
            },
            _ = beat.tick() => report.beat(),
        }
    }
}

/// Ends when somebody asked for it and what runs had time to end.
async fn interrupt(stop: &Stop) {
    stop_signal().await;
    stop.cancel();
    // However long a command's own grace is: whoever interrupts does not wait for more.
    tokio::time::sleep(LAST_WORDS).await;
}

/// The tests of each command with their places in the whole.
fn groups(cases: Vec<Case>) -> Vec<Vec<(usize, Case)>> {
    let mut groups: Vec<Vec<(usize, Case)>> = Vec::new();
    for (index, case) in cases.into_iter().enumerate() {
        match groups.last_mut() {
            Some(group) if group.first().is_some_and(|(_, first)| first.tool.name == case.tool.name) => {
                group.push((index, case));
            }
            _ => groups.push(vec![(index, case)]),
        }
    }
    groups
}

impl Conductor {
    async fn command(self, group: Vec<(usize, Case)>) {
        for (index, case) in group {
            // Nobody closes it.
            let _slot = self.slots.acquire().await;
            let finished = self.one(index, &case).await;
            if self.fail_fast && matches!(finished.status, Status::Failed(_)) {
                self.enough.cancel();
            }
            // Nobody listens any more after an interrupt.
            let _ = self.events.send(Event::Finished(index, finished)).await;
        }
    }

    async fn one(&self, index: usize, case: &Case) -> Finished {
        if self.enough.is_cancelled() {
            return not_run(case);
        }
        let _ = self.events.send(Event::Started(index)).await;
        perform(&self.stage, case, self.stop.clone()).await
    }
}
