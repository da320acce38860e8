//! `prompts` and `resources` → what is offered beside the tools. They may name commands, so they are
//! read when all commands are known.

mod content;
mod holes;
mod prompt;
mod resource;
mod suggest;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Authorization, OfferKeys};
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::model::{Annotations, Offers, Tool, nearest};

use super::place::Place;
use super::vars::Var;

pub use suggest::suggest;

/// What is known when prompts and resources are read.
pub struct Offering<'a> {
    pub place: &'a Place<'a>,
    pub secrets: &'a BTreeSet<String>,
    pub tools: &'a [Arc<Tool>],
    /// Others of the file may have been left out.
    pub is_selection: bool,
    /// Whether files are looked for on this host.
    pub checks_all: bool,
    /// What prompts and resources ask of callers, as it is written.
    pub asking: RefCell<Vec<(String, Authorization)>>,
}

impl Offering<'_> {
    /// What cannot be offered has been reported and is left out.
    pub fn lower(&self, keys: &OfferKeys<'_>) -> Offers {
        self.check_suggesting();
        let mut names = Names::default();
        let prompts = keys.prompts.iter().filter_map(|keys| prompt::prompt(self, keys, &mut names));
        let prompts: Vec<_> = prompts.collect();
        let mut uris = Names::default();
        let resources = keys.resources.iter().filter_map(|keys| resource::resource(self, keys, &mut uris));
        let resources: Vec<_> = resources.collect();
        prompt::check_resources(self, &prompts, &resources, keys);
        Offers::new(prompts, resources)
    }

    fn authorize(&self, name: &str, written: Option<&Authorization>) -> crate::model::Authorization {
        if let Some(written) = written {
            self.asking.borrow_mut().push((name.to_owned(), written.clone()));
        }
        super::authorization(written)
    }

    /// A command that is run when somebody reads or types. What is none has been reported.
    fn reading_command(&self, written: Spanned<&str>) -> Option<&Tool> {
        let problems = self.place.reader.problems;
        let name = written.value;
        let Some(tool) = self.tools.iter().find(|tool| tool.name.as_str() == name) else {
            if !self.is_selection {
                let message = format!("there is no command `{name}`");
                let problem = Diagnostic::error(Code::UnknownCommand, written.span, message);
                let known = self.tools.iter().map(|tool| tool.name.as_str());
                problems.add(match nearest(name, known) {
                    Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
                    None => problem.help("name a command of this file"),
                });
            }
            return None;
        };
        if !matches!(tool.annotations, Annotations { read_only: true, .. }) {
            let message =
                format!("`{name}` does not say that it only reads, and clients read without asking");
            let problem = Diagnostic::error(Code::NotReadOnly, written.span, message);
            problems
                .add(problem.help(
                    "if it changes nothing, say so at the command: `annotations: { read_only: true }`",
                ));
        }
        Some(tool)
    }

    /// The commands that parameters name in `complete`.
    fn check_suggesting(&self) {
        for (name, span) in self.place.suggesting.take() {
            self.reading_command(Spanned { value: &name, span });
        }
    }

    /// An absolute path of a file that has to be there.
    fn file(&self, written: Spanned<&str>, key: &'static str) -> Option<PathBuf> {
        let path = self.place.path(written, key)?;
        self.check_there(&path, written.span, key, Path::is_file);
        Some(path)
    }

    fn check_there(&self, path: &Path, span: Span, key: &str, is_right: fn(&Path) -> bool) {
        if self.checks_all && !is_right(path) {
            let what = if key == "directory" { "folder" } else { "file" };
            let message = format!("there is no {what} `{}` on this host", path.display());
            let problem = Diagnostic::error(Code::NoOfferedFile, span, message).of_host();
            self.place.reader.problems.add(problem.help("a path is relative to the file that it stands in"));
        }
    }

    /// All variables of the file, for texts that are read later.
    fn vars(&self) -> Arc<Map<String, Value>> {
        let vars = &self.place.vars;
        let value = |name: &str| match vars.get(name)? {
            Var::Text { json, .. } | Var::List { json, .. } => Some((name.to_owned(), json.clone())),
            Var::Unset(_) => None,
        };
        Arc::new(vars.names().filter_map(value).collect())
    }
}

/// Where each name stands for the first time.
#[derive(Default)]
struct Names(HashMap<String, Span>);

impl Names {
    /// The second of one name is reported.
    fn note(&mut self, offering: &Offering<'_>, name: Spanned<&str>, what: &str) {
        match self.0.get(name.value) {
            Some(first) => {
                let message = format!("there are two {what} `{}`", name.value);
                let problem = Diagnostic::error(Code::DuplicateOffer, name.span, message);
                offering.place.reader.problems.add(problem.other(*first, "the first is here"));
            }
            None => drop(self.0.insert(name.value.to_owned(), name.span)),
        }
    }
}

fn owned(text: Option<Spanned<&str>>) -> Option<String> {
    text.map(|text| text.value.to_owned())
}
