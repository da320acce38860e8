//! The values of the secrets that one start needs, on their way from the vault into a child or a
//! request. Nothing prints them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::{SecretName, SecretText};
use crate::plan::{Fill, Word};

use super::{BadSecret, StartError};

/// What fills the holes of one step.
#[derive(Debug, Clone, Default)]
pub struct SecretValues(BTreeMap<SecretName, SecretText>);

impl SecretValues {
    pub fn of(values: impl IntoIterator<Item = (SecretName, SecretText)>) -> Self {
        Self(values.into_iter().collect())
    }

    /// The text of a word with every hole filled: it may hold secrets and goes nowhere but to the
    /// child or the request that it is for.
    pub fn fill<'a>(&self, word: &'a Word) -> Result<Cow<'a, str>, StartError> {
        let fills = match word {
            Word::Known(text) => return Ok(Cow::Borrowed(text)),
            Word::Filled(fills) => fills,
        };
        let mut whole = String::new();
        for fill in fills {
            match fill {
                Fill::Text(text) | Fill::Sensitive(text) => whole.push_str(text),
                Fill::Secret(name) => whole.push_str(self.value(name)?.reveal()),
                Fill::Encoded(name, encoding) => {
                    whole.push_str(&encoding.encode(self.value(name)?.reveal()));
                }
                // What waits for another step is planned anew before it comes here.
                Fill::Later(_) => return Err(StartError::Elsewhere("not known yet")),
            }
        }
        Ok(Cow::Owned(whole))
    }

    fn value(&self, name: &SecretName) -> Result<&SecretText, StartError> {
        let missing = || StartError::Secret { name: name.clone(), source: BadSecret::Undeclared };
        self.0.get(name).ok_or_else(missing)
    }
}
