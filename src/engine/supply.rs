//! What a start needs of secrets: the values that fill its holes, and the redactor that keeps every
//! known value out of its output.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::SecretText;
use crate::plan::Step;
use crate::runner::{SecretValues, StartError, Vault};

use super::redact::Redactor;

pub struct Supply {
    vault: Arc<Vault>,
    /// The last redactor and the values that it was made for.
    redactor: Mutex<Option<(Arc<Vec<SecretText>>, Arc<Redactor>)>>,
}

impl Supply {
    pub fn new(vault: Arc<Vault>) -> Self {
        Self { vault, redactor: Mutex::default() }
    }

    /// The values that a step needs, and what redacts them. Both are there before it starts.
    pub async fn of(&self, step: &Step) -> Result<(SecretValues, Arc<Redactor>), StartError> {
        let mut values = Vec::new();
        for name in step.secrets() {
            let value = self.vault.value(name);
            let value = value.map_err(|source| StartError::Secret { name: name.clone(), source })?;
            values.push((name.clone(), value));
        }
        Ok((SecretValues::of(values), self.redactor()))
    }

    /// Made anew only when a value has changed.
    fn redactor(&self) -> Arc<Redactor> {
        let values = self.vault.values();
        let mut last = self.redactor.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, redactor)) if Arc::ptr_eq(known, &values) => Arc::clone(redactor),
            _ => {
                let redactor = Arc::new(Redactor::of(&values));
                *last = Some((values, Arc::clone(&redactor)));
                redactor
            }
        }
    }
}
