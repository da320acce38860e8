//! How a server goes, step by step, so that nothing is lost on the way.
//!
//! First it only says so: `/readyz` fails, and every answer closes its connection. Then it listens no
//! more and takes nothing new, and what runs is waited for.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// A connection that was taken at the last moment has so long for the first bytes of its request.
const MOMENT: Duration = Duration::from_millis(300);

/// Resolves a moment after the server has closed.
pub async fn last_moment(closing: &CancellationToken) {
    closing.cancelled().await;
    tokio::time::sleep(MOMENT).await;
}

/// The steps; each follows the one before.
#[derive(Debug, Clone, Default)]
pub struct Leaving {
    /// It says that it will go.
    pub told: CancellationToken,
    /// Nothing is listened for any more.
    pub closing: CancellationToken,
    /// Requests that come now are refused.
    pub refusing: CancellationToken,
}

impl Leaving {
    /// Resolves when it is time to close: `notice` after `shutdown`.
    pub async fn announced(&self, shutdown: impl Future<Output = ()>, notice: Duration) {
        shutdown.await;
        self.told.cancel();
        if !notice.is_zero() {
            tracing::info!("going in {notice:?}: `/readyz` says so, and calls are still taken");
            tokio::time::sleep(notice).await;
        }
    }

    /// Refuses what comes after the last moment; never resolves.
    pub async fn refuse_in_a_moment(&self) {
        tokio::time::sleep(MOMENT).await;
        self.refusing.cancel();
        std::future::pending().await
    }
}
