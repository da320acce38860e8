//! What copies of one server tell each other of their sessions, by way of a store that all of them
//! reach.
//!
//! What is kept is who a session belongs to and what its client has said in `initialize`. It is kept
//! under a mark that is made of the session's name, so whoever reads the store learns no name. Calls
//! stay where they run; that one shall end is told to the copy where it does.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rmcp::model::{InitializeRequestParams, RequestId};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::model::Principal;

use super::super::wire::desk::Said;
use super::session::{Session, Sessions, mark};

/// A session that was known so lately is not asked for again.
const FRESH: Duration = Duration::from_secs(5);
/// What a client says of itself may be large; then its session is known at one copy only.
const LONGEST: usize = 64 << 10;

/// The store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store of sessions does not answer")]
pub struct Unavailable;

/// A store. What is kept is forgotten when nobody has asked for it as long as a session may be idle.
pub trait Shelf: Send + Sync + 'static {
    fn keep(&self, mark: String, text: String) -> BoxFuture<'_, Result<(), Unavailable>>;

    /// What is kept, and will be for another while.
    fn find(&self, mark: String) -> BoxFuture<'_, Result<Option<String>, Unavailable>>;

    /// Does not wait.
    fn forget(&self, mark: String);

    /// Says something to all copies. Does not wait.
    fn tell(&self, word: String);
}

#[derive(Serialize, Deserialize)]
struct Kept {
    owner: String,
    peer: Arc<InitializeRequestParams>,
}

/// What one copy says to the others.
#[derive(Serialize, Deserialize)]
struct Word {
    session: String,
    /// The request that shall end; without it, the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancel: Option<RequestId>,
    /// What its client says to a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<(String, Said)>,
}

/// The shelf of a server, and what is done with it.
pub(super) struct Shared(Arc<dyn Shelf>);

impl Shared {
    pub(super) fn on(shelf: Arc<dyn Shelf>) -> Self {
        Self(shelf)
    }

    /// Keeps a session that began here, so that other copies find it.
    pub(super) async fn keep(&self, name: &str, session: &Session) {
        let Some(peer) = session.peer.get().cloned() else { return };
        let kept = Kept { owner: session.owner.as_str().to_owned(), peer };
        let Ok(text) = serde_json::to_string(&kept) else { return };
        if text.len() > LONGEST {
            return;
        }
        match self.0.keep(mark(name).to_string(), text).await {
            Ok(()) => session.share(),
            Err(problem) => tracing::warn!("a session is known at this copy only: {problem}"),
        }
    }

    /// Sees to it that a session of this caller is known here if it is at any copy.
    pub(super) async fn recall(
        &self,
        sessions: &Sessions,
        name: &str,
        caller: &Principal,
        stop: &CancellationToken,
    ) -> Result<(), Unavailable> {
        let known = sessions.find(name, caller);
        if known.as_ref().is_some_and(|session| !session.is_shared() || session.unasked() < FRESH) {
            return Ok(());
        }
        match (self.0.find(mark(name).to_string()).await, known) {
            (Ok(Some(_)), Some(session)) => session.share(),
            (Ok(Some(text)), None) => adopt(sessions, name, caller, &text, stop),
            (Ok(None), Some(_)) => sessions.drop_one(name),
            // One that is known here is served meanwhile.
            (Ok(None), None) | (Err(_), Some(_)) => {}
            (Err(problem), None) => return Err(problem),
        }
        Ok(())
    }

    /// A session is over, at every copy.
    pub(super) fn end(&self, name: &str) {
        self.0.forget(mark(name).to_string());
        self.say(&Word { session: mark(name).to_string(), cancel: None, answer: None });
    }

    /// A request shall end that runs at another copy.
    pub(super) fn cancel(&self, name: &str, request: RequestId) {
        self.say(&Word { session: mark(name).to_string(), cancel: Some(request), answer: None });
    }

    /// What a client says to a question that was asked at another copy.
    pub(super) fn answer(&self, name: &str, question: &str, said: Said) {
        let answer = Some((question.to_owned(), said));
        self.say(&Word { session: mark(name).to_string(), cancel: None, answer });
    }

    fn say(&self, word: &Word) {
        if let Ok(word) = serde_json::to_string(word) {
            self.0.tell(word);
        }
    }
}

/// Does what another copy has said.
pub(super) fn hear(sessions: &Sessions, word: &str) {
    let Ok(Word { session, cancel, answer }) = serde_json::from_str(word) else { return };
    let Some((name, session)) = session.parse().ok().and_then(|mark| sessions.find_by(mark)) else { return };
    match (cancel, answer) {
        (_, Some((question, said))) => drop(session.desk.answer(&question, said)),
        (Some(request), None) => drop(session.cancel(&request)),
        (None, None) => sessions.drop_one(&name),
    }
}

