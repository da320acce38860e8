//! Who makes and starts a container now, and who a little later. An engine that starts many at once
//! shares its processors among them, so that all of them are as late as the last one; one after
//! another the first are early and the last no later.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A start waits for the kernel too, so there is room for more of them than there are processors.
const FOR_EACH: usize = 2;
/// An engine that stands still holds nobody who comes later.
const LONGEST: Duration = Duration::from_secs(10);

pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    /// Most engines are on this host; another has about as many processors.
    fn default() -> Self {
        let processors = available_parallelism().map_or(FOR_EACH, NonZero::get);
        Self(Arc::new(Semaphore::new(FOR_EACH * processors)))
    }
}

impl Turns {
    /// Who has waited for long goes on without one.
    pub async fn take(&self) -> Option<OwnedSemaphorePermit> {
        timeout(LONGEST, Arc::clone(&self.0).acquire_owned()).await.ok()?.ok()
    }
}
