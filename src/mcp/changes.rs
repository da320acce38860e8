//! Tells clients what is another thing than they were given: the lists of tools, prompts and
//! resources, and single resources that they subscribe to.
//!
//! A session that began with `initialize` is told by plain notifications; a client of the newer era
//! asks for them with `subscriptions/listen` and is told on that subscription. A reload that leaves
//! a list as it was is told to nobody.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{ResourceUpdatedNotificationParam, SubscriptionFilter};
use rmcp::service::{Peer, SubscriptionContext, SubscriptionSink};
use rmcp::{RoleServer, ServerHandler};
use tokio::sync::watch;

use crate::engine::{Engine, NotRead, State, Updates};

use super::due::{Due, News};
use super::listing::is_same;
use super::logs::Wanted;
use super::offered::{listed_prompts, listed_resources};
use super::server::{Caller, Server};
use super::wire::Ticket;

/// Waits for something that the client has to be told.
pub(super) struct Changes {
    engine: Engine,
    states: watch::Receiver<Arc<State>>,
    /// What the lists were compared with last.
    last: Arc<State>,
    caller: Caller,
    due: Arc<Due>,
    /// Somebody has asked, so the folders are watched.
    has_begun: bool,
    /// Whether they are.
    follows_folders: bool,
}

impl Changes {
    pub(super) fn of(engine: &Engine, caller: Caller, due: Arc<Due>) -> Self {
        let mut states = engine.states();
        let last = Arc::clone(&states.borrow_and_update());
        Self { engine: engine.clone(), states, last, caller, due, has_begun: false, follows_folders: true }
    }

    /// For a subscription that is accepted.
    pub(super) fn subscribed(server: &Server, accepted: &SubscriptionFilter, due: Arc<Due>) -> Self {
        let mut changes = Self::of(&server.engine, server.caller.clone(), Arc::clone(&due));
        // Folders are followed already, for those who want to know.
        changes.has_begun = true;
        changes.follows_folders = accepted.resources_list_changed == Some(true);
        // A change between its last list and its subscription would be told by nobody else.
        server.told.outdated(&server.engine).into_iter().for_each(|news| due.add(news));
        changes
    }

    /// Resolves when the client has to be told something; never, once nothing can change any more. May
    /// be dropped at any await.
    pub(super) async fn next(&mut self) -> News {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.watch_folders();
            follow_jobs(&self.due, &self.engine, &self.last, &self.caller);
        }
        loop {
            tokio::select! {
                biased;
                changed = self.states.changed() => match changed {
                    Ok(()) => self.compare(),
                    Err(_) => return self.due.next().await,
                },
                news = self.due.next() => return news,
            }
        }
    }

    fn compare(&mut self) {
        let now = Arc::clone(&self.states.borrow_and_update());
        let before = std::mem::replace(&mut self.last, now);
        let [old, new] = [&before, &self.last].map(|state| self.caller.principal(state));
        if !is_same((&before, &old), (&self.last, &new)) {
            self.due.add(News::Tools);
        }
        let [offered, offers] = [&before, &self.last].map(|state| &state.catalog().offers);
        if offered.is_empty() && offers.is_empty() {
            return;
        }
        if listed_prompts(&before, &old) != listed_prompts(&self.last, &new) {
            self.due.add(News::Prompts);
        }
        if listed_resources(&before, &old) != listed_resources(&self.last, &new) {
            self.due.add(News::Resources);
        }
        if self.follows_folders {
            self.watch_folders();
        }
    }

    fn watch_folders(&self) {
        self.due.follow_folders(self.engine.watch_folders(&self.last));
    }
}

/// What the client of one connection was given.
#[derive(Default)]
pub(super) struct Told {
    /// It has opened a session and says that it is ready, by word or by deed.
    is_in_session: AtomicBool,
    /// The editions of the lists that it was given last; 0 before that.
    tools: AtomicU64,
    prompts: AtomicU64,
    resources: AtomicU64,
    due: Arc<Due>,
    /// Which messages of commands it has asked for.
    pub(super) log_level: Wanted,
}

impl Told {
    pub(super) fn session(&self) {
        self.is_in_session.store(true, Ordering::SeqCst);
    }

    pub(super) fn list(&self, edition: u64) {
        self.tools.store(edition, Ordering::SeqCst);
    }

    pub(super) fn prompts(&self, edition: u64) {
        self.prompts.store(edition, Ordering::SeqCst);
    }

    pub(super) fn resources(&self, edition: u64) {
        self.resources.store(edition, Ordering::SeqCst);
    }

    /// Whether it knows of any resources, so that it may want to know of others.
    pub(super) fn has_resources(&self) -> bool {
        self.resources.load(Ordering::SeqCst) != 0
    }

    /// What it has to be told.
    pub(super) fn due(&self) -> &Arc<Due> {
        &self.due
    }

    /// The lists that the client has, of an earlier state.
    pub(super) fn outdated(&self, engine: &Engine) -> Vec<News> {
        let now = engine.state().edition();
        let lists =
            [(&self.tools, News::Tools), (&self.prompts, News::Prompts), (&self.resources, News::Resources)];
        let outdated = lists.into_iter().filter(|(told, _)| {
            let told = told.load(Ordering::SeqCst);
            told != 0 && told != now
        });
        outdated.map(|(_, news)| news).collect()
    }
}

