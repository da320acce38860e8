//! What one invocation of the program works with: the file, its tools, and what the host has.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::config::{self, Choice, Found, Host};
use crate::engine::{Cache, CacheUse, Engine};
use crate::model::{Catalog, Dialect, Principal, TrialSet};
use crate::plan::{Environment, Facts, Means};
use crate::runner::process::{self, ForkServer, ProcessRunner};
use crate::runner::{Dispatch, Runner, Vault};
use crate::serve::reload::Sources;
use crate::serve::stdio;

use super::arguments::Arguments;
use super::evidence::Evidence;
use super::exit::Exit;
use super::place;
use super::print::Printer;
#[cfg(feature = "server")]
use super::secret_keys;
use super::started_by;
use super::{approvals, cache};

/// A loaded file on this host.
pub struct Session {
    pub found: Found,
    /// Absolute.
    pub path: PathBuf,
    pub dialect: Dialect,
    pub catalog: Arc<Catalog>,
    pub facts: Facts,
    /// What was chosen beside the file.
    pub choice: Choice,
    pub sources: Sources,
    /// A moment before it was loaded.
    pub since: SystemTime,
    /// What was read, for those who judge whether it may be served.
    pub evidence: Evidence,
    /// How results that are remembered are used.
    pub cache_use: CacheUse,
    /// Whoever calls agrees to what is asked.
    pub agrees: bool,
    /// Where keys of callers are, beside the file.
    pub key_files: Vec<PathBuf>,
    environment: Arc<Environment>,
}

impl Session {
    /// Finds and loads the file; says on stderr what is wrong with it.
    pub fn open(arguments: &Arguments, printer: &Printer) -> Result<Self, Exit> {
        Self::chosen(arguments.config.as_deref(), |host| choice(arguments, host), printer)
    }

    /// The same for a line that clap did not read.
    pub fn chosen(
        named: Option<&Path>,
        choose: impl FnOnce(&Host) -> Choice,
        printer: &Printer,
    ) -> Result<Self, Exit> {
        let host = host();
        let found = found(named, &host, printer)?;
        let since = SystemTime::now();
        let choice = choose(&host);
        let loaded = config::load(&found.path, &host, &choice);
        Ok(Self { since, ..Self::of(found, loaded, host, printer)? })
    }

    /// Like `open`, with every check, and with the tests in the file.
    pub fn checked(arguments: &Arguments, printer: &Printer) -> Result<(Self, Vec<TrialSet>), Exit> {
        let host = host();
        let found = found(arguments.config.as_deref(), &host, printer)?;
        let mut loaded = config::check(&found.path, &host, &choice(arguments, &host));
        let trials = std::mem::take(&mut loaded.trials);
        Ok((Self::of(found, loaded, host, printer)?, trials))
    }

    /// A session with a file that exists in memory only.
    pub fn of_bytes(bytes: Vec<u8>, printer: &Printer) -> Result<Self, Exit> {
        let host = host();
        let found = Found { path: host.cwd.join("memory.yaml"), how: config::How::Named };
        let loaded = config::load_bytes(&found.path, bytes, &host);
        Self::of(found, loaded, host, printer)
    }

    fn of(found: Found, loaded: config::Loaded, host: Host, printer: &Printer) -> Result<Self, Exit> {
        let evidence = Evidence::of(&loaded);
        let Some(catalog) = loaded.catalog else {
            printer.talk(&loaded.report.render(printer.style()));
            return Err(Exit::CONFIG);
        };
        let environment = Arc::new(host.environment);
        let facts = Facts::new(&environment, &catalog.secrets, Means::NONE);
        let facts = facts.with_warm_on_stdio(catalog.server.warm.stdio);
        Ok(Self {
            path: loaded.path,
            choice: loaded.choice,
            found,
            dialect: loaded.dialect,
            sources: Sources { files: loaded.files, folders: loaded.folders },
            since: SystemTime::now(),
            catalog: Arc::new(catalog),
            evidence,
            facts: facts.with_means(process::probe_means()),
            cache_use: CacheUse::default(),
            agrees: false,
            key_files: Vec::new(),
            environment,
        })
    }

    /// Who calls at a shell.
    pub fn principal(&self) -> Principal {
        self.catalog.server.stdio.clone()
    }

    /// In a file of the original its commands win over our verbs.
    pub fn command_wins(&self, word: &str) -> bool {
        self.dialect == Dialect::Original && self.catalog.tool(word).is_some()
    }

    /// What a person sees who starts the server by hand.
    pub fn greeting(&self) -> String {
        stdio::greeting(&self.catalog, &executable(), &place::lasting(&self.path), &self.choice.words())
    }

    /// How clients are told to start this server.
    pub fn connecting(&self) -> String {
        let file = place::lasting(&self.path);
        stdio::connecting(&self.catalog.server.name, &executable(), &file, &self.choice.words())
    }

