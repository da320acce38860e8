//! Calls that nobody makes: by the clock, or by a trigger. They are those of a caller of the file, are judged
//! like any call of that caller, and go on as a job of theirs.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::call::Call;
use crate::model::{Principal, SecretName, SecretText, UnknownActor, actor};

use super::supply::Means;
use super::{Engine, Job, Origin, Rejection, Stream, Watcher};

/// What is to be called, as whom, and why.
#[derive(Debug, Clone)]
pub struct Automatic {
    pub tool: String,
    /// As the file names them.
    pub acts_as: String,
    pub arguments: Map<String, Value>,
    /// `schedule`, `file` or `webhook`, for its records.
    pub via: &'static str,
}

/// Why a call was not begun.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    #[error(transparent)]
    Actor(#[from] UnknownActor),
    #[error("{0}")]
    Rejected(Rejection),
}

impl Engine {
    /// Begins such a call.
    pub async fn begin_automatic(self: &Arc<Self>, wanted: Automatic) -> Result<Arc<Job>, NotBegun> {
        let Automatic { tool, acts_as, arguments, via } = wanted;
        let principal = actor(self.state().catalog(), &acts_as)?;
        let origin = Origin { via, ..Origin::default() };
        self.judge_rate(&principal, &tool)?;
        let call = Call { principal: principal.into(), tool, arguments };
        let prepared = self.prepare_aside(call, origin).await.map_err(NotBegun::Rejected)?;
        self.begin_job(prepared, Box::new(Unwatched)).await.map_err(NotBegun::Rejected)
    }

    fn judge_rate(&self, principal: &Principal, tool: &str) -> Result<(), NotBegun> {
        let state = self.state();
        if !state.rates().has_tools() {
            return Ok(());
        }
        let judged = state.rates().call(principal, tool);
        judged.map_err(|late| NotBegun::Rejected(Rejection::TooOften { tool: tool.to_owned(), late }))
    }

    /// The value of a secret that requests are signed with. Whoever sends them is not known yet, so a program
    /// that prints it runs seldom, and ends when nobody waits for it.
    pub async fn signing_secret(&self, name: &SecretName) -> Result<SecretText, Rejection> {
        let state = self.state();
        let cancel = CancellationToken::new();
        let means = Means { facts: &state.facts, runner: &*self.runner, cancel: &cancel };
        state.secrets.judging(name, &means).await
    }
}

/// The watcher of a call that only its job sees.
struct Unwatched;

impl Watcher for Unwatched {
    fn output(&mut self, _stream: Stream, _bytes: &Bytes) {}
}
