//! A path → a catalog and a report: the one way a file is read.

use std::path::{Path, PathBuf};

use crate::model::{Asked, Catalog, Dialect, ToolName, TrialSet};

use super::choice::{Choice, Typed};
use super::code::Code;
use super::compose::{self, Folder};
use super::diagnostic::{Diagnostic, Problems};
use super::host::{Host, without_dots};
use super::interpret::{Interpreting, Meaning};
use super::lint;
use super::report::Report;
use super::show::{Effective, Wanted};
use super::source::{BadSource, Source, SourceId, Span};
use super::sources::Sources;
use super::syntax::{self, Document, Format, Kind, Node};
use super::unreadable::bad_source;

/// What came of a file.
#[derive(Debug)]
pub struct Loaded {
    /// `None` if the file is wrong in itself. What only this host lacks takes single tools away.
    pub catalog: Option<Catalog>,
    pub report: Report,
    pub dialect: Dialect,
    /// What was named, absolute: a file, or a folder of files.
    pub path: PathBuf,
    /// Every file that was read for it, absolute, the root first: when one changes, this is stale.
    pub files: Vec<PathBuf>,
    /// Folders that were looked through for files: a new file in one makes this stale too.
    pub folders: Vec<PathBuf>,
    /// The names of the profiles that can be chosen.
    pub profiles: Vec<String>,
    /// What was chosen.
    pub choice: Choice,
    /// The tests in the file, where everything is checked: a server does not look at them. Every
    /// command has its set, be it empty.
    pub trials: Vec<TrialSet>,
    /// Where it says what programs and engines are asked for, where everything is checked.
    pub asked: Vec<AskedAt>,
}

/// Where a command requires what can only be asked for.
#[derive(Debug, Clone)]
pub struct AskedAt {
    pub tool: ToolName,
    pub what: Asked,
    pub span: Span,
    /// The key of the file.
    pub path: String,
}

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// What a server needs to start.
    Serving,
    /// Schemas and patterns are compiled, folders and secrets looked for.
    Everything,
}

/// Loads a file, or a folder of files, to serve it.
pub fn load(path: &Path, host: &Host, choice: &Choice) -> Loaded {
    Loading::new(host, choice, Depth::Serving).run(Start::at(path, host)).0
}

/// Loads a file and checks everything that can be checked: without a choice of profiles, each of
/// them as well.
pub fn check(path: &Path, host: &Host, choice: &Choice) -> Loaded {
    check_all(Start::at(path, host), host, choice)
}

/// Loads a file to show it as it is in effect; `None` if it is wrong in itself.
pub fn effective(path: &Path, host: &Host, choice: &Choice, wanted: Wanted) -> (Loaded, Option<Effective>) {
    let loading = Loading { shown: Some(wanted), ..Loading::new(host, choice, Depth::Serving) };
    loading.run(Start::at(path, host))
}

/// Loads bytes as if `path` held them.
pub fn load_bytes(path: &Path, bytes: Vec<u8>, host: &Host) -> Loaded {
    let start = Start::with(path, Source::decode(path, bytes));
    Loading::new(host, &Choice::default(), Depth::Serving).run(start).0
}

/// Like `load_bytes`, with every check.
pub fn check_bytes(path: &Path, bytes: Vec<u8>, host: &Host) -> Loaded {
    check_all(Start::with(path, Source::decode(path, bytes)), host, &Choice::default())
}

