//! The tools of the file that a line means, read once they are wanted and no further than needed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap_complete::engine::CompletionCandidate;

use crate::config::{self, Choice, Host};
use crate::model::{Catalog, Dialect, SecretSource, Tool};

use super::line::Line;
use super::offer::Kind;

/// Larger files take longer to load than somebody who pressed TAB likes to wait.
const LARGE: u64 = 64 * 1024;

pub struct Menu {
    host: Host,
    named: Option<String>,
    may_skim: bool,
    choice: Choice,
    opened: OnceLock<Option<Opened>>,
}

/// What was read of the file.
enum Opened {
    Whole(Box<Catalog>, Dialect),
    /// A native file of which only one tool is loaded, if one is wanted.
    Large {
        path: PathBuf,
        text: String,
    },
}

impl Menu {
    pub fn new(host: Host, line: &Line) -> Self {
        let named = line.value_of("config").map(str::to_owned);
        let choice = line.choice(&host);
        let may_skim = choice.is_empty();
        Self { host, named, may_skim, choice, opened: OnceLock::new() }
    }

    /// The current one.
    pub fn folder(&self) -> &Path {
        &self.host.cwd
    }

    /// What is offered to callers, in the order of the file.
    pub fn tools(&self) -> Vec<CompletionCandidate> {
        match self.opened() {
            None => Vec::new(),
            Some(Opened::Whole(catalog, _)) => {
                let tools = catalog.offered();
                tools.map(|tool| Kind::Tool.candidate(tool.name.as_str(), &tool.description)).collect()
            }
            Some(Opened::Large { text, .. }) => {
                let tools = config::skim(text).unwrap_or_default();
                tools.iter().map(|tool| Kind::Tool.candidate(tool.name, tool.description)).collect()
            }
        }
    }

    pub fn tool(&self, name: &str) -> Option<Arc<Tool>> {
        match self.opened()? {
            Opened::Whole(catalog, _) => catalog.tool(name).cloned(),
            Opened::Large { path, text } => {
                let alone = config::skim(text).and_then(|tools| config::only(text, &tools, name))?;
                let loaded = config::load_bytes(path, alone.into_bytes(), &self.host);
                // What stands elsewhere in the file may be missing in a part of it.
                let catalog =
                    loaded.catalog.or_else(|| config::load(path, &self.host, &self.choice).catalog)?;
                catalog.tool(name).cloned()
            }
        }
    }

    /// The names under which the file looks into the store.
    pub fn secrets(&self) -> Vec<CompletionCandidate> {
        let Some(Opened::Whole(catalog, _)) = self.opened() else { return Vec::new() };
        let stored = catalog.secrets.values().filter_map(|source| match source {
            SecretSource::Store(name) => Some(Kind::Value.candidate(name.as_str(), "named by the file")),
            _ => None,
        });
        stored.collect()
    }

    /// The profiles of the file that are not chosen yet.
    pub fn profiles(&self) -> Vec<CompletionCandidate> {
        let Some(path) = self.path() else { return Vec::new() };
        let mut found = config::profiles(&path, &self.host);
        found.retain(|profile| self.choice.profiles.iter().all(|chosen| chosen.text != profile.text));
        found.iter().map(|it| Kind::Value.candidate(it.text.as_str(), &it.description)).collect()
    }

    /// The tags of the file that are not among those `given`, which have commas behind them.
    pub fn tags(&self, given: &str) -> Vec<CompletionCandidate> {
        let Some(path) = self.path() else { return Vec::new() };
        let mut found = config::tags(&path, &self.host, &self.choice);
        found.retain(|tag| given.split(',').all(|given| given.trim() != tag.text));
        found.iter().map(|it| Kind::Value.candidate(it.text.as_str(), &it.description)).collect()
    }

    /// What can follow the beginning of a `--set`.
    pub fn settings(&self, before: &str) -> Vec<CompletionCandidate> {
        let Some(path) = self.path() else { return Vec::new() };
        let kind = if before.ends_with('=') { Kind::Value } else { Kind::Parameter };
        let found = config::settings(&path, &self.host, &self.choice, before);
        found.iter().map(|it| kind.candidate(it.text.as_str(), &it.description)).collect()
    }

    pub fn dialect(&self) -> Dialect {
        match self.opened() {
            Some(Opened::Whole(_, dialect)) => *dialect,
            _ => Dialect::Native,
        }
    }

    fn opened(&self) -> Option<&Opened> {
        self.opened.get_or_init(|| self.open()).as_ref()
    }

    /// The file that the line means, or the folder of files.
    fn path(&self) -> Option<PathBuf> {
        // No shell has expanded the words of a line that is being typed.
        let named = self.named.as_deref().map(|written| self.host.resolve(written, Path::new("")));
        let path = self.host.cwd.join(config::find(named.as_deref(), &self.host).ok()?.path);
        let file = std::fs::metadata(&path).ok()?;
        // A pipe that is read here would be empty when the command comes.
        (file.is_file() || file.is_dir()).then_some(path)
    }

    fn open(&self) -> Option<Opened> {
        let path = self.path()?;
        let file = std::fs::metadata(&path).ok()?;
        if self.may_skim && file.is_file() && file.len() > LARGE {
            let text = std::fs::read_to_string(&path).ok()?;
            if config::skim(&text).is_some() {
                return Some(Opened::Large { path, text });
            }
        }
        let loaded = config::load(&path, &self.host, &self.choice);
        Some(Opened::Whole(Box::new(loaded.catalog?), loaded.dialect))
    }
}
