//! Where a file stands on this host: its paths, its executables, and the checks of both.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::executable::{Executables, is_path};
use crate::config::expansion::Expander;
use crate::config::host::Host;
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::model::{Dialect, Program, Reference, Template};

use super::filling::Filling;
use super::vars::Vars;

pub struct Place<'a> {
    pub reader: &'a Reader<'a>,
    pub host: &'a Host,
    pub executables: Executables<'a>,
    /// Where commands run that do not say otherwise.
    pub base: PathBuf,
    pub expander: Expander<'a>,
    pub vars: Vars,
    /// A variable that the host does not have and that what is being read needs.
    pub missing: RefCell<Option<String>>,
    /// Commands that parameters name in `complete`.
    pub suggesting: RefCell<Vec<(String, Span)>>,
}

impl Place<'_> {
    /// What relative paths in a place are relative to: the folder of their file, or in the original
    /// that of the server.
    pub fn folder(&self, place: Span) -> &Path {
        match self.reader.dialect {
            Dialect::Native => self.reader.sources.folder(place),
            Dialect::Original => &self.base,
        }
    }

    /// Resolves an executable. A missing one is an error of this host, not of the file.
    pub fn program(&self, written: Spanned<&str>) -> Program {
        let path = self.executables.find(written.value, self.folder(written.span));
        if path.is_none() {
            self.reader.problems.add(self.missing(written));
        }
        Program { written: self.seen_from_root(written), path }
    }

    /// An executable as the root file would have to write it: two files may call by the same path
    /// what is not the same.
    fn seen_from_root(&self, written: Spanned<&str>) -> String {
        let folder = self.folder(written.span);
        let is_below = |path: &Path| path.strip_prefix(&self.base).map(Path::to_path_buf);
        let is_whole = written.value.starts_with('~') || Path::new(written.value).is_absolute();
        if folder == self.base || !is_path(written.value) || is_whole {
            return written.value.to_owned();
        }
        let path = self.host.resolve(written.value, folder);
        is_below(&path).unwrap_or(path).display().to_string()
    }

    fn missing(&self, written: Spanned<&str>) -> Diagnostic {
        let name = written.value;
        let message = format!("there is no executable `{name}` on this host");
        let problem = Diagnostic::error(Code::MissingExecutable, written.span, message).of_host();
        if is_path(name) {
            let path = self.host.resolve(name, self.folder(written.span));
            return problem.help(format!("looked for an executable file `{}`", path.display()));
        }
        if let Some((first, rest)) = name.split_once(' ') {
            let words = rest.split_whitespace().collect::<Vec<_>>().join(", ");
            return problem
                .help(format!("`script` is one executable; write `script: {first}` and `args: [{words}]`"));
        }
        problem.help("install it, or write its path; it was looked for in the folders of `PATH`")
    }

    /// An absolute path from a key whose value is a path. It may hold variables of the file and of
    /// the environment, and nothing that callers choose.
    pub fn path(&self, written: Spanned<&str>, key: &str) -> Option<PathBuf> {
        let text = self.fixed(written, key, "the path", true)?;
        Some(self.host.resolve(&text, self.folder(written.span)))
    }

    /// A text that is known when the file is loaded and says something. `what` is what stands there;
    /// `expands` says whether `${…}` is expanded.
    pub fn fixed(&self, written: Spanned<&str>, key: &str, what: &str, expands: bool) -> Option<String> {
        let template = Template::parse(written.value).ok();
        let is_fixed = |template: &Template| {
            template.references().all(|reference| matches!(reference, Reference::Var(_)))
        };
        let Some(template) = template.filter(is_fixed) else {
            self.refuse_template(written, key, what);
            return None;
        };
        let filled = self.filling(expands).fill(template, written.span)?;
        let text = filled.as_literal().unwrap_or_default();
        if text.is_empty() {
            let problem = Diagnostic::error(Code::BadValue, written.span, format!("`{key}` is empty"));
            self.reader.problems.add(problem);
            return None;
        }
        Some(text.to_owned())
    }

    fn refuse_template(&self, written: Spanned<&str>, key: &str, what: &str) {
        let later = Template::parse(written.value).ok().and_then(|template| {
            template.references().find_map(|reference| match reference {
                Reference::NotSupported(root) => Some(root.clone()),
                _ => None,
            })
        });
        match later {
            Some(root) => self.reader.not_supported(written.span, &format!("`{{{{{root}.…}}}}`")),
            None => self.reader.problems.add(
                Diagnostic::error(
                    Code::TemplateInScript,
                    written.span,
                    format!("`{key}` cannot hold a template: callers do not choose it"),
                )
                .help(format!("write {what} itself, or a variable of the file: `{{{{vars.NAME}}}}`")),
            ),
        }
    }

    /// Fills what is known at load into templates; `expands` if `${…}` is expanded there.
    pub fn filling(&self, expands: bool) -> Filling<'_> {
        Filling { expander: &self.expander, vars: &self.vars, missing: &self.missing, expands }
    }

    /// The first variable that was missing since this was last asked.
    pub fn take_missing(&self) -> Option<String> {
        self.missing.take()
    }
}
