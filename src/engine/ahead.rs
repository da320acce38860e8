//! Which containers wait for calls: what the file says now, for a server that keeps any.

use std::convert::Infallible;

use crate::model::{Action, Tool};
use crate::plan::ahead;

use super::paths::look_up_ahead;
use super::{Engine, State};

/// How calls come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// From one client, which has started this server for itself as every client does.
    OneClient,
    /// From whoever may.
    Many,
}

impl Engine {
    /// Has the runner keep what waits for calls at what the file says, through every reload.
    pub async fn keep_ready(&self, serving: Serving) -> Infallible {
        let mut states = self.states();
        let mut had_any = false;
        loop {
            let state = states.borrow_and_update().clone();
            let caps = state.catalog().server.warm;
            let plans = match serving == Serving::Many || caps.stdio {
                true => state.ahead(),
                false => Vec::new(),
            };
            let stays = state.has_containers_that_stay();
            if had_any || !plans.is_empty() || stays {
                had_any = true;
                self.runner.keep_ready(plans, caps);
            }
            drop(state);
            if states.changed().await.is_err() {
                std::future::pending().await
            }
        }
    }
}

impl State {
    /// Calls make them; what is kept has to know its bounds, and when the file changes.
    fn has_containers_that_stay(&self) -> bool {
        let stays = |tool: &std::sync::Arc<Tool>| match &tool.action {
            Action::Container(workload) => workload.reuse.is_some(),
            _ => false,
        };
        self.catalog().offered().any(stays)
    }

    fn ahead(&self) -> Vec<crate::plan::ContainerPlan> {
        let is_warm = |tool: &&std::sync::Arc<Tool>| match &tool.action {
            Action::Container(workload) => workload.warm > 0,
            _ => false,
        };
        let tools = self.catalog().offered().filter(is_warm);
        tools.filter_map(|tool| ahead(tool, &look_up_ahead(tool, &self.facts))).collect()
    }
}
