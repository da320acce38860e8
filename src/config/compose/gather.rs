//! The files that a root file includes, read and joined with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::code::Code;
use crate::config::diagnostic::{Class, Diagnostic, Problems};
use crate::config::expansion::{Expander, Variables};
use crate::config::host::Host;

use crate::config::read::{Reader, Spanned};
use crate::config::source::{Source, SourceId, Span};
use crate::config::sources::Sources;
use crate::config::syntax::{self, Format, Kind, Node};
use crate::config::unreadable::{bad_source, judge};
use crate::model::Dialect;

use super::glob;
use super::join::Joined;

/// A file that was included.
pub struct Part<'s> {
    pub id: SourceId,
    pub root: Node<'s>,
}

/// Beyond these somebody included what was not meant.
const MAX_FILES: usize = 256;
const MAX_BYTES: usize = 16 << 20;

/// Reads what is included, one file after the other.
pub struct Gathering<'a, 's> {
    pub host: &'a Host,
    pub sources: &'s Sources,
    pub problems: &'a Problems,
    pub variables: &'a Variables<'a>,
    pub parts: Vec<Part<'s>>,
    /// Texts that could not be read as what they should be.
    pub raw: Vec<SourceId>,
    pub files: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
    /// The files that were read, as the host knows them, whatever they are called.
    seen: BTreeSet<PathBuf>,
    bytes: usize,
}

impl<'a, 's> Gathering<'a, 's> {
    pub fn new(
        host: &'a Host,
        sources: &'s Sources,
        problems: &'a Problems,
        variables: &'a Variables<'a>,
    ) -> Self {
        let root = real(&host.cwd.join(&sources.root().path));
        Self {
            host,
            sources,
            problems,
            variables,
            parts: Vec::new(),
            raw: Vec::new(),
            files: Vec::new(),
            folders: Vec::new(),
            seen: [root].into(),
            bytes: sources.root().text.len(),
        }
    }

