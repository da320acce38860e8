//! What the host has, gathered before planning and handed in as values.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::model::{EnvInherit, KEY_VARIABLE, LockedImages, Param, SecretSource, Secrets};

use super::{BuildFact, PlanError, SandboxMeans};

/// What planning may know about this host.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The server's own environment as it was at the start, without what feeds secrets.
    environment: Arc<Environment>,
    /// The part of it that commands inherit unless told otherwise.
    minimal: Arc<Environment>,
    pub means: Means,
    /// What each path argument of this call leads to, by parameter and by the argument's text.
    pub paths: HashMap<(String, String), PathFact>,
    /// What the source of each confined mount of this call leads to.
    pub mounts: HashMap<PathBuf, PathFact>,
    /// What the image of this call is built of, if it is.
    pub build: Option<BuildFact>,
    /// The images that were agreed on, if nothing else may run.
    pub locked: Option<Arc<LockedImages>>,
    /// How long after the beginning of 1970 this call is, where something asks for it more than once.
    pub now: Option<Duration>,
    /// Containers that are made ahead wait on stdio too.
    pub warm_on_stdio: bool,
    /// Nothing is run, so nobody looks at what an image is built of.
    pub is_pretended: bool,
}

/// A snapshot of environment variables.
pub type Environment = BTreeMap<String, String>;

/// What a path argument leads to once every symbolic link is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathFact {
    /// The canonical absolute path. What does not exist yet keeps its last names.
    At(PathBuf),
    /// It leads out of the folder it has to stay in.
    Outside { within: PathBuf },
    /// It could not be looked up; the text says why.
    Unknown(String),
}

/// What a command inherits by default; `*` at the end of a name matches any tail.
const MINIMAL: [&str; 9] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "LC_*"];

impl Facts {
    pub fn new(environment: &Environment, secrets: &Secrets, means: Means) -> Self {
        let feeds_secret = |name: &str| {
            let feeds =
                |source: &SecretSource| matches!(source, SecretSource::Env(variable) if variable == name);
            name == KEY_VARIABLE || secrets.values().any(feeds)
        };
        let environment = select(environment, |name| !feeds_secret(name));
        let minimal = select(&environment, |name| MINIMAL.iter().any(|pattern| matches(pattern, name)));
        Self {
            environment: Arc::new(environment),
            minimal: Arc::new(minimal),
            means,
            paths: HashMap::new(),
            mounts: HashMap::new(),
            build: None,
            locked: None,
            now: None,
            warm_on_stdio: false,
            is_pretended: false,
        }
    }

    /// The same host at this moment.
    pub fn at(self, now: Duration) -> Self {
        Self { now: Some(now), ..self }
    }

    /// The same host with these means.
    pub fn with_means(self, means: Means) -> Self {
        Self { means, ..self }
    }

    /// The same host, where only these images may run.
    pub fn with_locked(self, locked: Option<LockedImages>) -> Self {
        Self { locked: locked.map(Arc::new), ..self }
    }

    /// The same host, where containers that are made ahead wait on stdio too, or do not.
    pub fn with_warm_on_stdio(self, warm_on_stdio: bool) -> Self {
        Self { warm_on_stdio, ..self }
    }

    /// The same host for what is planned and never carried out.
    pub fn of_nothing(self) -> Self {
        Self { is_pretended: true, ..self }
    }

    /// All variables, without what feeds secrets.
    pub fn environment(&self) -> &Arc<Environment> {
        &self.environment
    }

    /// The variables that a command takes over.
    pub fn inherited(&self, inherit: &EnvInherit) -> Arc<Environment> {
        match inherit {
            EnvInherit::All => Arc::clone(&self.environment),
            EnvInherit::None => Arc::default(),
            EnvInherit::Minimal => Arc::clone(&self.minimal),
            EnvInherit::Also(names) => {
                let also = |name: &str| names.iter().any(|pattern| matches(pattern, name));
                let mut selected = select(&self.environment, also);
                selected.extend(self.minimal.iter().map(|(name, value)| (name.clone(), value.clone())));
                Arc::new(selected)
            }
        }
    }

    /// A value with each path in it replaced by where it leads.
    pub fn resolved(&self, param: &Param, value: &Value) -> Value {
        if self.paths.is_empty() || param.rule.path.is_none() {
            return value.clone();
        }
        match value {
            Value::String(text) => match self.path(param, text) {
                Some(PathFact::At(path)) => Value::String(path.to_string_lossy().into_owned()),
                _ => value.clone(),
            },
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.resolved(param, item)).collect())
            }
            other => other.clone(),
        }
    }

    /// What is wrong with the paths in a value.
    pub fn path_problems(&self, param: &Param, value: &Value) -> Vec<PlanError> {
        let refuse = |problem| PlanError::Argument { param: param.name.to_string(), problem };
        match value {
            Value::String(text) => match self.path(param, text) {
                Some(PathFact::Outside { within }) => {
                    vec![refuse(format!(
                        "`{text}` leads out of `{}`, which it has to stay within",
                        within.display()
                    ))]
                }
                Some(PathFact::Unknown(why)) => vec![refuse(format!("`{text}` cannot be looked up: {why}"))],
                Some(PathFact::At(_)) | None => Vec::new(),
            },
            Value::Array(items) => items.iter().flat_map(|item| self.path_problems(param, item)).collect(),
            _ => Vec::new(),
        }
    }

    fn path(&self, param: &Param, text: &str) -> Option<&PathFact> {
        self.paths.get(&(param.name.to_string(), text.to_owned()))
    }
}

fn select(environment: &Environment, keep: impl Fn(&str) -> bool) -> Environment {
    let kept = environment.iter().filter(|(name, _)| keep(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

/// How a limit is enforced on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mean {
    /// By the kernel, for the whole tree.
    Cgroup,
    /// By the kernel, for each process.
    Rlimit,
    /// By watching the tree and killing it.
    Watched,
    /// By the container engine.
    Engine,
    /// By ourselves, while we read.
    Counted,
    NotEnforced,
}

/// The means for each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    pub memory: Mean,
    pub cpu: Mean,
    pub pids: Mean,
    pub files: Mean,
    pub disk: Mean,
    pub sandbox: SandboxMeans,
}

impl Means {
    /// What an engine does for a container.
    pub const CONTAINER: Self = Self {
        memory: Mean::Engine,
        cpu: Mean::Engine,
        pids: Mean::Engine,
        files: Mean::Engine,
        disk: Mean::Engine,
        sandbox: SandboxMeans::NONE,
    };

    /// What a host without any of this can do.
    pub const NONE: Self = Self {
        memory: Mean::NotEnforced,
        cpu: Mean::NotEnforced,
        pids: Mean::NotEnforced,
        files: Mean::NotEnforced,
        disk: Mean::NotEnforced,
        sandbox: SandboxMeans::NONE,
    };
}

impl Mean {
    pub fn word(self) -> &'static str {
        match self {
            Self::Cgroup => "cgroup v2",
            Self::Rlimit => "rlimit",
            Self::Watched => "watched",
            Self::Engine => "engine",
            Self::Counted => "counted",
            Self::NotEnforced => "not enforced on this host",
        }
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
