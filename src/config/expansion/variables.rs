//! Which variables `${…}` can name: those of the environment, and below them those of `env_file`.

use std::collections::BTreeMap;

use crate::config::host::Host;

#[derive(Clone)]
pub struct Variables<'h> {
    environment: &'h BTreeMap<String, String>,
    /// Of `env_file`, which never overrides the environment.
    file: BTreeMap<String, String>,
    /// Nothing is looked up: texts stay as they are written.
    pub as_written: bool,
}

impl<'h> Variables<'h> {
    pub fn of(host: &'h Host) -> Self {
        Self { environment: host.variables(), file: BTreeMap::new(), as_written: host.as_written }
    }

    /// The same, looked up or not.
    pub fn taken_as_written(self, as_written: bool) -> Self {
        Self { as_written, ..self }
    }

    pub fn with_file(self, file: BTreeMap<String, String>) -> Self {
        Self { file, ..self }
    }

    /// What the file of variables says of one that the environment does not have.
    pub fn of_file(&self, name: &str) -> Option<&str> {
        let is_set = self.environment.contains_key(name);
        self.file.get(name).filter(|_| !is_set).map(String::as_str)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.environment.get(name).or_else(|| self.file.get(name)).map(String::as_str)
    }
}
