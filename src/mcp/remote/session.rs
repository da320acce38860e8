//! What is remembered of clients that have said `initialize`: little, for a while, and not of all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rmcp::model::{InitializeRequestParams, RequestId};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::model::Principal;

use super::super::changes::Told;
use super::SessionCaps;
use super::exchange::Running;

/// Bytes of a session's name; nobody guesses 192 bits.
const NAME: usize = 24;

pub(super) struct Session {
    pub peer: InitializeRequestParams,
    pub told: Arc<Told>,
    owner: String,
    /// Requests in flight, and the stream of events if one is open.
    state: Mutex<State>,
    pub ended: CancellationToken,
}

struct State {
    used: Instant,
    running: HashMap<RequestId, Running>,
    listening: Option<CancellationToken>,
}

impl Session {
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

    /// Cancels a request: nothing of it is sent any more.
    pub(super) fn cancel(&self, id: &RequestId) {
        if let Some(running) = self.lock().running.get(id) {
            running.cancel(id);
        }
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

pub(super) struct Sessions {
    caps: SessionCaps,
    open: Mutex<HashMap<String, Arc<Session>>>,
}

impl Sessions {
    pub(super) fn new(caps: SessionCaps) -> Self {
        Self { caps, open: Mutex::default() }
    }

    /// Opens one. `None` if there is no room and everyone is busy.
    pub(super) fn open(
        &self,
        peer: InitializeRequestParams,
        caller: &Principal,
        stop: &CancellationToken,
    ) -> Option<String> {
        let mut random = [0; NAME];
        getrandom::fill(&mut random).ok()?;
        let name = BASE64_URL_SAFE_NO_PAD.encode(random);
        let state = State { used: Instant::now(), running: HashMap::new(), listening: None };
        let session = Session {
            peer,
            told: Arc::default(),
            owner: caller.name.clone(),
            state: Mutex::new(state),
            ended: stop.child_token(),
        };
        let mut open = self.lock();
        if open.len() >= self.caps.max && !self.make_room(&mut open, &caller.name) {
            return None;
        }
        open.insert(name.clone(), Arc::new(session));
        Some(name)
    }

    /// Ends what is over, or else the session that was used least lately: one of the same caller if
    /// there is any, so that nobody is driven out by somebody else as long as possible.
    fn make_room(&self, open: &mut HashMap<String, Arc<Session>>, owner: &str) -> bool {
        let before = open.len();
        open.retain(|_, session| !self.is_over(session));
        if open.len() < before {
            return true;
        }
        let idle = |(name, session): (&String, &Arc<Session>)| {
            Some((session.owner != owner, session.idle_since()?, name.clone()))
        };
        let Some((_, _, name)) = open.iter().filter_map(idle).min() else { return false };
        if let Some(session) = open.remove(&name) {
            session.ended.cancel();
        }
        true
    }

    /// A session of this caller.
    pub(super) fn find(&self, name: &str, caller: &Principal) -> Option<Arc<Session>> {
        let mut open = self.lock();
        let session = open.get(name).filter(|session| session.owner == caller.name)?;
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

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rmcp::model::{ClientCapabilities, Implementation};

    use super::*;

    fn open(sessions: &Sessions, caller: &Principal) -> Option<String> {
        let peer = InitializeRequestParams::new(ClientCapabilities::default(), Implementation::new("a", "1"));
        sessions.open(peer, caller, &CancellationToken::new())
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
}
