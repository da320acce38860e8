//! A path → a catalog and a report: the one way a file is read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::model::{Catalog, Dialect, SecretName, TrialSet};

use super::allow;
use super::code::Code;
use super::deep;
use super::diagnostic::{Diagnostic, Problems};
use super::executable::Executables;
use super::expansion::{BadEnvFile, Expander, Variables, expand_server, read_env_file};
use super::host::{Host, without_dots};
use super::lint;
use super::lower::{self, Commands, Place, Vars};
use super::native;
use super::original;
use super::read::{Lines, Reader, Spanned};
use super::report::Report;
use super::schema;
use super::source::{BadSource, MAX_FILE_BYTES, Source, SourceId, Span};
use super::syntax::{self, Document, Kind, Node, Oddity};

/// What came of a file.
#[derive(Debug)]
pub struct Loaded {
    /// `None` if the file is wrong in itself. What only this host lacks takes single tools away.
    pub catalog: Option<Catalog>,
    pub report: Report,
    pub dialect: Dialect,
    /// Absolute.
    pub path: PathBuf,
    /// Every file that was read for it, absolute, the root first: when one changes, this is stale.
    pub files: Vec<PathBuf>,
    /// Folders that were looked through for files: a new file in one makes this stale too.
    pub folders: Vec<PathBuf>,
    /// The tests in the file, where everything is checked: a server does not look at them. Every
    /// command has its set, be it empty.
    pub trials: Vec<TrialSet>,
}

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// What a server needs to start.
    Serving,
    /// Schemas and patterns are compiled, folders and secrets looked for.
    Everything,
}

/// Loads a file to serve it.
pub fn load(path: &Path, host: &Host) -> Loaded {
    let (source, read) = Source::read(path);
    Loading::new(host, Depth::Serving).run(source, read)
}

/// Loads a file and checks everything that can be checked.
pub fn check(path: &Path, host: &Host) -> Loaded {
    let (source, read) = Source::read(path);
    Loading::new(host, Depth::Everything).run(source, read)
}

/// Loads bytes as if `path` held them.
pub fn load_bytes(path: &Path, bytes: Vec<u8>, host: &Host) -> Loaded {
    let (source, read) = Source::decode(path, bytes);
    Loading::new(host, Depth::Serving).run(source, read)
}

/// Like `load_bytes`, with every check.
pub fn check_bytes(path: &Path, bytes: Vec<u8>, host: &Host) -> Loaded {
    let (source, read) = Source::decode(path, bytes);
    Loading::new(host, Depth::Everything).run(source, read)
}

struct Loading<'h> {
    host: &'h Host,
    depth: Depth,
    /// Files beside the root that were read.
    others: RefCell<Vec<PathBuf>>,
    trials: RefCell<Vec<TrialSet>>,
    lines: Lines,
}

impl<'h> Loading<'h> {
    fn new(host: &'h Host, depth: Depth) -> Self {
        Self { host, depth, others: RefCell::default(), trials: RefCell::default(), lines: Lines::default() }
    }

    fn run(&self, source: Source, read: Result<(), BadSource>) -> Loaded {
        let path = without_dots(&self.host.cwd.join(&source.path));
        let text = std::sync::Arc::clone(&source.text);
        let mut report = Report::new(source);
        let problems = Problems::default();
        if let Err(error) = read {
            problems.add(bad_source(&error));
            report.hide(Vec::new(), true);
            report.take(problems, |_| String::new());
            return Loaded {
                catalog: None,
                report,
                dialect: Dialect::Original,
                files: vec![path.clone()],
                path,
                folders: Vec::new(),
                trials: Vec::new(),
            };
        }
        let Some(document) = syntax::parse(SourceId::default(), &text, &problems) else {
            report.hide(Vec::new(), true);
            report.take(problems, |_| String::new());
            return Loaded {
                catalog: None,
                report,
                dialect: Dialect::Original,
                files: vec![path.clone()],
                path,
                folders: Vec::new(),
                trials: Vec::new(),
            };
        };
        let dialect = dialect(&document.root, &problems);
        let catalog = self.interpret(&document, dialect, &path, &text, &problems);
        if self.depth == Depth::Everything {
            lint::check_permissions(&problems, &path);
        }
        report.take(problems, |span| document.root.path_to(span));
        if !report.is_empty() {
            report.hide(syntax::sensitive_values(&document.root), false);
        }
        let catalog = catalog.filter(|_| report.may_serve());
        let files = std::iter::once(path.clone()).chain(self.others.take()).collect();
        Loaded { catalog, report, dialect, path, files, folders: Vec::new(), trials: self.trials.take() }
    }

    fn interpret(
        &self,
        document: &Document<'_>,
        dialect: Dialect,
        path: &Path,
        text: &str,
        problems: &Problems,
    ) -> Option<Catalog> {
        let Document { root, oddities } = document;
        oddities.iter().for_each(|oddity| problems.add(judge(oddity, dialect)));
        let reader = Reader { dialect, problems, text };
        let executables = Executables::new(self.host);
        let folder = path.parent().map_or_else(|| self.host.cwd.clone(), Path::to_path_buf);
        if dialect == Dialect::Original && original::refuse_native_keys(problems, root) {
            return None;
        }
        let variables = self.variables(&reader, root, &folder);
        let expander = Expander { reader: &reader, variables: &variables };
        let root = &expand_server(&expander, root);
        let (host, missing) = (self.host, RefCell::default());
        match dialect {
            Dialect::Native => {
                let file = native::File::read(&reader, root);
                let vars = Vars::read(&expander, file.vars);
                let (base, commands) = (folder, file.commands);
                let place = Place { reader: &reader, host, executables, base, expander, vars, missing };
                let catalog = self.native(&place, file);
                let checks_all = self.depth == Depth::Everything;
                if checks_all {
                    // As it is written: what comes from the environment does not stand in the file.
                    lint::lint(problems, &document.root, commands);
                }
                allow::apply(&reader, commands, checks_all);
                if checks_all {
                    schema::check(problems, &document.root);
                }
                Some(catalog)
            }
            Dialect::Original => {
                let (base, vars) = (self.host.cwd.clone(), Vars::default());
                let place = Place { reader: &reader, host, executables, base, expander, vars, missing };
                original::catalog(&place, root)
            }
        }
    }

