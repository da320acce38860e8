//! How many calls callers have made in this hour and on this day, in bounded memory.
//!
//! Counts outlive a reload, and the server where the file says so: then they are kept on disk.

mod counts;
mod kept;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::{AuthMethod, Catalog, Principal, Quota, host_network};

use counts::Counts;
pub use counts::UsedUp;
use kept::Kept;

/// Between two writes of what has changed.
const PACE: Duration = Duration::from_secs(5);

/// What a file allows, and what of it is used up.
#[derive(Clone)]
pub struct Quotas {
    all: Option<Quota>,
    /// Some caller has one of their own.
    has_own: bool,
    kept: Option<Kept>,
    counts: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    counts: Counts,
    /// What is on disk has been read.
    is_read: bool,
    has_changed: bool,
}

impl Quotas {
    pub fn new(catalog: &Catalog) -> Self {
        let http = &catalog.server.http;
        let has_own = http.auth.iter().flat_map(|auth| auth.callers()).any(|caller| caller.quota.is_some());
        let kept = http.quota_file.clone().map(Kept::at);
        Self { all: http.quota, has_own, kept, counts: Arc::default() }
    }

    /// These, with what has been used up of others.
    pub(super) fn following(self, before: &Self) -> Self {
        Self { counts: Arc::clone(&before.counts), ..self }
    }

    /// Whether anything is counted.
    pub fn are_there(&self) -> bool {
        self.all.is_some() || self.has_own
    }

    /// A call of a caller over HTTP that is about to be carried out.
    pub fn call(&self, caller: &Principal) -> Result<(), UsedUp> {
        let Some(quota) = caller.quota.or(self.all) else { return Ok(()) };
        let mut shared = self.lock();
        self.read(&mut shared);
        shared.has_changed = true;
        shared.counts.take(&who(caller), quota, now())
    }

    /// Writes what has changed. It may block.
    pub fn save(&self) {
        let Some(kept) = &self.kept else { return };
        let counts = {
            let mut shared = self.lock();
            if !std::mem::take(&mut shared.has_changed) {
                return;
            }
            shared.counts.clone()
        };
        if let Err(error) = kept.write(&counts) {
            tracing::error!("what callers have used of their quotas cannot be kept: {error}");
            self.lock().has_changed = true;
        }
    }

    /// What was kept, once; where it cannot be read, counting begins anew, and that is said.
    fn read(&self, shared: &mut Shared) {
        if std::mem::replace(&mut shared.is_read, true) {
            return;
        }
        match self.kept.as_ref().map(Kept::read) {
            Some(Ok(counts)) => shared.counts = counts,
            Some(Err(error)) => {
                tracing::error!(
                    "what callers have used of their quotas cannot be read, so they begin anew: {error}"
                );
            }
            None => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl super::Engine {
    /// Keeps on disk what callers have used up, as long as it is polled.
    pub async fn keep_quotas(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(PACE).await;
            let state = self.state();
            if state.quotas().kept.is_some() {
                // What fails has been said.
                let _ = tokio::task::spawn_blocking(move || state.quotas().save()).await;
            }
        }
    }
}

/// Where nobody is asked who they are, callers are told apart by where they are.
fn who(caller: &Principal) -> String {
    match (caller.method, caller.address) {
        (AuthMethod::Anonymous, Some(address)) => format!("address:{}", host_network(address)),
        _ => caller.id().as_str().to_owned(),
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
