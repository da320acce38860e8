//! Webhooks: signed requests that set off a command. Who sends one has no key; the signature is what counts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{Method, Request};
use hyper::body::Incoming;
use serde_json::{Map, Value};

use crate::auth::signature::{self, BadSignature};
use crate::engine::{Automatic, Engine, State};
use crate::model::{Given, HttpServer, Occasion, Trigger, Webhook};

use super::answer::{Answer, empty, refusal};
use super::aside::{last, without_body};
use super::bodies::Bodies;
use super::body::{self, Bounds, Unread};

const HOOKS: &str = "/hooks/";

/// Requests that are remembered. Beyond them none is taken until the oldest are too old to come again.
const MOST_TAKEN: usize = 10_000;

/// The requests that were taken lately, of which none is taken twice.
#[derive(Default)]
pub struct Hooks {
    taken: Mutex<HashMap<(String, String), Instant>>,
}

/// A webhook, and the command that it sets off.
struct Found {
    tool: String,
    hook: Webhook,
    trigger: Trigger,
}

impl Hooks {
    /// Whether a request is for one of these.
    pub fn is_one(request: &Request<Incoming>) -> bool {
        request.uri().path().starts_with(HOOKS)
    }

    pub async fn answer(
        &self,
        engine: &Arc<Engine>,
        state: &State,
        (settings, bodies): (&HttpServer, &Bodies),
        request: Request<Incoming>,
    ) -> Answer {
        let path = request.uri().path();
        let Some(found) = find(state, path) else {
            return without_body(request, settings.limits.body, refusal(404, "there is no such webhook"))
                .await;
        };
        if request.method() != Method::POST {
            return without_body(request, settings.limits.body, refusal(405, "expected a POST")).await;
        }
        match self.take(engine, (settings, bodies), found, request).await {
            Ok(answer) => answer,
            Err(refused) => refused,
        }
    }

    async fn take(
        &self,
        engine: &Arc<Engine>,
        (settings, bodies): (&HttpServer, &Bodies),
        found: Found,
        request: Request<Incoming>,
    ) -> Result<Answer, Answer> {
        let Found { tool, hook, trigger } = found;
        let (parts, body) = request.into_parts();
        let header = |name: &'static str| {
            let mut values = parts.headers.get_all(name).iter();
            let value = values.next()?.to_str().ok()?;
            values.next().is_none().then_some(value)
        };
        if let Some(missing) = signature::wanted(hook.signed_by).iter().find(|name| header(name).is_none()) {
            let refused = unsigned(&hook, &BadSignature::Missing(missing));
            return Err(without_body(Request::from_parts(parts, body), hook.max_body, refused).await);
        }
        let limits = &settings.limits;
        let bounds = Bounds::of(limits, hook.max_body, parts.version);
        let body = body::read(body, bodies, bounds).await;
        let body = body.map_err(|Unread(status, text)| last(refusal(status, &text)))?;
        let secret = engine.signing_secret(&hook.secret).await.map_err(|problem| {
            tracing::error!("`{}` takes nothing, for its secret has no value: {problem}", hook.path);
            refusal(503, "this webhook takes nothing now")
        })?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let judged =
            signature::judge(hook.signed_by, secret.reveal(), header, &body.bytes, now, hook.tolerance);
        let id = judged.map_err(|bad| unsigned(&hook, &bad))?;
        match self.is_new(&hook, id) {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!("`{}`: a request came again, and was not taken", hook.path);
                return Ok(empty(202));
            }
            Err(Full) => return Err(refusal(503, "too many requests of webhooks; try again later")),
        }
        let arguments = arguments(&trigger, &body.bytes).map_err(|problem| {
            tracing::warn!("`{}`: a request does not say what `{tool}` needs: {problem}", hook.path);
            refusal(422, &problem)
        })?;
        let wanted = Automatic { tool: tool.clone(), acts_as: trigger.acts_as, arguments, via: "webhook" };
        engine.begin_automatic(wanted).await.map_err(|problem| {
            tracing::warn!("`{tool}` is set off by `{}` and not run: {problem}", hook.path);
            refusal(422, "the command does not run")
        })?;
        tracing::info!("`{tool}` is set off by `{}`", hook.path);
        Ok(empty(202))
    }

    /// Whether it was not taken before; from now on it was.
    fn is_new(&self, hook: &Webhook, id: String) -> Result<bool, Full> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        taken.retain(|_, until| *until > now);
        let key = (hook.path.clone(), id);
        if taken.contains_key(&key) {
            return Ok(false);
        }
        if taken.len() >= MOST_TAKEN {
            return Err(Full);
        }
        // A clock that is behind makes requests look younger than they are.
        taken.insert(key, now + 2 * hook.tolerance + Duration::from_secs(1));
        Ok(true)
    }
}

struct Full;

fn find(state: &State, path: &str) -> Option<Found> {
    state.catalog().tools().iter().find_map(|tool| {
        let triggers = tool.automation.iter().flat_map(|automation| &automation.triggers);
        triggers.filter(|trigger| trigger.enabled).find_map(|trigger| match &trigger.on {
            Occasion::Webhook(hook) if hook.path == path => {
                Some(Found { tool: tool.name.to_string(), hook: hook.clone(), trigger: trigger.clone() })
            }
            _ => None,
        })
    })
}

fn unsigned(hook: &Webhook, bad: &BadSignature) -> Answer {
    tracing::warn!("`{}`: a request was not taken: {bad}", hook.path);
    refusal(401, &bad.to_string())
}

/// What the command is called with.
fn arguments(trigger: &Trigger, body: &[u8]) -> Result<Map<String, Value>, String> {
    let needs_body = trigger.with.iter().any(|(_, filling)| filling.asks_for("body"));
    let body = match serde_json::from_slice(body) {
        Ok(body) => body,
        Err(_) if !needs_body => Value::Null,
        Err(_) => return Err("the body is not JSON".to_owned()),
    };
    let given = Given(Map::from_iter([("body".to_owned(), body)]));
    let mut arguments = Map::new();
    for (name, filling) in &trigger.with {
        let value = filling.fill(&given).map_err(|problem| problem.to_string())?;
        arguments.extend(value.map(|value| (name.clone(), value)));
    }
    Ok(arguments)
}
