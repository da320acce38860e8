//! `subscriptions/listen` with tasks among what it names: their clients are told how they stand, beside
//! whatever else they want to know.
//!
//! rmcp knows no tasks in subscriptions, so one that names some is served here from its acknowledgement to
//! its end. All others are served in `changes`.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use rmcp::ErrorData;
use rmcp::model::{CustomNotification, CustomRequest, RequestId, ServerNotification, SubscriptionFilter};
use serde_json::{Value, json};

use crate::engine::{Job, JobState};

use super::changes::{self, Changes};
use super::context::Context;
use super::reply::Reply;
use super::server::Server;
use super::tasks;
use super::wire::Gone;

/// Says in messages which subscription they belong to.
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
/// Tasks of one subscription.
const MOST: usize = 256;

/// How a task stood when its client was told last: its state, and what it asks.
type Stood = (JobState, Vec<String>);

impl Server {
    /// Serves one subscription until it is cancelled, or until nothing more will be told.
    pub(super) async fn listen_to_tasks(
        &self,
        id: &RequestId,
        request: &CustomRequest,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let wanted = request.params.as_ref().and_then(|params| params.get("notifications"));
        let wanted = wanted.cloned().unwrap_or_default();
        let no_filter =
            |error| ErrorData::invalid_params(format!("these are no `notifications`: {error}"), None);
        let requested: SubscriptionFilter = serde_json::from_value(wanted.clone()).map_err(no_filter)?;
        let jobs = self.listened(&wanted, context)?;
        let (accepted, due) = changes::accepted(self, &requested);
        let mut honoured = json!(accepted);
        if !jobs.is_empty() {
            honoured["taskIds"] = jobs.iter().map(|job| Value::from(job.id().as_str())).collect();
        }
        let voice = Subscription { id: id.clone().into_json_value(), context };
        let telling = async {
            voice
                .tell("notifications/subscriptions/acknowledged", json!({ "notifications": honoured }))
                .await?;
            let changes = Changes::subscribed(self, &accepted, due);
            self.tell_on(&voice, &accepted, changes, jobs).await
        };
        let over = async {
            match &context.ticket {
                Some(ticket) => ticket.input_ended().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = context.cancel.cancelled() => {}
            () = over => {}
            // Nobody is there any more who could be told.
            Err(Gone) = telling => {}
        }
        let mut meta = self.face.identity.meta();
        meta[SUBSCRIPTION] = voice.id;
        Ok(Reply::json(json!({ "resultType": "complete", "_meta": meta }).to_string().into()))
    }

    /// Of the tasks that a subscription names, those that its caller has.
    fn listened(&self, wanted: &Value, context: &Context) -> Result<Vec<Arc<Job>>, ErrorData> {
        let no_list = || ErrorData::invalid_params("expected `taskIds` to be a list of texts", None);
        let named = wanted.get("taskIds").and_then(Value::as_array).ok_or_else(no_list)?;
        let names = named.iter().map(Value::as_str).collect::<Option<Vec<&str>>>().ok_or_else(no_list)?;
        let takes_tasks = context.capabilities().is_some_and(|client| client.supports_tasks());
        if !takes_tasks || !tasks::are_offered(&self.engine.state()) {
            return Ok(Vec::new());
        }
        let mut jobs: Vec<Arc<Job>> = Vec::new();
        for job in names.into_iter().filter_map(|name| self.job_of(name).ok()).take(MOST) {
            if !jobs.iter().any(|known| known.id() == job.id()) {
                jobs.push(job);
            }
        }
        Ok(jobs)
    }

    async fn tell_on(
        &self,
        voice: &Subscription<'_>,
        accepted: &SubscriptionFilter,
        mut changes: Changes,
        jobs: Vec<Arc<Job>>,
    ) -> Result<(), Gone> {
        // What has happened before it listened is told, too.
        let begun = || (JobState::Running, Vec::new());
        let mut standing: FuturesUnordered<_> =
            jobs.into_iter().map(|job| other_standing(job, begun())).collect();
        loop {
            tokio::select! {
                news = changes.next() => if changes::wants(accepted, &news) {
                    voice.pass_on(news.message()).await?;
                },
                Some((job, stands)) = standing.next() => {
                    voice.tell("notifications/tasks", self.task_of(&job)).await?;
                    if !stands.0.is_over() {
                        standing.push(other_standing(job, stands));
                    }
                }
            }
        }
    }

    /// What `tasks/get` would say.
    fn task_of(&self, job: &Job) -> Value {
        let mut task: Value = serde_json::from_slice(&self.detailed(job).into_json()).unwrap_or_default();
        if let Some(task) = task.as_object_mut() {
            task.remove("resultType");
            task.remove("_meta");
        }
        task
    }
}

/// Waits until a task stands otherwise than it did.
async fn other_standing(job: Arc<Job>, stood: Stood) -> (Arc<Job>, Stood) {
    let mut changes = job.changes();
    loop {
        let state = job.state();
        let asks =
            if state.is_over() { Vec::new() } else { job.asks().into_iter().map(|(name, _)| name).collect() };
        if (state, &asks) != (stood.0, &stood.1) {
            return (job, (state, asks));
        }
        if changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What says things that belong to one subscription.
struct Subscription<'c> {
    id: Value,
    context: &'c Context,
}

impl Subscription<'_> {
    async fn tell(&self, method: &str, mut params: Value) -> Result<(), Gone> {
        params["_meta"] = json!({ SUBSCRIPTION: self.id });
        let news = CustomNotification::new(method, Some(params));
        self.context.voice.tell(ServerNotification::CustomNotification(news)).await
    }

    /// The same with a message that is there already.
    async fn pass_on(&self, mut message: Value) -> Result<(), Gone> {
        let params = message.get_mut("params").map(Value::take).unwrap_or_else(|| json!({}));
        self.tell(message["method"].as_str().unwrap_or_default(), params).await
    }
}
