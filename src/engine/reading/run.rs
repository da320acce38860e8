//! A command that is run because somebody reads.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::engine::{Engine, Presented, Rejection, Stream, Watcher};
use crate::model::{AuthMethod, ToolName};

use super::{NotRead, Reader};

impl Engine {
    /// What a command prints that only reads, judged for whoever reads.
    pub(super) async fn print(
        self: &Arc<Self>,
        tool: &ToolName,
        arguments: Map<String, Value>,
        reader: &Reader,
    ) -> Result<Presented, NotRead> {
        let Reader { principal, origin, cancel } = reader;
        let call = Call { principal: principal.clone(), tool: tool.to_string(), arguments };
        let state = self.state();
        if principal.method != AuthMethod::Local && state.rates().has_tools() {
            state.rates().call(principal, tool.as_str()).map_err(|late| {
                let rejection = Rejection::TooOften { tool: tool.to_string(), late };
                self.refused(&call, origin, &rejection);
                rejection
            })?;
        }
        let (engine, origin) = (Arc::clone(self), origin.clone());
        let prepared = tokio::task::spawn_blocking(move || engine.prepare_reading(call, &origin)).await;
        let prepared = prepared.unwrap_or(Err(Rejection::Cancelled))?;
        let outcome = self.execute(&prepared, &mut Unwatched, cancel.clone()).await?;
        let presented = outcome.present_aside(&prepared).await;
        if presented.is_error {
            return Err(NotRead::Failed(format!("`{tool}` failed: {}", presented.plain_text())));
        }
        Ok(presented)
    }
}

struct Unwatched;

impl Watcher for Unwatched {
    fn output(&mut self, _stream: Stream, _bytes: &Bytes) {}
}
