//! Where calls wait for their places. A call is let in when there is room for it everywhere it needs
//! room, so nobody holds one place while they wait for another.
//!
//! Of those for whom there is room, one of the caller who has the fewest calls running goes first, so
//! whoever asks for much waits for themselves and not others for them. A reload changes how many
//! places there are: nobody loses one, and where there are fewer, none is given out until that is right.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use tokio::sync::oneshot;

use crate::model::CallerId;

/// What places are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Room {
    All,
    Command(Arc<str>),
    Lock(Arc<str>),
    Caller(CallerId),
    CommandOf(Arc<str>, CallerId),
}

/// Everywhere that a call needs room, and how much there is where the file of today does not say.
#[derive(Debug, Clone)]
pub struct Needs {
    pub caller: CallerId,
    pub rooms: Vec<(Room, usize)>,
}

#[derive(Default)]
pub struct Hall(Mutex<State>);

#[derive(Default)]
struct State {
    /// Places as the file of today has them.
    places: HashMap<Room, usize>,
    /// Places that are held; rooms in which nobody is are not there.
    held: HashMap<Room, usize>,
    /// In the order in which they came.
    waiting: Vec<Waiter>,
    next: u64,
}

struct Waiter {
    number: u64,
    needs: Needs,
    admit: oneshot::Sender<Slot>,
}

/// The right to run; given back when dropped.
pub struct Slot {
    hall: Arc<Hall>,
    rooms: Vec<Room>,
}

/// A place in the line; left when dropped.
pub struct Place {
    hall: Arc<Hall>,
    number: u64,
    admitted: oneshot::Receiver<Slot>,
}

/// How full it is, for those who want to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub running: usize,
    pub waiting: usize,
    /// Calls of the same caller among them.
    pub own: usize,
}

impl Hall {
    /// From now on there are so many places.
    pub fn furnish(self: &Arc<Self>, places: HashMap<Room, usize>) {
        let admitted = {
            let mut state = self.lock();
            state.places = places;
            state.choose()
        };
        admitted.into_iter().for_each(|waiter| self.hand_over(waiter));
    }

    pub fn line(&self) -> Line {
        self.lock().line(0)
    }

    /// A slot, if there is room at once.
    pub fn enter(self: &Arc<Self>, needs: &Needs) -> Option<Slot> {
        let mut state = self.lock();
        if !state.has_room(needs) {
            return None;
        }
        state.take(needs);
        Some(self.slot(needs))
    }

    /// A place in the line, if `may` says so of how long it is; it is asked under the lock, so it asks
    /// nothing of the hall.
    pub fn queue<E>(
        self: &Arc<Self>,
        needs: Needs,
        may: impl FnOnce(Line) -> Result<(), E>,
    ) -> Result<Place, E> {
        let (admit, admitted) = oneshot::channel();
        let mut state = self.lock();
        let own = state.waiting.iter().filter(|waiter| waiter.needs.caller == needs.caller).count();
        may(state.line(own))?;
        let number = state.next;
        state.next += 1;
        state.waiting.push(Waiter { number, needs, admit });
        // There may be room since it was asked for.
        let chosen = state.choose();
        drop(state);
        chosen.into_iter().for_each(|waiter| self.hand_over(waiter));
        Ok(Place { hall: Arc::clone(self), number, admitted })
    }

    fn slot(self: &Arc<Self>, needs: &Needs) -> Slot {
        Slot { hall: Arc::clone(self), rooms: needs.rooms.iter().map(|(room, _)| room.clone()).collect() }
    }