    /// What `${…}` can name: the environment, and what `env_file` adds to it.
    fn variables(&self, reader: &Reader<'_>, root: &Node<'_>, base: &Path) -> Variables<'_> {
        let variables = Variables::of(self.host);
        let Some(node) = root.get("env_file").filter(|_| !self.host.as_written) else { return variables };
        let Some(written) = reader.text(node, "env_file") else { return variables };
        let Ok(name) = (Expander { reader, variables: &variables }).expand(written) else { return variables };
        let path = self.host.resolve(&name, base);
        self.others.borrow_mut().push(path.clone());
        match read_env_file(&path) {
            Ok(file) => variables.with_file(file),
            Err(error) => {
                reader.problems.add(bad_env_file(written, &error));
                variables
            }
        }
    }

    fn native(&self, place: &Place<'_>, file: native::File<'_>) -> Catalog {
        let native::File { commands, defaults, secrets, server, vars: _ } = file;
        let declared: BTreeSet<String> = secrets.iter().map(|secret| secret.name.value.to_owned()).collect();
        let usable = lower::secrets(place, &secrets);
        let checks_all = self.depth == Depth::Everything;
        let schemas = deep::Schemas::default();
        let tools =
            Commands { place, defaults: &defaults, secrets: &declared }.lower(commands, |tool, command| {
                if checks_all {
                    deep::check_command(place, &schemas, tool, command);
                    self.trials.borrow_mut().push(lower::trials(place.reader, &self.lines, tool, command));
                }
            });
        if checks_all {
            for secret in &secrets {
                let name = secret.name.value.parse::<SecretName>().ok();
                if let Some(source) = name.and_then(|name| usable.get(&name)) {
                    deep::check_secret(place, secret, source);
                }
            }
        }
        let fed = lower::fed(place, &usable);
        let mut catalog = Catalog::new(tools, lower::server(place.reader, server), usable);
        catalog.fed = fed;
        catalog
    }
}

/// A file with a version is native, whatever the version.
fn dialect(root: &Node<'_>, problems: &Problems) -> Dialect {
    let Some(version) = root.get("version") else { return Dialect::Original };
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

/// That it is missing is a problem of this host; what it says is one of the file.
fn bad_env_file(written: Spanned<&str>, error: &BadEnvFile) -> Diagnostic {
    let name = written.value;
    match error {
        BadEnvFile::Unreadable(error) => {
            let message = format!("cannot read `{name}`: {}", reason(error));
            let problem = Diagnostic::error(Code::BadEnvFile, written.span, message).of_host();
            problem.help(
                "create it, or remove `env_file`; variables can also be set where this program is started",
            )
        }
        other => {
            Diagnostic::error(Code::BadEnvFile, written.span, format!("`{name}` cannot be used: {other}"))
                .help("expected lines `NAME=value`; a value may be quoted, and `#` begins a comment")
        }
    }
}

fn bad_source(error: &BadSource) -> Diagnostic {
    match error {
        BadSource::Unreadable(error) => {
            let message = format!("cannot read the file: {}", reason(error));
            Diagnostic::of_file(Code::Unreadable, message)
        }
        BadSource::TooLarge => {
            let message = format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20);
            Diagnostic::of_file(Code::TooLarge, message)
        }
        BadSource::NotText { at, problem, help } => {
            let span = Span::new(SourceId::default(), *at..*at + 1);
            Diagnostic::error(Code::NotText, span, problem).help(*help)
        }
    }
}

/// An I/O error in words that are the same on every platform.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// What YAML allows and a dialect does not.
fn judge(oddity: &Oddity, dialect: Dialect) -> Diagnostic {
    let problem = match oddity {
        Oddity::DuplicateKey { key, first, second } => {
            let message = format!("the key `{key}` stands here for the second time");
            Diagnostic::error(Code::DuplicateKey, *second, message).other(*first, "the first is here")
        }
        Oddity::SecondDocument(span) => {
            Diagnostic::error(Code::SecondDocument, *span, "a second YAML document begins here")
                .help("one file is one document; remove the `---` and what follows it")
        }
        Oddity::Tag { tag, span } => {
            Diagnostic::error(Code::Tag, *span, format!("the YAML tag `{tag}` means nothing here"))
                .help("remove it, or quote a text that begins with `!`")
        }
    };
    match (dialect, oddity) {
        (Dialect::Native, _) => problem,
        (Dialect::Original, Oddity::DuplicateKey { .. }) => problem.into_warning("the second one counts"),
        (Dialect::Original, Oddity::SecondDocument(_)) => problem.into_warning("it is ignored"),
        (Dialect::Original, Oddity::Tag { .. }) => problem.into_warning("it is ignored"),
    }
}
