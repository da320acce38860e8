//! Where a file stands on this host: its paths, its executables, and the checks of both.

use std::path::PathBuf;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::executable::{Executables, is_path};
use crate::config::host::Host;
use crate::config::read::{Reader, Spanned};
use crate::model::{Program, Reference, Template};

pub struct Place<'a> {
    pub reader: &'a Reader<'a>,
    pub host: &'a Host,
    pub executables: Executables<'a>,
    /// What relative paths are relative to.
    pub base: PathBuf,
}

impl Place<'_> {
    /// Resolves an executable. A missing one is an error of this host, not of the file.
    pub fn program(&self, written: Spanned<&str>) -> Program {
        let path = self.executables.find(written.value, &self.base);
        if path.is_none() {
            self.reader.problems.add(self.missing(written));
        }
        Program { written: written.value.to_owned(), path }
    }

    fn missing(&self, written: Spanned<&str>) -> Diagnostic {
        let name = written.value;
        let message = format!("there is no executable `{name}` on this host");
        let problem = Diagnostic::error(Code::MissingExecutable, written.span, message).of_host();
        if is_path(name) {
            let path = self.host.resolve(name, &self.base);
            return problem.help(format!("looked for an executable file `{}`", path.display()));
        }
        if let Some((first, rest)) = name.split_once(' ') {
            let words = rest.split_whitespace().collect::<Vec<_>>().join(", ");
            return problem
                .help(format!("`script` is one executable; write `script: {first}` and `args: [{words}]`"));
        }
        problem.help("install it, or write its path; it was looked for in the folders of `PATH`")
    }

    /// An absolute path from a key whose value is a path. It holds no template and no `${…}`.
    pub fn path(&self, written: Spanned<&str>, key: &str) -> Option<PathBuf> {
        self.refuse_expansion(written);
        if written.value.is_empty() {
            self.reader.problems.add(Diagnostic::error(
                Code::BadValue,
                written.span,
                format!("`{key}` is empty"),
            ));
            return None;
        }
        if written.value.contains("{{") {
            self.refuse_template(written, key);
            return None;
        }
        Some(self.host.resolve(written.value, &self.base))
    }

    fn refuse_template(&self, written: Spanned<&str>, key: &str) {
        let later = Template::parse(written.value).ok().and_then(|template| {
            template.references().find_map(|reference| match reference {
                Reference::NotSupported(root) => Some(root.clone()),
                Reference::Param { .. } | Reference::Secret(_) => None,
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
                .help("write the path itself"),
            ),
        }
    }

    /// `${VAR}` will be expanded one day where it will; until then it is refused there, so that
    /// no file changes its meaning.
    pub fn refuse_expansion(&self, written: Spanned<&str>) {
        let Some(at) = written.value.find("${").or_else(|| written.value.find("$$")) else { return };
        let tail = written.value.get(at..).unwrap_or_default();
        let shown = tail.find('}').and_then(|end| tail.get(..=end)).unwrap_or("$$");
        let message = format!("`{shown}` is not supported yet: variables are not expanded here");
        self.reader.problems.add(
            Diagnostic::error(Code::EnvironmentTemplate, written.span, message).help(
                "write the value itself, or let the command inherit the variable through `env_inherit`",
            ),
        );
    }
}