    fn leave(self: &Arc<Self>, rooms: &[Room]) {
        let chosen = {
            let mut state = self.lock();
            state.give_back(rooms);
            state.choose()
        };
        chosen.into_iter().for_each(|waiter| self.hand_over(waiter));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn line(&self, own: usize) -> Line {
        Line { running: self.of(&Room::All), waiting: self.waiting.len(), own }
    }

    fn of(&self, room: &Room) -> usize {
        self.held.get(room).copied().unwrap_or_default()
    }

    fn has_room(&self, needs: &Needs) -> bool {
        needs.rooms.iter().all(|(room, places)| {
            let places = self.places.get(room).unwrap_or(places);
            self.of(room) < *places
        })
    }

    fn take(&mut self, needs: &Needs) {
        for (room, _) in &needs.rooms {
            *self.held.entry(room.clone()).or_default() += 1;
        }
    }

    fn give_back(&mut self, rooms: &[Room]) {
        for room in rooms {
            if let Some(held) = self.held.get_mut(room) {
                *held -= 1;
                if *held == 0 {
                    self.held.remove(room);
                }
            }
        }
    }

    /// Takes everybody out of the line for whom there is room, in turn.
    fn choose(&mut self) -> Vec<Waiter> {
        let mut chosen = Vec::new();
        loop {
            let running = |waiter: &Waiter| self.of(&Room::Caller(waiter.needs.caller.clone()));
            let ready = self.waiting.iter().enumerate().filter(|(_, waiter)| self.has_room(&waiter.needs));
            let next = ready.min_by_key(|(_, waiter)| (running(waiter), waiter.number));
            let Some((at, _)) = next else { return chosen };
            let waiter = self.waiting.remove(at);
            self.take(&waiter.needs);
            chosen.push(waiter);
        }
    }
}

impl Hall {
    /// Outside of the lock: a slot that nobody takes is given back at once.
    fn hand_over(self: &Arc<Self>, waiter: Waiter) {
        let slot = self.slot(&waiter.needs);
        drop(waiter.admit.send(slot));
    }
}

impl Place {
    /// Waits for the slot.
    pub async fn slot(&mut self) -> Slot {
        match (&mut self.admitted).await {
            Ok(slot) => slot,
            // Nobody takes a waiter out of the line without a slot for it.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hall.lock().waiting.retain(|waiter| waiter.number != self.number);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.hall.leave(&self.rooms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AuthMethod, Permissions, Principal};

    fn caller(name: &str) -> CallerId {
        Principal::of(AuthMethod::Key, name.to_owned(), Permissions::All).id()
    }

    fn needs(name: &str, rooms: &[(Room, usize)]) -> Needs {
        let caller = caller(name);
        let own = (Room::Caller(caller.clone()), usize::MAX);
        Needs { caller, rooms: rooms.iter().cloned().chain([own]).collect() }
    }

    fn all(name: &str, places: usize) -> Needs {
        needs(name, &[(Room::All, places)])
    }

    fn queue(hall: &Arc<Hall>, needs: Needs) -> Place {
        hall.queue(needs, |_| Ok::<_, ()>(())).unwrap()
    }

    fn is_in(place: &mut Place) -> Option<Slot> {
        place.admitted.try_recv().ok()
    }

    #[test]
    fn callers_take_turns_however_many_calls_one_has_waiting() {
        let hall = Arc::new(Hall::default());
        let mut running: Vec<Slot> = (0..2).filter_map(|_| hall.enter(&all("ann", 2))).collect();
        let mut of_ann: Vec<Place> = (0..5).map(|_| queue(&hall, all("ann", 2))).collect();
        let mut of_ben = queue(&hall, all("ben", 2));
        running.pop();
        let ben = is_in(&mut of_ben);
        assert!(ben.is_some() && of_ann.iter_mut().all(|place| is_in(place).is_none()));
        drop(ben);
        assert_eq!(of_ann.iter_mut().filter_map(is_in).map(std::mem::forget).count(), 1);
    }

    #[test]
    fn nobody_holds_a_place_while_they_wait_for_another() {
        let hall = Arc::new(Hall::default());
        let lock = (Room::Lock("deploy".into()), 1);
        let holder = hall.enter(&needs("ann", std::slice::from_ref(&lock))).unwrap();
        let both = needs("ann", &[(Room::All, 1), lock]);
        let mut waiting = queue(&hall, both);
        let other = hall.enter(&all("ben", 1));
        assert!(other.is_some(), "who waits for the lock is not in anybody's way");
        drop(holder);
        assert!(is_in(&mut waiting).is_none());
        drop(other);
        assert!(is_in(&mut waiting).is_some());
        assert!(hall.lock().held.is_empty(), "everything is given back");
    }

    #[test]
    fn fewer_places_are_reached_as_calls_end_and_more_let_in_at_once() {
        let hall = Arc::new(Hall::default());
        let mut inside: Vec<Slot> = (0..3).filter_map(|_| hall.enter(&all("ann", 3))).collect();
        hall.furnish(HashMap::from_iter([(Room::All, 1)]));
        for still in [2, 1] {
            inside.pop();
            assert!(hall.enter(&all("ann", 3)).is_none(), "{still} are inside, one may");
        }
        let mut waiting = queue(&hall, all("ben", 3));
        hall.furnish(HashMap::from_iter([(Room::All, 2)]));
        assert!(is_in(&mut waiting).is_some());
    }

    #[test]
    fn who_waits_no_more_leaves_nothing_behind() {
        let hall = Arc::new(Hall::default());
        let inside = hall.enter(&all("ann", 1));
        let given_up = queue(&hall, all("ann", 1));
        let too_late = queue(&hall, all("ben", 1));
        drop(given_up);
        assert_eq!(hall.line().waiting, 1);
        drop(inside);
        drop(too_late);
        assert!(hall.lock().held.is_empty() && hall.line().waiting == 0);
        let line = hall.queue(all("ann", 0), |line| if line.own == 0 { Ok(()) } else { Err(line) });
        let second = hall.queue(all("ann", 0), |line| if line.own == 0 { Ok(()) } else { Err(line) });
        assert_eq!(second.err(), Some(Line { running: 0, waiting: 1, own: 1 }));
        drop(line);
    }
}
