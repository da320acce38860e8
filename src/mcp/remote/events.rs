//! What a session is told while it asks for nothing: that its lists are others now, and
//! what it subscribes to.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::model::Principal;

use super::super::changes::Changes;
use super::super::due::News;
use super::super::server::Caller;
use super::framing::{Framer, Framing};
use super::session::Session;

/// The one stream of events of a session; a newer one ends it.
pub struct Events {
    session: Arc<Session>,
    changes: Changes,
    over: CancellationToken,
    closing: Arc<CancellationToken>,
}

impl Events {
    pub(super) fn of(
        engine: &Engine,
        session: Arc<Session>,
        caller: &Arc<Principal>,
        closing: Arc<CancellationToken>,
    ) -> Self {
        session.told.session();
        let due = Arc::clone(session.told.due());
        // Lists that changed after the session was given them, and before it listened.
        session.told.outdated(engine).into_iter().for_each(|news| due.add(news));
        let changes = Changes::of(engine, Caller::Known(Arc::clone(caller)), due);
        let over = session.listen();
        Self { session, changes, over, closing }
    }

    /// The next event; `None` when the session has ended. May be dropped at any await.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let news = tokio::select! {
                news = self.changes.next() => news,
                () = self.over.cancelled() => return None,
                () = self.closing.cancelled() => return None,
            };
            if news != News::Jobs || self.session.told.has_resources() {
                return Some(
                    Framer::new(Framing::Events).frame(format!("{}\n", news.message()).into_bytes()),
                );
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.over.cancel();
        self.session.hear_no_more();
    }
}
