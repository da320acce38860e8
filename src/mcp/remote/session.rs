//! What is remembered of clients that have said `initialize`: little, for a while, and not of all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rmcp::model::{InitializeRequestParams, RequestId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::model::{CallerId, Fingerprint, Principal};

use super::super::changes::Told;
use super::super::wire::desk::Desk;
use super::SessionCaps;
use super::exchange::Running;
use super::mailbox::Letters;

/// Bytes of a session's name; nobody guesses 192 bits.
const NAME: usize = 24;

pub(super) struct Session {
    /// What its client has said in `initialize`, and the version that was agreed on.
    pub peer: OnceLock<Arc<InitializeRequestParams>>,
    pub told: Arc<Told>,
    pub owner: CallerId,
    /// What its client is asked.
    pub desk: Arc<Desk>,
    /// Where its answers go if they all go one way.
    pub letters: Option<Letters>,
    /// It began here, and not at another copy of this server.
    pub is_ours: bool,
    /// Requests in flight, and the stream of events if one is open.
    state: Mutex<State>,
    pub ended: CancellationToken,
}

struct State {
    used: Instant,
    /// When it was known last that other copies can know of it, too; `None` if they cannot.
    shared: Option<Instant>,
    running: HashMap<RequestId, Running>,
    listening: Option<CancellationToken>,
}

impl Session {
    pub(super) fn new(owner: CallerId, stop: &CancellationToken) -> Self {
        let state = State { used: Instant::now(), shared: None, running: HashMap::new(), listening: None };
        Self {
            peer: OnceLock::new(),
            told: Arc::default(),
            owner,
            desk: Arc::default(),
            letters: None,
            is_ours: true,
            state: Mutex::new(state),
            ended: stop.child_token(),
        }
    }

    /// One whose answers all go one way.
    pub(super) fn by(letters: Letters, owner: CallerId, stop: &CancellationToken) -> Self {
        Self { letters: Some(letters), ..Self::new(owner, stop) }
    }

    /// One that began at another copy of this server.
    pub(super) fn of_another_copy(owner: CallerId, stop: &CancellationToken) -> Self {
        Self { is_ours: false, ..Self::new(owner, stop) }
    }

    /// Requests whose answers are still to come.
    pub(super) fn running(&self) -> usize {
        self.lock().running.len()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.running() > 0
    }

    /// Other copies know of it as of now.
    pub(super) fn share(&self) {
        self.lock().shared = Some(Instant::now());
    }

    pub(super) fn is_shared(&self) -> bool {
        self.lock().shared.is_some()
    }

    /// For how long nobody has asked whether other copies know of it.
    pub(super) fn unasked(&self) -> Duration {
        self.lock().shared.map_or(Duration::MAX, |shared| shared.elapsed())
    }

    /// Bytes that wait to be sent, those of the largest answer aside.
    pub(super) fn gathered(&self) -> usize {
        let state = self.lock();
        let waiting = state.running.values().map(|running| running.outbox.waiting());
        let (all, largest) =
            waiting.fold((0, 0), |(all, largest): (usize, usize), own| (all + own, largest.max(own)));
        all - largest
    }

    /// Takes a request in; `false` if its id is in use.
    pub(super) fn admit(&self, id: &RequestId, running: Running) -> bool {
        let mut state = self.lock();
        let is_free = !state.running.contains_key(id);
        if is_free {
            state.running.insert(id.clone(), running);
        }
        is_free
    }

    pub(super) fn leave(&self, id: &RequestId) {
        let mut state = self.lock();
        state.running.remove(id);
        state.used = Instant::now();
    }

    /// Cancels a request: nothing of it is sent any more. `false` if it does not run here.
    pub(super) fn cancel(&self, id: &RequestId) -> bool {
        let running = self.lock().running.get(id).cloned();
        if let Some(running) = &running {
            running.cancel(id);
        }
        running.is_some()
    }

    /// The place of the one stream of events; who had it before loses it.
    pub(super) fn listen(&self) -> CancellationToken {
        let ours = self.ended.child_token();
        if let Some(before) = self.lock().listening.replace(ours.clone()) {
            before.cancel();
        }
        ours
    }