/// Puts a native file together and does no more with it; what is wrong in it is passed over.
pub(super) fn glance<T>(
    path: &Path,
    host: &Host,
    choice: &Choice,
    take: impl FnOnce(&Node<'_>) -> T,
) -> Option<T> {
    let Start { source, problem: None, beside, .. } = Start::at(path, host) else { return None };
    let file = without_dots(&host.cwd.join(&source.path));
    let sources = Sources::new(source, file.parent().map_or_else(PathBuf::new, Path::to_path_buf));
    let (root, problems) = (sources.root(), Problems::default());
    let document = syntax::parse(SourceId::default(), &root.text, Format::of(&root.path), &problems)?;
    if dialect(&document.root, &problems, false) != Dialect::Native {
        return None;
    }
    let (sources, problems) = (&sources, &problems);
    let interpreting = Interpreting { host, choice, depth: Depth::Serving, shown: None, sources, problems };
    Some(take(&interpreting.whole(&document.root, &beside)))
}

fn check_all(start: Start, host: &Host, choice: &Choice) -> Loaded {
    let again = start.again();
    let mut loaded = Loading::new(host, choice, Depth::Everything).run(start).0;
    if choice.profiles.is_empty() {
        for profile in &loaded.profiles {
            let chosen =
                Choice { profiles: vec![Typed::new("--profile", profile.as_str())], ..choice.clone() };
            let alone = Loading::new(host, &chosen, Depth::Everything);
            loaded.report.absorb(alone.run(again.again()).0.report, profile);
        }
    }
    loaded
}

/// A root file that was read, and what lies beside it if its folder was named.
struct Start {
    /// What was named.
    path: PathBuf,
    source: Source,
    problem: Option<Diagnostic>,
    beside: Vec<PathBuf>,
    is_folder: bool,
}

impl Start {
    fn at(path: &Path, host: &Host) -> Self {
        let is_folder = host.cwd.join(path).is_dir();
        if !is_folder {
            return Self::with(path, Source::read(path, &host.cwd));
        }
        match compose::open_folder(path, &host.cwd) {
            Ok(Folder { root, others }) => {
                let start = Self::with(path, Source::read(&root, &host.cwd));
                Self { beside: others, is_folder, ..start }
            }
            Err(problem) => {
                let source = Source::nothing(path);
                Self {
                    path: path.to_path_buf(),
                    source,
                    problem: Some(*problem),
                    beside: Vec::new(),
                    is_folder,
                }
            }
        }
    }

    fn with(path: &Path, (source, read): (Source, Result<(), BadSource>)) -> Self {
        let problem = read.err().map(|error| bad_source(&error, SourceId::default()));
        Self { path: path.to_path_buf(), source, problem, beside: Vec::new(), is_folder: false }
    }

    /// The same once more, without reading a pipe twice.
    fn again(&self) -> Self {
        let (path, source, beside) = (self.path.clone(), self.source.clone(), self.beside.clone());
        Self { path, source, problem: self.problem.clone(), beside, is_folder: self.is_folder }
    }
}

struct Loading<'a> {
    host: &'a Host,
    choice: &'a Choice,
    depth: Depth,
    shown: Option<Wanted>,
}

impl<'a> Loading<'a> {
    fn new(host: &'a Host, choice: &'a Choice, depth: Depth) -> Self {
        Self { host, choice, depth, shown: None }
    }

    fn run(&self, start: Start) -> (Loaded, Option<Effective>) {
        let Start { path, source, problem, beside, is_folder } = start;
        let absolute = |path: &Path| without_dots(&self.host.cwd.join(path));
        let (path, file) = (absolute(&path), absolute(&source.path));
        let folder = file.parent().map_or_else(|| self.host.cwd.clone(), Path::to_path_buf);
        let sources = Sources::new(source, folder);
        let mut loaded = Loaded {
            catalog: None,
            report: Report::default(),
            dialect: Dialect::Original,
            folders: if is_folder { vec![path.clone()] } else { Vec::new() },
            path,
            files: vec![file],
            profiles: Vec::new(),
            choice: self.choice.clone(),
            trials: Vec::new(),
            asked: Vec::new(),
        };
        let problems = Problems::default();
        let could_be_read = problem.is_none();
        problem.into_iter().for_each(|problem| problems.add(problem));
        let root = sources.root();
        let document = could_be_read
            .then(|| syntax::parse(SourceId::default(), &root.text, Format::of(&root.path), &problems))
            .flatten();
        let mut shown = None;
        match document {
            Some(document) => {
                loaded.dialect = dialect(&document.root, &problems, is_folder);
                shown = self.interpret(&document, &sources, &beside, problems, &mut loaded);
            }
            None => {
                loaded.report = Report::new(&sources);
                loaded.report.hide(Vec::new(), vec![SourceId::default()]);
                loaded.report.take(problems, |_| String::new());
            }
        }
        (loaded, shown)
    }

