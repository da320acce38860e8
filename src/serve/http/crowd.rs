//! The places of connections: how many there are, and who has to go when there is none left.
//!
//! Whoever is being answered keeps their place. Everyone else (who says nothing, or a head without an end)
//! has it only until somebody else needs it: then the one goes who has been idle longest. So a crowd that
//! asks for nothing keeps nobody out.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Who has just come, or was just answered, is not sent away at once.
const BREATH: Duration = Duration::from_secs(1);

pub struct Crowd {
    most: usize,
    seats: Mutex<Seats>,
    /// How many of them are being answered.
    busy: Arc<AtomicUsize>,
    /// Somebody has left.
    freed: Notify,
}

#[derive(Default)]
struct Seats {
    next: u64,
    taken: HashMap<u64, Arc<Seat>>,
}

struct Seat {
    state: Mutex<State>,
    go: Notify,
    busy: Arc<AtomicUsize>,
}

struct State {
    answering: u32,
    idle_since: Instant,
    /// Has been told to go.
    is_going: bool,
}

impl Crowd {
    pub fn new(most: usize) -> Arc<Self> {
        let (seats, busy) = (Mutex::default(), Arc::default());
        Arc::new(Self { most: most.max(1), seats, busy, freed: Notify::new() })
    }

    /// How many connections are not being answered.
    pub fn idle(&self) -> usize {
        let taken = self.lock().taken.len();
        taken.saturating_sub(self.busy.load(Ordering::Relaxed))
    }

    /// Waits for a place, and sends somebody away for it who can go.
    pub async fn place(self: &Arc<Self>) -> Place {
        loop {
            let freed = self.freed.notified();
            match self.take() {
                Ok(place) => return place,
                Err(wait) => drop(tokio::time::timeout(wait, freed).await),
            }
        }
    }

    /// A place, or how long it is worth to wait for one.
    fn take(self: &Arc<Self>) -> Result<Place, Duration> {
        let seats = self.lock();
        if seats.taken.len() >= self.most {
            return Err(make_room(&seats));
        }
        Ok(self.sit(seats))
    }

    /// A place beyond what there is, for those who had come before the end.
    pub fn more(self: &Arc<Self>) -> Place {
        self.sit(self.lock())
    }

    fn sit(self: &Arc<Self>, mut seats: MutexGuard<'_, Seats>) -> Place {
        let state = State { answering: 0, idle_since: Instant::now(), is_going: false };
        let busy = Arc::clone(&self.busy);
        let seat = Arc::new(Seat { state: Mutex::new(state), go: Notify::new(), busy });
        seats.next += 1;
        let number = seats.next;
        seats.taken.insert(number, Arc::clone(&seat));
        Place { crowd: Arc::clone(self), number, seat }
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the longest idle to go, if anybody has been idle for long enough; says how long to wait. Of many a
/// few go at once, so that not all are looked through for each that comes.
fn make_room(seats: &Seats) -> Duration {
    let idle = seats.taken.values().filter_map(|seat| Some((seat.idle_since()?, seat)));
    let mut idle: Vec<(Instant, &Arc<Seat>)> = idle.collect();
    idle.sort_unstable_by_key(|(since, _)| *since);
    let few = seats.taken.len() / 128 + 1;
    let mut wait = BREATH;
    for (since, seat) in idle.into_iter().take(few) {
        let left = BREATH.saturating_sub(since.elapsed());
        if !left.is_zero() {
            wait = wait.min(left);
            break;
        }
        seat.lock().is_going = true;
        seat.go.notify_one();
    }
    wait
}

impl Seat {
    /// `None` for who is being answered, or goes already.
    fn idle_since(&self) -> Option<Instant> {
        let state = self.lock();
        (state.answering == 0 && !state.is_going).then_some(state.idle_since)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection; free again when it is dropped.
pub struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    seat: Arc<Seat>,
}

impl Place {
    /// What notes that this connection is being answered.
    pub fn desk(&self) -> Desk {
        Desk(Arc::clone(&self.seat))
    }

    /// Resolves when the connection has to go.
    pub async fn is_needed(&self) {
        loop {
            self.seat.go.notified().await;
            let mut state = self.seat.lock();
            if state.answering == 0 {
                return;
            }
            // It has asked for something in the meantime.
            state.is_going = false;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.lock().taken.remove(&self.number);
        self.crowd.freed.notify_one();
    }
}

#[derive(Clone)]
pub struct Desk(Arc<Seat>);

impl Desk {
    pub fn begin(&self) -> Answering {
        let mut state = self.0.lock();
        state.answering += 1;
        if state.answering == 1 {
            self.0.busy.fetch_add(1, Ordering::Relaxed);
        }
        Answering(Arc::clone(&self.0))
    }

    /// Resolves when nothing has been asked for, for so long.
    pub async fn idle_for(&self, pause: Duration) {
        loop {
            let idle = self.0.idle_since().map(|since| since.elapsed()).unwrap_or_default();
            if idle >= pause {
                return;
            }
            tokio::time::sleep(pause - idle).await;
        }
    }
}

/// One request, until its answer is taken; or something that waits to be sent.
pub struct Answering(Arc<Seat>);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.answering = state.answering.saturating_sub(1);
        state.idle_since = Instant::now();
        if state.answering == 0 {
            self.0.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Answering {
    /// Goes on until the last of the answer is taken.
    pub fn until_sent<B>(self, answer: Response<B>) -> Response<Sent<B>> {
        answer.map(|body| Sent { body, _answering: self })
    }
}

/// A body that is being sent.
pub struct Sent<B> {
    body: B,
    _answering: Answering,
}

impl<B: HttpBody + Unpin> HttpBody for Sent<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn is_sent_away(place: &Place) -> bool {
        tokio::time::timeout(Duration::from_millis(1), place.is_needed()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_been_idle_longest_goes_and_who_is_answered_stays() {
        let crowd = Crowd::new(3);
        let (first, second, third) = (crowd.place().await, crowd.place().await, crowd.place().await);
        let answering = first.desk().begin();
        tokio::time::advance(Duration::from_millis(10)).await;
        drop(second.desk().begin());
        let waiting = tokio::spawn({
            let crowd = Arc::clone(&crowd);
            async move { crowd.place().await }
        });
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert!(!is_sent_away(&third).await, "it has only just come");
        tokio::time::sleep(BREATH).await;
        assert!(is_sent_away(&third).await, "it was idle longest");
        assert!(!is_sent_away(&first).await && !is_sent_away(&second).await);
        drop(third);
        let fourth = waiting.await.unwrap();
        assert_eq!(crowd.idle(), 2);
        drop((answering, fourth));
        assert_eq!(crowd.lock().taken.len(), 2);
        assert_eq!(crowd.idle(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn where_everyone_is_answered_others_wait() {
        let crowd = Crowd::new(1);
        let place = crowd.place().await;
        let answering = place.desk().begin();
        let late = tokio::time::timeout(Duration::from_secs(60), crowd.place()).await;
        assert!(late.is_err() && !is_sent_away(&place).await);
        drop((answering, place));
        assert!(tokio::time::timeout(Duration::from_secs(60), crowd.place()).await.is_ok());
    }
}