    pub(super) fn hear_no_more(&self) {
        self.lock().used = Instant::now();
    }

    /// Since when nobody uses it; `None` while somebody does.
    fn idle_since(&self) -> Option<Instant> {
        let state = self.lock();
        let is_heard = state.listening.as_ref().is_some_and(|listening| !listening.is_cancelled());
        (state.running.is_empty() && !is_heard).then_some(state.used)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Evicted = Box<dyn Fn(&str) + Send + Sync>;

pub(super) struct Sessions {
    caps: SessionCaps,
    evicted: OnceLock<Evicted>,
    open: Mutex<Open>,
}

/// By name, and what name each mark is made of.
#[derive(Default)]
struct Open {
    sessions: HashMap<Arc<str>, Arc<Session>>,
    names: HashMap<[u8; 32], Arc<str>>,
}

impl Open {
    fn insert(&mut self, name: &str, session: Arc<Session>) {
        let name: Arc<str> = name.into();
        self.names.insert(*mark(&name).bytes(), Arc::clone(&name));
        self.sessions.insert(name, session);
    }

    fn remove(&mut self, name: &str) -> Option<Arc<Session>> {
        let session = self.sessions.remove(name)?;
        self.names.remove(mark(name).bytes());
        Some(session)
    }

    /// Lets go of those for which `is_over` holds.
    fn sweep(&mut self, is_over: impl Fn(&Session) -> bool) {
        self.sessions.retain(|_, session| !is_over(session));
        self.names.retain(|_, name| self.sessions.contains_key(name));
    }
}

/// What a session's name is known by to those who shall not learn it.
pub(super) fn mark(name: &str) -> Fingerprint {
    Fingerprint::of(name)
}

impl Sessions {
    pub(super) fn new(caps: SessionCaps) -> Self {
        Self { caps, evicted: OnceLock::new(), open: Mutex::default() }
    }

    /// Opens one, under a name that begins with `prefix`. `None` if there is no room and everyone is
    /// busy.
    pub(super) fn open(&self, prefix: &str, session: Session) -> Option<(String, Arc<Session>)> {
        let mut random = [0; NAME];
        getrandom::fill(&mut random).ok()?;
        let name = format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        self.put(&name, session).map(|session| (name, session))
    }

    /// Takes one in that has a name.
    pub(super) fn put(&self, name: &str, session: Session) -> Option<Arc<Session>> {
        let mut open = self.lock();
        if let Some(known) = open.sessions.get(name).filter(|known| !self.is_over(known)) {
            return Some(Arc::clone(known));
        }
        if open.sessions.len() >= self.caps.max && !self.make_room(&mut open, &session.owner) {
            return None;
        }
        let session = Arc::new(session);
        open.insert(name, Arc::clone(&session));
        Some(session)
    }

    /// Ends what is over, or else the session that was used least lately: one of the same caller if
    /// there is any, so that nobody is driven out by somebody else as long as possible.
    fn make_room(&self, open: &mut Open, owner: &CallerId) -> bool {
        let before = open.sessions.len();
        open.sweep(|session| self.is_over(session));
        if open.sessions.len() < before {
            return true;
        }
        let idle = |(name, session): (&Arc<str>, &Arc<Session>)| {
            Some((session.owner != *owner, session.idle_since()?, Arc::clone(name)))
        };
        let Some((_, _, name)) = open.sessions.iter().filter_map(idle).min() else { return false };
        if let Some(session) = open.remove(&name) {
            session.ended.cancel();
            if session.is_ours
                && let Some(evicted) = self.evicted.get()
            {
                evicted(&name);
            }
        }
        true
    }

    /// Sees to it that `hear` is told of sessions that have to make room.
    pub(super) fn when_evicted(&self, hear: impl Fn(&str) + Send + Sync + 'static) {
        let _ = self.evicted.set(Box::new(hear));
    }

    /// The session of this mark, with its name; whose it is is not asked.
    pub(super) fn find_by(&self, mark: Fingerprint) -> Option<(Arc<str>, Arc<Session>)> {
        let open = self.lock();
        let name = open.names.get(mark.bytes())?;
        Some((Arc::clone(name), Arc::clone(open.sessions.get(name)?)))
    }

    /// Ends one, whosever it is.
    pub(super) fn drop_one(&self, name: &str) {
        let session = self.lock().remove(name);
        if let Some(session) = session {
            session.ended.cancel();
        }
    }

    /// A session of this caller.
    pub(super) fn find(&self, name: &str, caller: &Principal) -> Option<Arc<Session>> {
        let mut open = self.lock();
        let session = open.sessions.get(name).filter(|session| session.owner == caller.id())?;
        if self.is_over(session) {
            open.remove(name);
            return None;
        }
        let session = Arc::clone(session);
        session.hear_no_more();
        Some(session)
    }

    pub(super) fn end(&self, name: &str, caller: &Principal) -> bool {
        let Some(session) = self.find(name, caller) else { return false };
        self.lock().remove(name);
        session.ended.cancel();
        true
    }

    fn is_over(&self, session: &Session) -> bool {
        session.ended.is_cancelled()
            || session.idle_since().is_some_and(|since| since.elapsed() >= self.caps.idle)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(sessions: &Sessions, caller: &Principal) -> Option<String> {
        let session = Session::new(caller.id(), &CancellationToken::new());
        sessions.open("", session).map(|(name, _)| name)
    }

    fn named(name: &str) -> Principal {
        Principal { name: name.to_owned(), ..Principal::local() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_its_owners_and_ends_when_nobody_uses_it() {
        let sessions = Sessions::new(SessionCaps { max: 10, idle: Duration::from_secs(60) });
        let (ann, bob) = (named("ann"), named("bob"));
        let name = open(&sessions, &ann).unwrap();
        assert!(sessions.find(&name, &ann).is_some() && sessions.find(&name, &bob).is_none());
        assert!(!sessions.end(&name, &bob));
        tokio::time::advance(Duration::from_secs(50)).await;
        let heard = sessions.find(&name, &ann).unwrap().listen();
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert!(sessions.find(&name, &ann).is_some(), "somebody listens");
        heard.cancel();
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(sessions.find(&name, &ann).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn one_more_than_may_be_ends_the_callers_own_that_was_used_least_lately() {
        let sessions = Sessions::new(SessionCaps { max: 3, idle: Duration::from_secs(60) });
        let (ann, bob) = (named("ann"), named("bob"));
        let mut names = Vec::new();
        for caller in [&ann, &bob, &bob, &bob] {
            names.push(open(&sessions, caller).unwrap());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert!(sessions.find(&names[0], &ann).is_some(), "bob drove ann out");
        let left: Vec<bool> = names[1..].iter().map(|name| sessions.find(name, &bob).is_some()).collect();
        assert_eq!(left, [false, true, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_found_by_its_mark_until_it_is_over() {
        let sessions = Sessions::new(SessionCaps { max: 2, idle: Duration::from_secs(60) });
        let ann = named("ann");
        let (first, second) = (open(&sessions, &ann).unwrap(), open(&sessions, &ann).unwrap());
        for name in [&first, &second] {
            assert_eq!(&*sessions.find_by(mark(name)).unwrap().0, name.as_str());
        }
        assert!(sessions.find_by(mark("unknown")).is_none());
        assert!(sessions.end(&first, &ann) && sessions.find_by(mark(&first)).is_none());
        // The next is evicted, and the last two are over when one more comes.
        let third = open(&sessions, &ann).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        open(&sessions, &ann).unwrap();
        tokio::time::advance(Duration::from_secs(60)).await;
        open(&sessions, &ann).unwrap();
        assert!([&second, &third].iter().all(|name| sessions.find_by(mark(name)).is_none()));
        let open = sessions.lock();
        assert_eq!((open.sessions.len(), open.names.len()), (1, 1), "nothing is left of the others");
    }
}
