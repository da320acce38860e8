//! The language that a file is written in, by its name.

use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// And JSON, which is YAML too.
    Yaml,
    Toml,
}

impl Format {
    /// What has no name that we know is YAML.
    pub fn of(path: &Path) -> Self {
        let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        if is_toml { Self::Toml } else { Self::Yaml }
    }
}
