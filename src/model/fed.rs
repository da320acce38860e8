//! Variables that a file of variables adds for secrets. They are in no environment: commands cannot
//! inherit them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What `env_file` says of variables that feed secrets. Its `Debug` shows names alone.
#[derive(Clone, Default)]
pub struct FedVariables(BTreeMap<String, String>);

impl FedVariables {
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// Where secrets are looked up: these variables beside those of the environment, which win.
    pub fn beside(&self, environment: &Arc<BTreeMap<String, String>>) -> Arc<BTreeMap<String, String>> {
        if self.0.is_empty() {
            return Arc::clone(environment);
        }
        let mut all = self.0.clone();
        all.extend(environment.iter().map(|(name, value)| (name.clone(), value.clone())));
        Arc::new(all)
    }
}

impl fmt::Debug for FedVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
