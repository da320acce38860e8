//! What a start needs of secrets: the values that fill its holes, and the redactor that keeps every
//! known value out of its output. A program that prints a value is run here, once for all who wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::model::{SecretName, SecretScript, SecretSource, SecretText};
use crate::plan::{Facts, Step};
use crate::runner::{BadSecret, Runner, SecretValues, StartError, Vault};

use super::redact::Redactor;
use super::rejection::Rejection;
use super::secret_script::print;

/// Where anybody may ask for a value, its program runs no more often than this.
const SELDOM: Duration = Duration::from_secs(10);

pub struct Supply {
    vault: Arc<Vault>,
    scripts: BTreeMap<SecretName, tokio::sync::Mutex<Printed>>,
    last: Mutex<Option<Made>>,
}

/// A redactor and the values that it was made for.
struct Made {
    values: Arc<Vec<SecretText>>,
    redactor: Arc<Redactor>,
}

/// What is needed to run a program for a value.
pub struct Means<'a> {
    pub facts: &'a Facts,
    pub runner: &'a dyn Runner,
    pub cancel: &'a CancellationToken,
}

/// What a program printed last, and when.
#[derive(Default)]
struct Printed {
    value: Option<(SecretText, Instant)>,
    failure: Option<(BadSecret, Instant)>,
}

impl Supply {
    pub fn new(vault: Arc<Vault>) -> Self {
        let scripts = vault.sources().iter().filter(|(_, source)| matches!(source, SecretSource::Script(_)));
        let scripts = scripts.map(|(name, _)| (name.clone(), tokio::sync::Mutex::default())).collect();
        Self { vault, scripts, last: Mutex::default() }
    }

    /// The values that a step needs, and what redacts them. Both are there before it starts.
    pub async fn of(
        &self,
        step: &Step,
        means: &Means<'_>,
    ) -> Result<(SecretValues, Arc<Redactor>), Rejection> {
        let mut values = Vec::new();
        let names = step.secrets().into_iter().filter(|_| means.runner.takes_secrets());
        for name in names {
            let value = match self.vault.sources().get(name) {
                Some(SecretSource::Script(script)) => {
                    self.printed(name, script, means, Duration::ZERO).await?
                }
                _ => self.vault.value(name).map_err(|source| unavailable(name, source))?,
            };
            values.push((name.clone(), value));
        }
        Ok((SecretValues::of(values), self.redactor()))
    }

    /// The value by which it is judged what anybody may send. What its program has printed, or why it did
    /// not, holds for a while whatever comes: nobody can have it run over and over.
    pub async fn judging(&self, name: &SecretName, means: &Means<'_>) -> Result<SecretText, Rejection> {
        match self.vault.sources().get(name) {
            Some(SecretSource::Script(script)) => self.printed(name, script, means, SELDOM).await,
            _ => self.vault.value(name).map_err(|source| unavailable(name, source)),
        }
    }

    /// What the program of a secret prints. Only one of its kind runs at a time, and whoever waited
    /// for it takes what came of it. What came of it before is taken while it is younger than `young`.
    async fn printed(
        &self,
        name: &SecretName,
        script: &SecretScript,
        means: &Means<'_>,
        young: Duration,
    ) -> Result<SecretText, Rejection> {
        let asked = Instant::now();
        let Some(printed) = self.scripts.get(name) else {
            return Err(unavailable(name, BadSecret::Undeclared));
        };
        let mut printed = tokio::select! {
            printed = printed.lock() => printed,
            () = means.cancel.cancelled() => return Err(Rejection::Cancelled),
        };
        match (&printed.value, &printed.failure) {
            (Some((value, at)), _) if at.elapsed() < script.ttl.max(young) || *at >= asked => {
                return Ok(value.clone());
            }
            (_, Some((failure, at))) if at.elapsed() < young || *at >= asked => {
                return Err(unavailable(name, failure.clone()));
            }
            _ => {}
        }
        let result = print(script, &self.vault, means).await;
        if means.cancel.is_cancelled() {
            return Err(Rejection::Cancelled);
        }
        match result {
            Ok(value) => {
                let value = self.vault.keep(name, value);
                *printed = Printed { value: Some((value.clone(), Instant::now())), failure: None };
                Ok(value)
            }
            Err(failure) => {
                printed.failure = Some((failure.clone(), Instant::now()));
                Err(unavailable(name, failure))
            }
        }
    }

    /// What keeps this out of outputs too, from now on.
    pub fn learn(&self, text: SecretText) -> Arc<Redactor> {
        self.vault.learn(text);
        self.redactor()
    }

    /// Made anew only when a value has changed.
    fn redactor(&self) -> Arc<Redactor> {
        let values = self.vault.values();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(made) if Arc::ptr_eq(&made.values, &values) => Arc::clone(&made.redactor),
            _ => {
                let redactor = Arc::new(Redactor::of(&values));
                *last = Some(Made { values, redactor: Arc::clone(&redactor) });
                redactor
            }
        }
    }
}

fn unavailable(name: &SecretName, source: BadSecret) -> Rejection {
    Rejection::Start(StartError::Secret { name: name.clone(), source })
}
