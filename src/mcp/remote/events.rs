//! What a session is told while it asks for nothing: that its list of tools is another one.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::model::Principal;

use super::super::changes::Changes;
use super::super::server::Caller;
use super::framing::{Framer, Framing};
use super::session::Session;

const CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

/// The one stream of events of a session; a newer one ends it.
pub struct Events {
    session: Arc<Session>,
    changes: Changes,
    /// The list changed after the session was given it, and before it listened.
    is_due: bool,
    over: CancellationToken,
    closing: CancellationToken,
}

impl Events {
    pub(super) fn of(
        engine: &Engine,
        session: Arc<Session>,
        caller: &Arc<Principal>,
        closing: CancellationToken,
    ) -> Self {
        session.told.session();
        let changes = Changes::of(engine, Caller::Known(Arc::clone(caller)));
        let (is_due, over) = (session.told.is_outdated(engine), session.listen());
        Self { session, changes, is_due, over, closing }
    }

    /// The next event; `None` when the session has ended. May be dropped at any await.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.is_due) {
            tokio::select! {
                () = self.changes.next() => {}
                () = self.over.cancelled() => return None,
                () = self.closing.cancelled() => return None,
            }
        }
        Some(Framer::new(Framing::Events).frame(format!("{CHANGED}\n").into_bytes()))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.over.cancel();
        self.session.hear_no_more();
    }
}
