//! Makes the containers that the pool lacks: one at a time, in the background, and not in the midst
//! of calls, which need the processor more.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::made::{Beginning, lead};
use super::pool::{Next, Pool, Waiting};
use crate::plan::ContainerPlan;
use crate::runner::Teller;
use crate::runner::container::connection::Connector;
use crate::runner::container::create::Order;
use crate::runner::container::failure::ContainerFailure;
use crate::runner::container::init::InitFile;
use crate::runner::container::name::container_name;
use crate::runner::container::owner::Owner;

/// So long nobody must have called.
const QUIET: Duration = Duration::from_millis(50);
/// Who calls without a pause gets new ones all the same, if slowly.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Ends when the pool is closed.
pub async fn fill(pool: Arc<Pool>) {
    loop {
        let changed = pool.changed.notified();
        let (until, plan) = match pool.next() {
            Next::Make(plan) => (None, Some(plan)),
            Next::Wait(until) => (until, None),
        };
        let Some(plan) = plan else {
            tokio::select! {
                () = pool.closed.cancelled() => return,
                () = changed => {}
                () = at(until) => {}
            }
            continue;
        };
        tokio::select! {
            () = pool.closed.cancelled() => return,
            () = quiet(&pool) => {}
        }
        let connector = (pool.connector)(&plan);
        let made = match init_file(&connector, &pool).await {
            Ok(init) => make(&pool, connector, &plan, init).await,
            Err(failure) => Err(failure),
        };
        match made {
            Ok(waiting) => pool.put(&plan, waiting),
            Err(_) if pool.closed.is_cancelled() => return,
            Err(failure) if pool.failed(&plan) => {
                tracing::warn!("`{}`: calls start cold: {failure}", plan.image);
            }
            Err(failure) => tracing::debug!("`{}`: calls start cold: {failure}", plan.image),
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn quiet(pool: &Pool) {
    let latest = Instant::now() + LONGEST_WAIT;
    while let Some(quiet) = pool.last_call().map(|call| call + QUIET) {
        if quiet.min(latest) <= Instant::now() {
            return;
        }
        sleep_until(quiet.min(latest)).await;
    }
}

/// Written once, for as long as nobody removes it.
pub(super) async fn init_file(connector: &Connector, pool: &Pool) -> Result<Arc<InitFile>, ContainerFailure> {
    let not_ahead = |problem: String| ContainerFailure::NotAhead { problem };
    if !connector.connection().await?.is_local() {
        return Err(not_ahead("the engine is on another host, which cannot see our init".to_owned()));
    }
    let mut kept = pool.init.lock().await;
    if let Some(init) = kept.as_ref().filter(|init| init.is_there()) {
        return Ok(Arc::clone(init));
    }
    let written = InitFile::write(&container_name(), &Owner::this(), &connector.environment);
    let written = Arc::new(written.map_err(not_ahead)?);
    *kept = Some(Arc::clone(&written));
    Ok(written)
}

async fn make(
    pool: &Arc<Pool>,
    connector: Arc<Connector>,
    plan: &ContainerPlan,
    init: Arc<InitFile>,
) -> Result<Waiting, ContainerFailure> {
    let name = container_name();
    let order = Order::ahead(plan, name.clone(), Owner::this(), init.mount());
    let (ready, is_ready) = oneshot::channel();
    let (assign, assigned) = oneshot::channel();
    let (cancel, news) = (pool.closed.clone(), Teller::default());
    let beginning = Beginning { order, connector, cancel, news, init, pool: Arc::clone(pool) };
    let (pool_of, of) = (Arc::clone(pool), name.clone());
    pool.tasks.spawn(async move {
        lead(beginning, ready, assigned).await;
        pool_of.lost(&of);
    });
    match is_ready.await {
        Ok(made) => made.map(|()| Waiting::new(name, assign)),
        Err(_) => Err(ContainerFailure::Cancelled),
    }
}