    fn interpret(
        &self,
        document: &Document<'_>,
        sources: &Sources,
        beside: &[PathBuf],
        problems: Problems,
        loaded: &mut Loaded,
    ) -> Option<Effective> {
        let interpreting = Interpreting {
            host: self.host,
            choice: self.choice,
            depth: self.depth,
            shown: self.shown,
            sources,
            problems: &problems,
        };
        let mut meaning = interpreting.run(document, loaded.dialect, beside);
        let shown = meaning.shown.take();
        loaded.trials = std::mem::take(&mut meaning.trials);
        loaded.profiles = compose::profile_names(&document.root).map(str::to_owned).collect();
        loaded.files.extend(meaning.files.iter().cloned());
        loaded.folders.extend(meaning.folders.iter().cloned());
        if self.depth == Depth::Everything {
            for file in &loaded.files {
                let place = sources.iter().position(|source| self.host.cwd.join(&source.path) == *file);
                lint::check_permissions(&problems, file, place.filter(|at| *at > 0));
            }
        }
        loaded.asked = std::mem::take(&mut meaning.asked);
        for asked in &mut loaded.asked {
            asked.path = path_to(asked.span, document, &meaning, sources);
        }
        loaded.report = Report::new(sources);
        loaded.report.take(problems, |span| path_to(span, document, &meaning, sources));
        if meaning.is_composed {
            loaded.report.forget_repeated();
        }
        // What is asked for later may yet be told with an excerpt.
        if !loaded.report.is_empty() || !loaded.asked.is_empty() {
            let documents = std::iter::once(&document.root).chain(meaning.parts.iter().map(|(_, root)| root));
            let mut sensitive: Vec<Span> = documents.flat_map(syntax::sensitive_values).collect();
            sensitive.extend(meaning.hidden);
            loaded.report.hide(sensitive, meaning.raw);
        }
        let may_serve = loaded.report.may_serve();
        loaded.catalog = meaning.catalog.filter(|_| may_serve);
        shown.filter(|_| may_serve)
    }
}

/// The key that a place belongs to, in its own file.
fn path_to(span: Span, document: &Document<'_>, meaning: &Meaning<'_>, sources: &Sources) -> String {
    if span.source == SourceId::default() {
        return document.root.path_to(span);
    }
    if let Some((_, root)) = meaning.parts.iter().find(|(id, _)| *id == span.source) {
        return root.path_to(span);
    }
    let typed = sources.iter().nth(usize::from(span.source.0));
    let path = typed.and_then(|typed| typed.text.split_once('=')).map(|(path, _)| path);
    path.unwrap_or_default().to_owned()
}

/// A file with a version is native, whatever the version.
fn dialect(root: &Node<'_>, problems: &Problems, is_folder: bool) -> Dialect {
    let Some(version) = root.get("version") else {
        if is_folder {
            let message = "the root of a folder needs `version: 1`, which this file does not have";
            let start = Span { end: root.span.start, ..root.span };
            let problem = Diagnostic::error(Code::Version, start, message);
            problems.add(problem.help("add `version: 1` at the top; a file of the original stands alone"));
        }
        return Dialect::Original;
    };
    let is_known = matches!(&version.kind, Kind::Scalar(scalar) if scalar.plain && scalar.text == "1");
    if !is_known {
        let problem = Diagnostic::error(Code::Version, version.span, "`version` has to be the number 1");
        problems.add(match version.as_text() {
            Some("1") => problem.help("write it without quotes: `version: 1`"),
            Some("1.0") => problem.help("write `version: 1`"),
            _ => problem.help("this program reads files of version 1; a newer one may need a newer program"),
        });
    }
    Dialect::Native
}
