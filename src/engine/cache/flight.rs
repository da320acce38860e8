//! Equal calls in flight share one run. It goes on as long as one of them waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::engine::{News, Outcome, Rejection, RunId, Stream, Watcher};

use super::Digest;

/// News that a slow listener may be behind; more are skipped.
const BEHIND: usize = 64;

/// What came of a shared run.
#[derive(Clone)]
pub enum Landed {
    Made(Result<Box<Outcome>, Arc<Rejection>>),
    /// Nothing had to run: a result is remembered, and whoever waits looks whether it does for him.
    Remembered,
}

/// What equal calls have in common. A call after the results were thrown away waits for no run from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route {
    pub key: Digest,
    pub cleared: u64,
}

/// The runs that are shared now.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<Route, Aloft>>);

struct Aloft {
    flight: Arc<Flight>,
    /// Those who wait for it.
    seats: usize,
}

/// One shared run.
pub struct Flight {
    route: Route,
    pub cancel: CancellationToken,
    landed: watch::Sender<Option<Landed>>,
    news: broadcast::Sender<Told>,
}

/// What every watcher of a shared run is told.
#[derive(Clone)]
enum Told {
    Started(RunId),
    Preparing(News),
    Output(Stream, Bytes),
}

/// A place among those who wait; left when dropped.
pub struct Seat<'f> {
    flights: &'f Flights,
    flight: Arc<Flight>,
    landed: watch::Receiver<Option<Landed>>,
    news: broadcast::Receiver<Told>,
    has_left: bool,
}

impl Flights {
    /// A place in the run of this route; with it the flight, if it has to be begun by whoever asks.
    pub fn board(&self, route: Route, parent: &CancellationToken) -> (Seat<'_>, Option<Arc<Flight>>) {
        let mut flights = self.lock();
        let is_new = !flights.contains_key(&route);
        let aloft =
            flights.entry(route).or_insert_with(|| Aloft { flight: Flight::new(route, parent), seats: 0 });
        aloft.seats += 1;
        let flight = Arc::clone(&aloft.flight);
        let (landed, news) = (flight.landed.subscribe(), flight.news.subscribe());
        let begun = is_new.then(|| Arc::clone(&flight));
        (Seat { flights: self, flight, landed, news, has_left: false }, begun)
    }

    /// A run that nobody waits for, unless one of this route is on its way.
    pub fn begin_unmanned(&self, route: Route, parent: &CancellationToken) -> Option<Arc<Flight>> {
        let mut flights = self.lock();
        if flights.contains_key(&route) {
            return None;
        }
        let flight = Flight::new(route, parent);
        flights.insert(route, Aloft { flight: Arc::clone(&flight), seats: 0 });
        Some(flight)
    }

    /// Tells those who wait, once. Whoever comes from now on does not find it any more.
    pub fn land(&self, flight: &Arc<Flight>, landed: Landed) {
        self.remove(&mut self.lock(), flight);
        flight.landed.send_if_modified(|place| {
            let is_first = place.is_none();
            if is_first {
                *place = Some(landed);
            }
            is_first
        });
    }

    fn leave(&self, flight: &Arc<Flight>) {
        let mut flights = self.lock();
        let Some(aloft) = flights.get_mut(&flight.route) else { return };
        if !Arc::ptr_eq(&aloft.flight, flight) {
            return;
        }
        aloft.seats = aloft.seats.saturating_sub(1);
        if aloft.seats == 0 {
            flight.cancel.cancel();
            self.remove(&mut flights, flight);
        }
    }

    fn remove(&self, flights: &mut HashMap<Route, Aloft>, flight: &Arc<Flight>) {
        if flights.get(&flight.route).is_some_and(|aloft| Arc::ptr_eq(&aloft.flight, flight)) {
            flights.remove(&flight.route);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Route, Aloft>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    fn new(route: Route, parent: &CancellationToken) -> Arc<Self> {
        let (landed, news) = (watch::Sender::new(None), broadcast::Sender::new(BEHIND));
        Arc::new(Self { route, cancel: parent.child_token(), landed, news })
    }

    /// Hands on what happens to whoever listens.
    pub fn watcher(self: &Arc<Self>) -> impl Watcher + use<> {
        Relay(Arc::clone(self))
    }
}

struct Relay(Arc<Flight>);

impl Relay {
    fn tell(&self, told: impl FnOnce() -> Told) {
        if self.0.news.receiver_count() > 0 {
            // That nobody listens any more is no failure.
            let _ = self.0.news.send(told());
        }
    }
}

impl Watcher for Relay {
    fn started(&mut self, run: &RunId) {
        self.tell(|| Told::Started(run.clone()));
    }

    fn preparing(&mut self, news: &News) {
        self.tell(|| Told::Preparing(news.clone()));
    }

    fn output(&mut self, stream: Stream, bytes: &Bytes) {
        self.tell(|| Told::Output(stream, bytes.clone()));
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Seat<'_> {
    fn leave(&mut self) {
        if !std::mem::replace(&mut self.has_left, true) {
            self.flights.leave(&self.flight);
        }
    }

    /// Waits for the run. Whoever is cancelled leaves; the last one waits until nothing of it is alive.
    pub async fn wait(mut self, watcher: &mut dyn Watcher, cancel: &CancellationToken) -> Landed {
        let mut is_heard = true;
        loop {
            tokio::select! {
                biased;
                landed = arrival(&mut self.landed) => return landed,
                () = cancel.cancelled() => break,
                told = self.news.recv(), if is_heard => match told {
                    Ok(told) => tell(watcher, &told),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => is_heard = false,
                },
            }
        }
        self.leave();
        if self.flight.cancel.is_cancelled() {
            return arrival(&mut self.landed).await;
        }
        Landed::cancelled()
    }
}

impl Landed {
    pub fn cancelled() -> Self {
        Self::Made(Err(Arc::new(Rejection::Cancelled)))
    }
}

async fn arrival(landed: &mut watch::Receiver<Option<Landed>>) -> Landed {
    match landed.wait_for(Option::is_some).await {
        Ok(landed) => landed.clone().unwrap_or_else(Landed::cancelled),
        Err(_) => Landed::cancelled(),
    }
}

fn tell(watcher: &mut dyn Watcher, told: &Told) {
    match told {
        Told::Started(run) => watcher.started(run),
        Told::Preparing(news) => watcher.preparing(news),
        Told::Output(stream, bytes) => watcher.output(*stream, bytes),
    }
}
