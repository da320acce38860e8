//! One issuer: its keys, which change now and then, and what it has said of tokens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::fetch::Fetcher;
use super::known::Known;
use super::lookup;
use super::metadata::{self, Metadata};
use super::often::Often;
use crate::auth::token::{Keys, RefusedToken, judge_found};
use crate::model::{Fingerprint, Introspection, Issuer, Principal};

/// Older keys are fetched anew while they are used.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// Keys of an issuer that cannot be reached any more.
const LASTING: Duration = Duration::from_secs(60 * 60);
/// Questions about tokens at once.
const QUESTIONS: usize = 8;
/// How long one waits for its turn.
const TURN: Duration = Duration::from_secs(5);

pub struct Office {
    pub issuer: Issuer,
    fetcher: Arc<Fetcher>,
    shelf: Mutex<Shelf>,
    metadata: Mutex<Option<(Metadata, Instant)>>,
    /// One fetches, the others wait for what comes of it.
    turn: Arc<tokio::sync::Mutex<()>>,
    known: Mutex<Known>,
    questions: Semaphore,
}

/// The keys that are there.
#[derive(Default)]
struct Shelf {
    keys: Option<(Arc<Keys>, Instant)>,
    often: Often,
    metadata_often: Often,
    failure: Option<String>,
}

impl Office {
    pub fn new(issuer: Issuer, fetcher: Arc<Fetcher>) -> Self {
        Self {
            issuer,
            fetcher,
            shelf: Mutex::default(),
            metadata: Mutex::default(),
            turn: Arc::default(),
            known: Mutex::default(),
            questions: Semaphore::new(QUESTIONS),
        }
    }

