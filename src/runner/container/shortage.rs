//! Whether a container was killed for its memory. An engine hears of that by another way than of the end, on a busy
//! host later than of the end; some then note it nowhere but in their events.

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use bollard::query_parameters::EventsOptions;
use futures_util::StreamExt;
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::life::Life;

/// How long an engine may take to hear of it.
const HEARSAY: Duration = Duration::from_millis(700);
/// Between two looks at what it has noted.
const LOOK: Duration = Duration::from_millis(100);

impl Life {
    /// As far as the engine has noted it.
    pub(super) async fn is_noted_short(&self, connection: &Connection) -> bool {
        let inspected = connection.docker.inspect_container(&self.order.name, None);
        let inspected = connection.answer("to look at the container", inspected).await;
        inspected.is_ok_and(|found| found.state.and_then(|state| state.oom_killed) == Some(true))
    }

    /// Waits for the engine to hear of it, but not for long: perhaps it was killed for something else.
    pub(super) async fn is_found_short(&self, connection: &Connection) -> bool {
        let heard = async {
            tokio::select! {
                () = self.short_by_events(connection) => (),
                () = self.short_by_state(connection) => (),
            }
        };
        timeout(HEARSAY, heard).await.is_ok()
    }

    async fn short_by_state(&self, connection: &Connection) {
        while !self.is_noted_short(connection).await {
            sleep(LOOK).await;
        }
    }

    /// Also those are told that came before the question. Podman has none of this kind.
    async fn short_by_events(&self, connection: &Connection) {
        if connection.is_podman() {
            return pending().await;
        }
        let of = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        let filters = HashMap::from([of("container", &self.order.name), of("event", "oom")]);
        let options = EventsOptions { since: Some("1".to_owned()), filters: Some(filters), until: None };
        let first = Box::pin(connection.docker.events(Some(options))).next().await;
        if !matches!(first, Some(Ok(_))) {
            pending().await
        }
    }
}
