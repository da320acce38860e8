//! Containers that stay for another call: whose they are, and how they come to be.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::plan::ContainerPlan;
use crate::runner::container::connection::Connector;
use crate::runner::container::create::Order;
use crate::runner::container::failure::ContainerFailure;
use crate::runner::container::owner::CALL;
use crate::runner::{RunId, Teller};

use super::filling::init_file;
use super::made::{Beginning, lead};
use super::pool::{Pool, Waiting, needs};

/// One that has had a call.
pub(super) struct Used {
    /// All but the command; whose calls may come is a part of it.
    plan: ContainerPlan,
    /// What is in its files, which are written once.
    files: Vec<(String, String)>,
    pub waiting: Waiting,
}

impl Pool {
    /// One that waits for a call of this caller with these mounts and files, the last one used first.
    pub fn take_used(&self, order: &Order) -> Option<Waiting> {
        order.plan.reuse.as_ref()?;
        let plan = of_every_call(&order.plan);
        let mut state = self.state();
        state.used.retain(|used| used.waiting.is_there());
        let at = state.used.iter().rposition(|used| used.plan == plan && used.files == order.files)?;
        Some(state.used.remove(at).waiting)
    }

    /// It waits from now on. Who waits longest goes, if there are too many.
    pub fn put_used(&self, order: &Order, waiting: Waiting) {
        let plan = of_every_call(&order.plan);
        let mut state = self.state();
        if self.closed.is_cancelled() {
            return;
        }
        state.used.retain(|used| used.waiting.is_there());
        state.used.push(Used { plan, files: order.files.clone(), waiting });
        let caps = state.caps;
        let too_many = |used: &[Used]| {
            let memory: u64 = used.iter().map(|used| needs(&used.plan)).sum();
            used.len() > caps.max || memory > caps.memory.0
        };
        while too_many(&state.used) {
            state.used.remove(0);
        }
    }

    /// One that begins with this very call; `None` if none can stay there.
    pub async fn make_for(
        self: &Arc<Self>,
        order: &Order,
        run: &RunId,
        connector: &Arc<Connector>,
        cancel: &CancellationToken,
        news: &Teller,
    ) -> Result<Option<Waiting>, ContainerFailure> {
        if order.plan.reuse.is_none() {
            return Ok(None);
        }
        let init = match init_file(connector, self).await {
            Ok(init) => init,
            Err(ContainerFailure::NotAhead { problem }) => {
                tracing::debug!("`{}`: each container has one call: {problem}", order.plan.image);
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        };
        let mut begun = Order::ahead(&order.plan, order.name.clone(), order.owner.clone(), init.mount());
        begun.body.labels.get_or_insert_default().insert(CALL.to_owned(), run.to_string());
        begun.plan.timeout = order.plan.timeout;
        let (ready, is_ready) = oneshot::channel();
        let (assign, assigned) = oneshot::channel();
        let beginning = Beginning {
            order: begun,
            connector: Arc::clone(connector),
            cancel: cancel.clone(),
            news: news.clone(),
            init,
            pool: Arc::clone(self),
        };
        self.tasks.spawn(lead(beginning, ready, assigned));
        match is_ready.await {
            Ok(made) => made.map(|()| Some(Waiting::new(order.name.clone(), assign))),
            Err(_) => Err(ContainerFailure::Cancelled),
        }
    }
}

fn of_every_call(plan: &ContainerPlan) -> ContainerPlan {
    ContainerPlan { warm: 0, ..plan.made_ahead() }
}
