//! Files that have changed together → calls, one after the other.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Map, Value, json};

use crate::engine::{Automatic, Engine, JobState};
use crate::model::{Given, Trigger, Unfilled, counted};

use super::Id;

/// Of one trigger, what waits while calls go on.
const MOST_WAITING: usize = 64;

/// Files for one trigger.
pub struct Batch {
    pub tool: String,
    pub trigger: Trigger,
    pub paths: Vec<String>,
}

/// What goes on of each trigger.
#[derive(Default)]
pub struct Batches(HashMap<Id, Arc<Lane>>);

#[derive(Default)]
struct Lane {
    turn: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
}

impl Batches {
    pub fn begin(&mut self, engine: &Arc<Engine>, id: &Id, batch: Batch) {
        let lane = Arc::clone(self.0.entry(id.clone()).or_default());
        if lane.waiting.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING {
            lane.waiting.fetch_sub(1, Ordering::SeqCst);
            tracing::error!(
                "`{}` is not run for {}: it cannot keep up with what changes",
                batch.tool,
                counted(batch.paths.len(), "file")
            );
            return;
        }
        let engine = Arc::clone(engine);
        tokio::spawn(async move {
            let turn = lane.turn.lock().await;
            lane.waiting.fetch_sub(1, Ordering::SeqCst);
            batch.run(&engine).await;
            drop(turn);
        });
    }
}

impl Batch {
    async fn run(self, engine: &Arc<Engine>) {
        let is_each = self.trigger.with.iter().any(|(_, filling)| filling.asks_for("path"));
        let calls: Vec<Vec<String>> = match is_each {
            true => self.paths.iter().map(|path| vec![path.clone()]).collect(),
            false => vec![self.paths.clone()],
        };
        for paths in calls {
            self.call(engine, &paths).await;
        }
    }

    async fn call(&self, engine: &Arc<Engine>, paths: &[String]) {
        let Self { tool, trigger, .. } = self;
        let arguments = match self.arguments(paths) {
            Ok(arguments) => arguments,
            Err(problem) => return tracing::error!("`{tool}` is not run for a file: {problem}"),
        };
        let acts_as = trigger.acts_as.clone();
        match engine.begin_automatic(Automatic { tool: tool.clone(), acts_as, arguments, via: "file" }).await
        {
            Ok(job) => {
                tracing::info!("`{tool}` runs for {} changed files", paths.len());
                job.over().await;
                if job.status().state != JobState::Succeeded {
                    tracing::warn!("`{tool}` has run for changed files: {:?}", job.status().state);
                }
            }
            Err(problem) => tracing::error!("`{tool}` is not run for changed files: {problem}"),
        }
    }

    fn arguments(&self, paths: &[String]) -> Result<Map<String, Value>, Unfilled> {
        let given = Given(Map::from_iter([
            ("path".to_owned(), json!(paths.first())),
            ("paths".to_owned(), json!(paths)),
        ]));
        let mut arguments = Map::new();
        for (name, filling) in &self.trigger.with {
            arguments.extend(filling.fill(&given)?.map(|value| (name.clone(), value)));
        }
        Ok(arguments)
    }
}