/// Jobs of a caller are resources of theirs.
fn follow_jobs(due: &Arc<Due>, engine: &Engine, state: &State, caller: &Caller) {
    if state.keeps_jobs() {
        due.follow_jobs(engine.jobs().comings(&caller.principal(state).id()));
    }
}

impl Server {
    /// Sees changes of what the caller reads under a URI.
    pub(super) fn updates(&self, uri: &str) -> Result<Updates, NotRead> {
        let caller = self.caller.clone();
        self.engine.watch(uri, Box::new(move |state| caller.principal(state)))
    }
}

/// Tells the session of one connection, as long as it is polled.
pub struct Announcer {
    changes: Changes,
    told: Arc<Told>,
}

impl Announcer {
    pub(super) fn new(changes: Changes, told: Arc<Told>) -> Self {
        Self { changes, told }
    }

    /// Resolves when the client is gone.
    pub async fn run(mut self, peer: Peer<RoleServer>) {
        loop {
            let news = self.changes.next().await;
            if !self.told.is_in_session.load(Ordering::SeqCst) {
                continue;
            }
            if news == News::Jobs && !self.told.has_resources() {
                continue;
            }
            let told = match news {
                News::Tools => peer.notify_tool_list_changed().await,
                News::Prompts => peer.notify_prompt_list_changed().await,
                News::Resources | News::Jobs => peer.notify_resource_list_changed().await,
                News::Updated(uri) => {
                    peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await
                }
            };
            if told.is_err() {
                return;
            }
        }
    }
}

/// What is followed for subscriptions that are accepted, and of which the client has not heard yet: a
/// change after it has heard is seen.
#[derive(Default)]
pub(super) struct Accepted(Mutex<VecDeque<(SubscriptionFilter, Arc<Due>)>>);

impl Accepted {
    /// Subscriptions that are accepted at the same time; beyond that the oldest is begun anew.
    const MOST: usize = 16;

    fn put(&self, filter: SubscriptionFilter, due: Arc<Due>) {
        let mut accepted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        accepted.truncate(Self::MOST - 1);
        accepted.push_front((filter, due));
    }

    fn take(&self, filter: &SubscriptionFilter) -> Option<Arc<Due>> {
        let mut accepted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = accepted.iter().position(|(known, _)| known == filter)?;
        accepted.remove(at).map(|(_, due)| due)
    }
}

/// Resources of one subscription.
const MOST_LISTENED: usize = 256;

/// Of what a client wants to be told, what it can be; from now on changes become due. Lists are told of to
/// everybody; of single resources those that the caller can read.
pub(super) fn accept(server: &Server, requested: &SubscriptionFilter) -> SubscriptionFilter {
    let (accepted, due) = accepted(server, requested);
    server.accepted.put(accepted.clone(), due);
    accepted
}

/// The same for whoever keeps what is followed for it.
pub(super) fn accepted(server: &Server, requested: &SubscriptionFilter) -> (SubscriptionFilter, Arc<Due>) {
    let (mut accepted, due) = (requested.clone(), Arc::<Due>::default());
    let uris = accepted.resource_subscriptions.take().into_iter().flatten();
    let follow = |uri: &String| server.updates(uri).is_ok_and(|updates| due.follow(updates).is_ok());
    let uris: Vec<String> = uris.filter(follow).take(MOST_LISTENED).collect();
    accepted.resource_subscriptions = (!uris.is_empty()).then_some(uris);
    if accepted.resources_list_changed == Some(true) {
        let state = server.engine.state();
        due.follow_folders(server.engine.watch_folders(&state));
        follow_jobs(&due, &server.engine, &state, &server.caller);
    }
    let advertised = accepted.supported_by(&server.get_info().capabilities);
    (requested.intersection(&accepted).intersection(&advertised), due)
}

/// Serves one subscription until it is cancelled or the client says no more.
pub(super) async fn listen(server: &Server, subscription: SubscriptionContext) {
    let accepted = subscription.accepted();
    let due = server.accepted.take(accepted).unwrap_or_else(|| {
        accept(server, accepted);
        server.accepted.take(accepted).unwrap_or_default()
    });
    let mut changes = Changes::subscribed(server, accepted, due);
    let ticket = subscription.request_context().extensions.get::<Ticket>();
    let over = async {
        match ticket {
            Some(ticket) => ticket.input_ended().await,
            None => std::future::pending().await,
        }
    };
    let telling = async {
        loop {
            let news = changes.next().await;
            if wants(accepted, &news) && tell(subscription.sink(), news).await.is_none() {
                return;
            }
        }
    };
    tokio::select! {
        () = subscription.cancelled() => {}
        () = over => {}
        () = telling => {}
    }
}

pub(super) fn wants(accepted: &SubscriptionFilter, news: &News) -> bool {
    match news {
        News::Tools => accepted.tools_list_changed == Some(true),
        News::Prompts => accepted.prompts_list_changed == Some(true),
        News::Resources | News::Jobs => accepted.resources_list_changed == Some(true),
        News::Updated(_) => true,
    }
}

/// `None` if the client is gone.
async fn tell(sink: &SubscriptionSink, news: News) -> Option<()> {
    let told = match news {
        News::Tools => sink.notify_tool_list_changed().await,
        News::Prompts => sink.notify_prompt_list_changed().await,
        News::Resources | News::Jobs => sink.notify_resource_list_changed().await,
        News::Updated(uri) => sink.notify_resource_updated(uri).await,
    };
    told.ok()
}
