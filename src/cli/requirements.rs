//! What the requirements of a file ask of programs and container engines, and when they may be asked: a program
//! of somebody else's file is not run unless he who starts us has named or trusted that file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::config::{AskedAt, Code, Diagnostic, Found, Host, How, Loaded, Severity};
use crate::model::{Action, Catalog, Dialect, Executor, HostFindings, Tool, VersionQuestion};
use crate::plan::{Environment, Facts, Means};
use crate::runner::process::{ForkServer, ProcessRunner};
use crate::runner::{Memory, Prober, Runner, container};

use super::evidence::Evidence;
use super::print::Printer;
use super::serve::{PATIENCE, runtime};
use super::session::{self, Session};
use super::trust;

/// An engine that takes longer to say who it is does not answer.
const FOR_ENGINES: Duration = Duration::from_secs(1);

/// Which commands are looked at.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    All,
    /// Of this one and what it requires and runs.
    Of(&'a str),
}

/// What has to be asked.
#[derive(Default)]
struct Wanted {
    versions: BTreeSet<VersionQuestion>,
    engines: BTreeMap<Option<String>, Option<Executor>>,
}

impl Wanted {
    fn of(catalog: &Catalog, whose: Whose<'_>) -> Self {
        let mut wanted = Self::default();
        let tools = match whose {
            Whose::All => catalog.tools().iter().map(AsRef::as_ref).collect(),
            Whose::Of(name) => with_required(catalog, name),
        };
        for requires in tools.into_iter().filter_map(|tool| tool.requires.as_ref()) {
            wanted.versions.extend(requires.questions());
            wanted.engines.extend(requires.engine.as_ref().map(|needed| {
                (needed.executor.as_ref().map(|executor| executor.name.clone()), needed.executor.clone())
            }));
        }
        wanted
    }

    fn is_nothing(&self) -> bool {
        self.versions.is_empty() && self.engines.is_empty()
    }
}

/// A command and all that it requires or runs, whether directly or not.
fn with_required<'c>(catalog: &'c Catalog, name: &str) -> Vec<&'c Tool> {
    let mut tools: Vec<&Tool> = catalog.tool(name).map(AsRef::as_ref).into_iter().collect();
    let mut at = 0;
    while let Some(tool) = tools.get(at).copied() {
        let required = tool.requires.iter().flat_map(|requires| &requires.commands);
        let flow = if let Action::Flow(flow) = &tool.action { Some(flow) } else { None };
        let run = flow.into_iter().flat_map(|flow| flow.commands());
        for other in required.chain(run).filter_map(|name| catalog.tool(name.as_str())) {
            if !tools.iter().any(|known| known.name == other.name) {
                tools.push(other);
            }
        }
        at += 1;
    }
    tools
}

/// What answers for one process of ours.
#[derive(Clone)]
pub struct Asking {
    pub prober: Arc<Prober>,
    pub runner: Arc<dyn Runner>,
}

impl Asking {
    pub fn by(runner: Arc<dyn Runner>) -> Self {
        Self { prober: Arc::default(), runner }
    }

    pub fn has_questions(&self, catalog: &Catalog) -> bool {
        !Wanted::of(catalog, Whose::All).is_nothing()
    }

    /// Says of each command whether it is offered, after programs and engines have been asked.
    pub async fn settle(&self, catalog: &mut Catalog, environment: &Environment, memory: Memory) {
        let wanted = Wanted::of(catalog, Whose::All);
        if !wanted.is_nothing() {
            let findings = self.find(wanted, catalog, environment, memory).await;
            catalog.settle(&findings);
        }
    }

    async fn find(
        &self,
        wanted: Wanted,
        catalog: &Catalog,
        environment: &Environment,
        memory: Memory,
    ) -> HostFindings {
        let facts = Facts::new(environment, &catalog.secrets, Means::NONE);
        let (versions, engines) = tokio::join!(
            self.prober.ask(wanted.versions, &facts, &self.runner, memory),
            engines(wanted.engines, Arc::new(environment.clone())),
        );
        HostFindings { versions, engines }
    }
}

