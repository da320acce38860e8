//! Equal steps of one call that run once: whoever comes second takes what the first came to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use crate::call::Invocation;

use super::done::Done;

/// What equal steps have come to, by command and arguments.
#[derive(Default)]
pub struct Shelf(Mutex<HashMap<String, Arc<OnceCell<Done>>>>);

impl Shelf {
    /// Does the work unless an equal one is done, or is being done. What was cancelled is no result: the
    /// next one does it.
    pub async fn once(&self, call: &Invocation, work: impl Future<Output = Done>) -> Done {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key(call)).or_default())
        };
        let worked = cell.get_or_try_init(|| async {
            let done = work.await;
            let is_result = done.verdict != super::StepVerdict::Cancelled;
            if is_result { Ok(done) } else { Err(done) }
        });
        match worked.await {
            Ok(done) => done.clone(),
            Err(cancelled) => cancelled,
        }
    }
}

fn key(call: &Invocation) -> String {
    let mut values: Vec<(&str, &Value)> =
        call.values().map(|(param, value)| (param.name.as_str(), value)).collect();
    values.sort_by_key(|(name, _)| *name);
    let values: Map<String, Value> =
        values.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    format!("{} {}", call.tool().name, Value::Object(values))
}