    /// The root and all that belongs to it: what lies beside it in its folder, and what it includes.
    pub fn join(&mut self, root: &Node<'s>, beside: &[PathBuf]) -> Node<'s> {
        for file in beside {
            self.read(file, None);
        }
        if let Some(include) = root.get("include") {
            self.follow(include);
        }
        let mut joined = Joined::new(root, self.problems);
        for part in &self.parts {
            joined.add(&part.root);
        }
        joined.finish()
    }

    fn follow(&mut self, include: &Node<'s>) {
        let reader = Reader { dialect: Dialect::Native, problems: self.problems, sources: self.sources };
        for written in reader.texts(include, "include").unwrap_or_default() {
            if let Some(pattern) = self.expanded(written) {
                self.follow_one(&pattern, written.span);
            }
        }
    }

    /// A missing variable keeps a file from being put together: unlike elsewhere that is an error of
    /// the file, since nobody could say what is missing from it.
    fn expanded(&self, written: Spanned<&str>) -> Option<String> {
        let problems = Problems::default();
        let reader = Reader { dialect: Dialect::Native, problems: &problems, sources: self.sources };
        // Asked of the host even where everything else stays as it is written.
        let variables = self.variables.clone().taken_as_written(false);
        let expanded = Expander { reader: &reader, variables: &variables }.expand(written);
        let expanded = expanded.ok().map(std::borrow::Cow::into_owned);
        for problem in problems.into_parts().0 {
            self.problems.add(Diagnostic { class: Class::File, ..problem });
        }
        match expanded.as_deref() {
            Some(path) if path.trim().is_empty() => {
                self.problems.add(Diagnostic::error(Code::BadInclude, written.span, "`include` is empty"));
                None
            }
            _ => expanded,
        }
    }

    fn follow_one(&mut self, written: &str, span: Span) {
        let path = self.resolved(written, span);
        if !glob::is_pattern(written) || path.is_file() {
            self.read(&path, Some(span));
            return;
        }
        let Ok(found) = glob::find(&path) else {
            let message = format!("`{written}` leads through too many files and folders");
            let problem = Diagnostic::error(Code::BadInclude, span, message);
            self.problems.add(problem.help("name a folder of its own for what is included"));
            return;
        };
        self.folders.extend(found.folders);
        if found.files.is_empty() {
            let message = format!("no file matches `{written}`");
            let problem = Diagnostic::warning(Code::BadInclude, span, message);
            self.problems.add(problem.help(format!("looked for `{}`", path.display())));
        }
        for file in found.files {
            self.read(&file, None);
        }
    }

    fn resolved(&self, written: &str, span: Span) -> PathBuf {
        let folder = self.sources.folder(span);
        if !self.host.as_written {
            return self.host.resolve(written, folder);
        }
        let home = self.variables.get("HOME").map(PathBuf::from);
        Host { home, ..Host::default() }.resolve(written, folder)
    }

    /// Reads a file that is named in a place, or that was found by looking for files.
    fn read(&mut self, path: &Path, named: Option<Span>) {
        let path = &self.host.cwd.join(path);
        let known = real(path);
        if !self.seen.insert(known.clone()) {
            let is_root = known == real(&self.host.cwd.join(&self.sources.root().path));
            if let (Some(span), true) = (named, is_root) {
                let problem = Diagnostic::error(Code::BadInclude, span, "a file cannot include itself");
                self.problems.add(problem.help("remove it"));
            }
            return;
        }
        let (source, read) = Source::read(path, &self.host.cwd);
        self.bytes = self.bytes.saturating_add(source.text.len());
        if self.parts.len() + self.raw.len() >= MAX_FILES || self.bytes > MAX_BYTES {
            self.refuse_more(named);
            return;
        }
        let name = shown(path, self.sources);
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let Ok((id, source)) = self.sources.add(Source { name, ..source }, folder) else {
            self.refuse_more(named);
            return;
        };
        self.files.push(path.to_path_buf());
        let start = Span::new(id, 0..0);
        match read {
            Err(error) => {
                self.raw.push(id);
                self.problems.add(match named {
                    Some(span) => unreadable(bad_source(&error, id), span, &source.name),
                    None => Diagnostic { span: Some(start), ..bad_source(&error, id) },
                });
            }
            Ok(()) => self.parse(id, &source.text, Format::of(path)),
        }
    }

    fn parse(&mut self, id: SourceId, text: &'s str, format: Format) {
        let Some(document) = syntax::parse(id, text, format, self.problems) else {
            self.raw.push(id);
            return;
        };
        document.oddities.iter().for_each(|oddity| self.problems.add(judge(oddity, Dialect::Native)));
        if !matches!(document.root.kind, Kind::Map(_) | Kind::Null | Kind::Broken) {
            let message = format!("an included file has to be a map; found {}", document.root.describe());
            self.problems.add(Diagnostic::error(Code::WrongType, document.root.span, message));
        }
        self.parts.push(Part { id, root: document.root });
    }

    fn refuse_more(&mut self, named: Option<Span>) {
        if self.bytes == usize::MAX {
            return;
        }
        // Told once, whatever else would follow.
        self.bytes = usize::MAX;
        let message =
            format!("too much is included: at most {MAX_FILES} files and {} MiB fit", MAX_BYTES >> 20);
        let problem = match named {
            Some(span) => Diagnostic::error(Code::TooLarge, span, message),
            None => Diagnostic::of_file(Code::TooLarge, message),
        };
        self.problems.add(problem.help("does a pattern match more than was meant?"));
    }
}

/// What is wrong with a file that a place names stands at that place.
fn unreadable(problem: Diagnostic, span: Span, name: &str) -> Diagnostic {
    match problem.span {
        Some(_) => problem,
        None => {
            let reason = problem.message.trim_start_matches("cannot read the file: ");
            let message = format!("cannot include `{name}`: {reason}");
            let include = Diagnostic::error(Code::BadInclude, span, message);
            if reason == "it is a folder" { include.help(format!("write `{name}/*.yaml`")) } else { include }
        }
    }
}

/// A file as the host knows it, whatever links lead to it.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// The name of a file, as it is seen from where the root was named.
fn shown(path: &Path, sources: &Sources) -> String {
    let below = path.strip_prefix(sources.root_folder());
    let beside = Path::new(&sources.root().name).parent().unwrap_or(Path::new(""));
    below.map_or_else(|_| path.to_path_buf(), |below| beside.join(below)).display().to_string()
}
