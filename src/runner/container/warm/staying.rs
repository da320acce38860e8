//! A container after a call that was not its last: for the next one of the same caller.
//!
//! Its init has killed all that the call left, has emptied the folders in memory, and waits. It goes
//! when it has had its calls, when it is too old, when it was short of memory, and whenever anything
//! else than a plain end has come over it.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::sleep_until;

use crate::plan::PlannedReuse;
use crate::runner::container::create::OwnWords;
use crate::runner::container::egress::OpenWay;
use crate::runner::container::life::{Alive, Ended, Input, Life, Wires};
use crate::runner::{End, OutputEvent, Stream, Teller};

use super::made::{Assignment, Made, Past};
use super::pool::{Pool, Waiting};

/// What a container has to keep besides, to stay.
pub(super) struct Staying {
    pub input: Arc<Mutex<Input>>,
    pub own_words: OwnWords,
    pub folders: Vec<String>,
    pub past: Past,
}

/// In the memory of every container, whatever its file says.
const OF_ENGINE: [&str; 2] = ["/dev/shm", "/dev/mqueue"];

impl Life {
    fn reuse(&self) -> Option<&PlannedReuse> {
        self.order.plan.reuse.as_ref()
    }

    /// Whether another call may follow the one that comes now.
    pub(super) fn may_stay(&self, past: Past) -> bool {
        self.reuse().is_some_and(|reuse| past.calls + 1 < reuse.calls && past.born.elapsed() < reuse.age)
    }

    /// One that waits for its first call has no age.
    pub(super) async fn is_too_old(&self, past: Past) {
        match self.reuse() {
            Some(reuse) if past.calls > 0 => sleep_until(past.born + reuse.age).await,
            _ => std::future::pending().await,
        }
    }

    /// What of it is in memory, the volumes of its image among that.
    pub(super) fn folders_to_empty(&self) -> Vec<String> {
        let host = self.order.body.host_config.as_ref();
        let asked = host.and_then(|host| host.tmpfs.as_ref()).into_iter().flatten();
        asked.map(|(path, _)| path.clone()).chain(OF_ENGINE.map(str::to_owned)).collect()
    }

    /// Hands on what the call says until it has ended; then the container waits, if it may.
    pub(super) async fn go_on_or_stay(
        &mut self,
        mut alive: Alive,
        stay: Option<Staying>,
        pool: &Arc<Pool>,
    ) -> Option<(Made, oneshot::Receiver<Assignment>)> {
        let ended = self.watch(&mut alive).await;
        let stays = alive.output.told().is_some_and(|told| told.stays);
        let (end, stay) = match (ended, stay) {
            (Ended::ByItself(end), Some(stay)) if stays => (end, stay),
            (ended, _) => {
                self.finish(alive, ended).await;
                return None;
            }
        };
        let denied = alive.way.as_ref().and_then(OpenWay::report);
        let made = waiting_again(alive, stay);
        let (assign, assigned) = oneshot::channel();
        pool.put_used(&self.order, Waiting::new(self.order.name.clone(), assign));
        let nobody =
            Wires { events: mpsc::channel(1).0, cancel: pool.closed.clone(), news: Teller::default() };
        let Wires { events, .. } = std::mem::replace(&mut self.wires, nobody);
        // Whoever called may take his time to hear of it, and the next one need not wait for him.
        pool.tasks.spawn(tell(events, denied, end));
        Some((made, assigned))
    }
}

async fn tell(events: mpsc::Sender<OutputEvent>, denied: Option<String>, end: End) {
    if let Some(denied) = denied {
        let chunk = OutputEvent::Chunk { stream: Stream::Stderr, bytes: denied.into() };
        let _ = events.send(chunk).await;
    }
    let _ = events.send(OutputEvent::Ended(end)).await;
}

fn waiting_again(alive: Alive, stay: Staying) -> Made {
    let Alive { connection, mut output, feeding, files, way, .. } = alive;
    let Staying { input, own_words, folders, past } = stay;
    drop(feeding);
    output.begin_anew();
    if let Some(way) = &way {
        way.begin_anew();
    }
    let past = Past { calls: past.calls + 1, ..past };
    Made { connection, output, input, files, way, own_words, folders, past }
}