/// What each engine calls itself, or why it does not.
async fn engines(
    wanted: BTreeMap<Option<String>, Option<Executor>>,
    environment: Arc<Environment>,
) -> BTreeMap<Option<String>, Result<String, String>> {
    let mut looking = JoinSet::new();
    for (name, executor) in wanted {
        let environment = Arc::clone(&environment);
        looking.spawn(async move {
            let look = container::look(environment, executor, Vec::new());
            let found = match tokio::time::timeout(FOR_ENGINES, look).await {
                Ok(Ok(seen)) => Ok(format!("{} {}", seen.survey.name, seen.survey.version)),
                Ok(Err(failure)) => Err(shortened(&failure.to_string())),
                Err(_) => Err("it does not answer within 1s".to_owned()),
            };
            (name, found)
        });
    }
    looking.join_all().await.into_iter().collect()
}

/// Why an engine does not answer, without every place where it was looked for.
fn shortened(failure: &str) -> String {
    failure.split([';', '(', '\n']).next().unwrap_or_default().trim().to_owned()
}

/// Asks with a runner of our own, for a verb that has none. If there can be none, nobody is asked.
fn find_alone(wanted: Wanted, catalog: &Catalog, environment: &Environment) -> io::Result<HostFindings> {
    let executable = std::env::current_exe()?;
    runtime()?.block_on(async {
        let processes = ProcessRunner::new(ForkServer::spawn(&executable)?, executable)?;
        let asking = Asking::by(Arc::new(processes.clone()));
        let findings = asking.find(wanted, catalog, environment, Memory::Kept).await;
        processes.shut_down(PATIENCE).await;
        Ok(findings)
    })
}

impl Session {
    /// Says of each command whether it is offered, for verbs that run nothing of the file. Where the file is not
    /// trusted nobody is asked, and what could only be asked counts as met.
    pub fn settle(&mut self, whose: Whose<'_>, printer: &Printer) {
        let wanted = Wanted::of(&self.catalog, whose);
        if wanted.is_nothing() {
            return;
        }
        if !may_ask(&self.found, self.dialect, &self.evidence, &session::host()) {
            let what = unasked(&wanted);
            printer.talk(&format!(
                "note: {what}: nothing of a file is run that is not trusted; see `mcpfier trust`\n"
            ));
            return;
        }
        self.settle_anyway(wanted, printer);
    }

    /// The same for a verb with which a person runs commands of this file.
    pub fn settle_to_run(&mut self, whose: Whose<'_>, printer: &Printer) {
        let wanted = Wanted::of(&self.catalog, whose);
        if !wanted.is_nothing() {
            self.settle_anyway(wanted, printer);
        }
    }

    /// The same before it is served.
    pub async fn settle_by(&mut self, asking: &Asking) {
        let wanted = Wanted::of(&self.catalog, Whose::All);
        if !wanted.is_nothing() {
            let findings = asking.find(wanted, &self.catalog, self.environment(), Memory::Kept).await;
            Arc::make_mut(&mut self.catalog).settle(&findings);
        }
    }

    fn settle_anyway(&mut self, wanted: Wanted, printer: &Printer) {
        match find_alone(wanted, &self.catalog, self.environment()) {
            Ok(findings) => Arc::make_mut(&mut self.catalog).settle(&findings),
            Err(error) => {
                printer.talk(&format!("warning: what commands require cannot be asked for: {error}\n"))
            }
        }
    }
}

fn may_ask(found: &Found, dialect: Dialect, evidence: &Evidence, host: &Host) -> bool {
    found.how != How::CurrentDirectory
        || dialect == Dialect::Original
        || matches!(trust::state(evidence, host), Ok(trust::State::Trusted))
}