    /// The same file with other commands.
    pub fn with_catalog(self, catalog: Catalog) -> Self {
        Self { catalog: Arc::new(catalog), ..self }
    }

    /// Reads the keys of callers that secrets hold. Only who serves them over HTTP needs them.
    #[cfg(feature = "server")]
    pub fn read_keys(&mut self) -> Result<(), secret_keys::Unread> {
        if !secret_keys::are_there(&self.catalog) {
            return Ok(());
        }
        let vault = self.vault();
        self.key_files = secret_keys::files(&self.catalog);
        secret_keys::read(Arc::make_mut(&mut self.catalog), &vault)
    }

    /// Where the values of secrets are read.
    pub fn vault(&self) -> Arc<Vault> {
        let catalog = &self.catalog;
        Arc::new(Vault::new(catalog.secrets.clone(), catalog.fed.beside(&self.environment)))
    }

    /// What carries calls out with a runner that is there.
    pub fn engine_on(&self, runner: Arc<dyn Runner>, vault: Arc<Vault>) -> Engine {
        let cache = Cache::new().used(self.cache_use).in_folder(cache::folder(&self.environment));
        let engine =
            Engine::new(Arc::clone(&self.catalog), self.facts.clone(), vault, runner).remembering(cache);
        match approvals::of(&self.environment) {
            Some(approvals) => engine.approving(approvals),
            None => engine,
        }
    }

    /// The same with one that carries nothing out: nobody looks at what that would need.
    pub fn pretending(&self, runner: Arc<dyn Runner>, vault: Arc<Vault>) -> Engine {
        let facts = self.facts.clone().of_nothing();
        Engine::new(Arc::clone(&self.catalog), facts, vault, runner)
    }

    /// What carries calls out. The runner is given back too: a server stops it on its way out.
    pub fn engine(&self, fork_server: Option<ForkServer>) -> std::io::Result<(Arc<Engine>, Dispatch)> {
        let runner = self.runner(fork_server)?;
        let engine = self.engine_on(Arc::new(runner.clone()), self.vault());
        Ok((Arc::new(engine), runner))
    }

    /// Something that can carry out steps, for an engine that is made later.
    pub fn runner(&self, fork_server: Option<ForkServer>) -> std::io::Result<Dispatch> {
        let executable = std::env::current_exe()?;
        let fork_server = fork_server.map_or_else(|| ForkServer::spawn(&executable), Ok)?;
        let processes = ProcessRunner::new(fork_server, executable)?;
        Ok(Dispatch::new(processes, Arc::clone(&self.environment)))
    }

    pub fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// The file that is meant. That there is none has been said.
pub fn found(named: Option<&Path>, host: &Host, printer: &Printer) -> Result<Found, Exit> {
    config::find(named, host).map_err(|problem| {
        printer.error(&problem.to_string());
        Exit::NO_CONFIG
    })
}

fn executable() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("mcpfier"))
}

/// Whether the file is one of the original and has a command of that name, for verbs that work
/// without a file.
pub fn command_takes(word: &str, arguments: &Arguments) -> bool {
    let host = host();
    let found = config::find(arguments.config.as_deref(), &host).ok();
    let loaded = found.map(|found| config::load(&found.path, &host, &Choice::default()));
    loaded.is_some_and(|loaded| {
        let is_command = loaded.catalog.is_some_and(|catalog| catalog.tool(word).is_some());
        loaded.dialect == Dialect::Original && is_command
    })
}

/// What was chosen beside the file.
pub fn choice(arguments: &Arguments, host: &Host) -> Choice {
    Choice::of(&arguments.profile, &arguments.set, &arguments.tags, host)
}

/// The environment, read once. Variables that are not text cannot be named in a file and are left out.
pub fn host() -> Host {
    let mut environment: Environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    for name in started_by::VARIABLES {
        environment.remove(name);
    }
    let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    correct_working_dir(&mut environment, &cwd);
    Host {
        cwd,
        home: environment.get("HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
        foreign: None,
        as_written: false,
        executable_dir: std::env::current_exe().ok().and_then(|path| Some(path.parent()?.to_path_buf())),
        environment,
    }
}

/// As a shell does: `PWD` is where we are, whatever those who started us left there. Whoever changes
/// the folder of a process seldom changes its variable.
fn correct_working_dir(environment: &mut Environment, cwd: &Path) {
    let is_right = environment
        .get("PWD")
        .map(Path::new)
        .is_some_and(|told| told.is_absolute() && told.canonicalize().is_ok_and(|told| told == cwd));
    if !is_right && let Some(cwd) = cwd.to_str() {
        environment.insert("PWD".to_owned(), cwd.to_owned());
    }
}