fn adopt(sessions: &Sessions, name: &str, caller: &Principal, text: &str, stop: &CancellationToken) {
    let Ok(Kept { owner, peer }) = serde_json::from_str(text) else { return };
    if owner != caller.id().as_str() {
        return;
    }
    let session = Session::of_another_copy(caller.id(), stop);
    let _ = session.peer.set(peer);
    session.share();
    sessions.put(name, session);
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use rmcp::model::{ClientCapabilities, Implementation};

    use super::super::SessionCaps;
    use super::*;

    #[derive(Default)]
    struct Board {
        kept: Mutex<HashMap<String, String>>,
        said: Mutex<Vec<String>>,
        is_away: std::sync::atomic::AtomicBool,
    }

    impl Board {
        fn there(&self) -> Result<(), Unavailable> {
            let is_away = self.is_away.load(std::sync::atomic::Ordering::SeqCst);
            if is_away { Err(Unavailable) } else { Ok(()) }
        }
    }

    impl Shelf for Board {
        fn keep(&self, mark: String, text: String) -> BoxFuture<'_, Result<(), Unavailable>> {
            Box::pin(async move {
                self.there()?;
                self.kept.lock().unwrap().insert(mark, text);
                Ok(())
            })
        }

        fn find(&self, mark: String) -> BoxFuture<'_, Result<Option<String>, Unavailable>> {
            Box::pin(async move { self.there().map(|()| self.kept.lock().unwrap().get(&mark).cloned()) })
        }

        fn forget(&self, mark: String) {
            self.kept.lock().unwrap().remove(&mark);
        }

        fn tell(&self, word: String) {
            self.said.lock().unwrap().push(word);
        }
    }

    fn named(name: &str) -> Principal {
        Principal { name: name.to_owned(), ..Principal::local() }
    }

    fn copy() -> Sessions {
        Sessions::new(SessionCaps { max: 10, idle: Duration::from_secs(60) })
    }

    async fn opened(sessions: &Sessions, shared: &Shared) -> String {
        let session = Session::new(named("ann").id(), &CancellationToken::new());
        let peer = InitializeRequestParams::new(ClientCapabilities::default(), Implementation::new("a", "1"));
        session.peer.set(Arc::new(peer)).unwrap();
        let (name, session) = sessions.open("a.", session).unwrap();
        shared.keep(&name, &session).await;
        name
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_known_at_every_copy_to_its_owner_alone_until_it_ends_at_one() {
        let board = Arc::new(Board::default());
        let (shared, stop) = (Shared::on(Arc::clone(&board) as Arc<dyn Shelf>), CancellationToken::new());
        let [here, there] = [copy(), copy()];
        let name = opened(&here, &shared).await;
        assert!(name.starts_with("a."));
        let kept = format!("{:?}", board.kept.lock().unwrap());
        assert!(!kept.contains(&name), "the store has the name: {kept}");
        for who in ["bob", "ann"] {
            shared.recall(&there, &name, &named(who), &stop).await.unwrap();
            assert_eq!(there.find(&name, &named(who)).is_some(), who == "ann", "{who}");
        }
        let peer = there.find(&name, &named("ann")).unwrap().peer.get().cloned().unwrap();
        assert_eq!(peer.client_info.name, "a");
        // Told of its end, or asking for it when that was a while ago.
        let away = copy();
        shared.recall(&away, &name, &named("ann"), &stop).await.unwrap();
        here.end(&name, &named("ann"));
        shared.end(&name);
        hear(&there, &board.said.lock().unwrap()[0]);
        assert!(there.find(&name, &named("ann")).is_none());
        tokio::time::advance(FRESH).await;
        shared.recall(&away, &name, &named("ann"), &stop).await.unwrap();
        assert!(away.find(&name, &named("ann")).is_none());
        hear(&away, "no word");
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_store_what_is_known_is_served_and_what_is_not_is_said_to_be_unknown_yet() {
        let board = Arc::new(Board::default());
        let (shared, stop) = (Shared::on(Arc::clone(&board) as Arc<dyn Shelf>), CancellationToken::new());
        let [here, there] = [copy(), copy()];
        let name = opened(&here, &shared).await;
        board.is_away.store(true, std::sync::atomic::Ordering::SeqCst);
        tokio::time::advance(FRESH).await;
        let ann = named("ann");
        assert_eq!(shared.recall(&here, &name, &ann, &stop).await, Ok(()));
        assert!(here.find(&name, &ann).is_some());
        assert_eq!(shared.recall(&there, &name, &ann, &stop).await, Err(Unavailable));
        let alone = opened(&here, &shared).await;
        board.is_away.store(false, std::sync::atomic::Ordering::SeqCst);
        tokio::time::advance(FRESH).await;
        shared.recall(&here, &alone, &ann, &stop).await.unwrap();
        assert!(here.find(&alone, &ann).is_some(), "it was never shared, so nobody can have ended it");
    }
}