fn unasked(wanted: &Wanted) -> String {
    let names = wanted.versions.iter().filter_map(|question| question.program.file_name());
    let names: BTreeSet<String> = names.map(|name| format!("`{}`", name.to_string_lossy())).collect();
    let names: Vec<String> = names.into_iter().collect();
    let programs = match names.as_slice() {
        [] => None,
        [one] => Some(format!("{one} was not asked for its version")),
        several => Some(format!("{} were not asked for their versions", several.join(", "))),
    };
    let engine = (!wanted.engines.is_empty()).then(|| "no container engine was looked for".to_owned());
    let parts: Vec<String> = programs.into_iter().chain(engine).collect();
    parts.join(", and ")
}

/// Why `--validate` asks nobody.
pub enum Silence {
    /// It may ask.
    None,
    Offline,
    /// The file was named to be looked at, or lies about.
    NotTrusted,
}

impl Silence {
    /// A word of `--validate` is no file that somebody means to serve.
    pub fn of(is_offline: bool, is_word: bool, found: &Found, loaded: &Loaded, host: &Host) -> Self {
        if is_offline {
            return Self::Offline;
        }
        let evidence = Evidence::of(loaded);
        let may = if is_word {
            matches!(trust::state(&evidence, host), Ok(trust::State::Trusted))
        } else {
            may_ask(found, loaded.dialect, &evidence, host)
        };
        if may { Self::None } else { Self::NotTrusted }
    }
}

/// Completes the report of a file by what programs and engines say.
pub fn complete(loaded: &mut Loaded, silence: &Silence, host: &Host) {
    let Some(catalog) = &mut loaded.catalog else { return };
    let wanted = Wanted::of(catalog, Whose::All);
    if wanted.is_nothing() {
        return;
    }
    let reason = match silence {
        Silence::None => match find_alone(wanted, catalog, &host.environment) {
            Ok(findings) => {
                loaded.report.add(unmet(catalog, &loaded.asked, &findings).into_iter());
                catalog.settle(&findings);
                return;
            }
            Err(error) => {
                return loaded
                    .report
                    .add(std::iter::once(not_asked(&format!("nobody was asked: {error}"), "")));
            }
        },
        Silence::Offline => "`--offline` runs nothing",
        Silence::NotTrusted => "name the file with `--config` instead, or trust it: `mcpfier trust FILE`",
    };
    loaded.report.add(std::iter::once(not_asked(&unasked(&wanted), reason)));
}

fn not_asked(message: &str, help: &str) -> Diagnostic {
    let note = Diagnostic::of_this_host(Code::NotAsked, String::new(), message);
    let note = Diagnostic { severity: Severity::Note, ..note };
    if help.is_empty() { note } else { note.help(help) }
}

/// Everything that is not as a command requires it, beside what loading has told.
fn unmet(catalog: &Catalog, asked: &[AskedAt], findings: &HostFindings) -> Vec<Diagnostic> {
    let tools = catalog.tools().iter().filter_map(|tool| Some((&tool.name, tool.requires.as_ref()?)));
    let problems = tools.flat_map(|(name, requires)| {
        requires.lacking_by(findings).into_iter().map(move |(what, message)| {
            let message = format!("`{name}` cannot be offered: {message}");
            let path = format!("commands.{name}.requires");
            let problem = Diagnostic::of_this_host(Code::Unmet, path, message);
            let problem = Diagnostic { severity: Severity::Error, ..problem };
            match asked.iter().find(|place| place.tool == *name && place.what == what) {
                Some(AskedAt { span, path, .. }) => {
                    Diagnostic { span: Some(*span), path: path.clone(), ..problem }
                }
                None => problem,
            }
        })
    });
    problems.collect()
}

/// For `doctor`: settles the file if it may.
pub fn settle_found(found: &Found, loaded: &mut Loaded, host: &Host) {
    if may_ask(found, loaded.dialect, &Evidence::of(loaded), host) {
        complete(loaded, &Silence::None, host);
    }
}