    /// The keys, with that of a token if there is one by this name.
    pub async fn keys(self: &Arc<Self>, id: Option<&str>) -> Result<Arc<Keys>, RefusedToken> {
        if let Some((keys, age)) = self.at_hand(id) {
            if age > FRESH {
                self.renew();
            }
            return Ok(keys);
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        // Somebody may have fetched it in the meantime.
        if let Some((keys, _)) = self.at_hand(id) {
            return Ok(keys);
        }
        let may_ask = self.shelf().often.may_ask(Instant::now());
        if may_ask {
            let _ = self.begin(turn).await;
        }
        let shelf = self.shelf();
        let held = shelf.keys.as_ref().filter(|(_, fetched)| fetched.elapsed() < LASTING);
        match (held, &shelf.failure) {
            (Some((keys, _)), None) => Ok(Arc::clone(keys)),
            // It may have a key of this name by now; then whoever shows it is no guesser.
            (_, Some(problem)) => Err(unjudged(&self.issuer, problem)),
            (None, None) => Err(unjudged(&self.issuer, "it was asked too often")),
        }
    }

    /// Has old keys fetched anew, once for all who find them old, and nobody waits for it.
    fn renew(self: &Arc<Self>) {
        let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else { return };
        let mut shelf = self.shelf();
        // Somebody may have done so in the meantime.
        let are_old = shelf.keys.as_ref().is_none_or(|(_, fetched)| fetched.elapsed() > FRESH);
        if are_old && shelf.often.may_ask(Instant::now()) {
            drop(self.begin(turn));
        }
    }

    /// Whoever asked for it may go; what has been begun is of use to others.
    fn begin(self: &Arc<Self>, turn: OwnedMutexGuard<()>) -> JoinHandle<()> {
        let office = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = turn;
            office.fetch().await;
        })
    }

    /// Keys that are not too old, if the one that is wanted is among them; and how old they are.
    fn at_hand(&self, id: Option<&str>) -> Option<(Arc<Keys>, Duration)> {
        let shelf = self.shelf();
        let (keys, fetched) = shelf.keys.as_ref()?;
        let age = fetched.elapsed();
        let is_there = age < LASTING && id.is_none_or(|id| keys.knows(id));
        is_there.then(|| (Arc::clone(keys), age))
    }

    async fn fetch(&self) {
        let fetched = self.fetch_keys().await;
        let mut shelf = self.shelf();
        match fetched {
            Ok(keys) => {
                shelf.keys = Some((Arc::new(keys), Instant::now()));
                shelf.failure = None;
            }
            Err(problem) => {
                tracing::warn!(issuer = %self.issuer.name, "its keys cannot be had: {problem}");
                shelf.failure = Some(problem);
            }
        }
    }

    async fn fetch_keys(&self) -> Result<Keys, String> {
        let url = match &self.issuer.jwks_uri {
            Some(url) => url.clone(),
            None => self.metadata().await?.jwks_uri.ok_or("its metadata names no `jwks_uri`")?,
        };
        let document = self.fetcher.get(&url).await.map_err(|problem| format!("{url}: {problem}"))?;
        let keys = Keys::read(&document).ok_or_else(|| format!("{url}: it is no JWKS document"))?;
        if keys.is_empty() {
            return Err(format!("{url}: there is no key in it that verifies signatures"));
        }
        Ok(keys)
    }

    async fn metadata(&self) -> Result<Metadata, String> {
        if let Some((metadata, found)) = &*lock(&self.metadata)
            && found.elapsed() < FRESH
        {
            return Ok(metadata.clone());
        }
        let found = metadata::find(&self.fetcher, &self.issuer.name).await?;
        *lock(&self.metadata) = Some((found.clone(), Instant::now()));
        Ok(found)
    }

    /// Whether a token is one of this issuer, if what it has said of it is remembered.
    pub fn remembers(&self, token: &str, now: u64) -> Option<bool> {
        let said = lock(&self.known).find(Fingerprint::of(token).bytes(), Instant::now())?;
        Some(!matches!(judge_found(said, &self.issuer, now), Err(RefusedToken::Invalid(_))))
    }

    /// What a token means that says nothing itself.
    pub async fn look_up(&self, token: &str, now: u64) -> Result<Principal, RefusedToken> {
        let Some(own) = &self.issuer.introspection else {
            return Err(RefusedToken::Invalid("the issuer is not asked about tokens"));
        };
        let fingerprint = *Fingerprint::of(token).bytes();
        let known = lock(&self.known).find(&fingerprint, Instant::now());
        let said = match known {
            Some(said) => said,
            None => {
                let asked = self.ask(own, token).await;
                let said = asked.map_err(|problem| {
                    tracing::warn!(issuer = %self.issuer.name, "it does not say what a token means: {problem}");
                    unjudged(&self.issuer, &problem)
                })?;
                lock(&self.known).keep(fingerprint, said.clone(), Instant::now(), own.cache);
                said
            }
        };
        judge_found(said, &self.issuer, now)
    }

    async fn ask(
        &self,
        own: &Introspection,
        token: &str,
    ) -> Result<serde_json::Map<String, serde_json::Value>, String> {
        let turn = tokio::time::timeout(TURN, self.questions.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err("too many tokens are asked about".to_owned()) };
        let endpoint = match &own.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => self.introspection_endpoint().await?,
        };
        lookup::ask(&self.fetcher, &endpoint, own, token).await
    }

    async fn introspection_endpoint(&self) -> Result<String, String> {
        let is_known = lock(&self.metadata).as_ref().is_some_and(|(_, found)| found.elapsed() < FRESH);
        if !is_known && !self.shelf().metadata_often.may_ask(Instant::now()) {
            return Err("it was asked too often".to_owned());
        }
        let endpoint = self.metadata().await?.introspection_endpoint;
        endpoint.ok_or_else(|| "its metadata names no `introspection_endpoint`".to_owned())
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        lock(&self.shelf)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unjudged(issuer: &Issuer, reason: &str) -> RefusedToken {
    RefusedToken::Unjudged(format!("the issuer `{}` cannot be asked: {reason}", issuer.name))
}

#[cfg(test)]
mod tests;
