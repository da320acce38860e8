//! Whether anybody wants anything: what a server holds only for being quick it can let go of in between.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// Who has not been asked for anything for so long is at rest.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Default)]
pub struct Rest {
    is_disturbed: AtomicBool,
    disturbed: Notify,
}

impl Rest {
    /// Somebody wants something. Most find it said already and write nothing.
    pub(super) fn disturb(&self) {
        if !self.is_disturbed.load(Ordering::Relaxed) && !self.is_disturbed.swap(true, Ordering::Relaxed) {
            self.disturbed.notify_one();
        }
    }

    /// Waits until there has been something to do, and then nothing for a while. No clock runs at rest.
    pub async fn comes(&self) {
        self.disturbed.notified().await;
        while self.is_disturbed.swap(false, Ordering::Relaxed) {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_comes_when_nobody_has_asked_for_a_while() {
        let rest = Rest::default();
        let mut comes = pin!(rest.comes());
        advance(PAUSE * 9).await;
        assert!((&mut comes).now_or_never().is_none(), "nothing was there to rest from");
        for _ in 0..5 {
            rest.disturb();
            assert!((&mut comes).now_or_never().is_none());
            advance(PAUSE / 2).await;
        }
        assert!((&mut comes).now_or_never().is_none(), "somebody has asked just now");
        comes.await;
        // What was asked while it waited may be told once more, and never twice.
        let _ = rest.comes().now_or_never();
        assert!(rest.comes().now_or_never().is_none());
        rest.disturb();
        rest.comes().await;
    }
}
