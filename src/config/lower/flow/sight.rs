//! What the templates and conditions of one step see besides parameters: the steps before it, and the
//! item of its round.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::source::Span;
use crate::model::{Kind, nearest};

/// The steps of one flow, by name and in the order in which they are written.
#[derive(Default)]
pub struct Names {
    list: Vec<String>,
    places: HashMap<String, usize>,
    /// Commands whose name cannot be that of a step, by what comes nearest to it.
    nameless: HashMap<String, String>,
    patience: Patience,
}

/// How many more misspelt names are compared with all known ones: comparing each of thousands of unknown names with thousands of known ones would take minutes.
pub struct Patience(Cell<u32>);

impl Default for Patience {
    fn default() -> Self {
        Self(Cell::new(100))
    }
}

impl Patience {
    pub fn nearest<'k>(&self, wanted: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
        self.0.set(self.0.get().checked_sub(1)?);
        nearest(wanted, known)
    }
}

impl Names {
    /// Adds a name; if it is there already, its place is handed back.
    pub fn push(&mut self, name: &str) -> Result<usize, usize> {
        let at = self.list.len();
        if let Some(taken) = self.places.get(name) {
            // It keeps a place of its own all the same, so that others can be counted.
            self.list.push(name.to_owned());
            return Err(*taken);
        }
        self.places.insert(name.to_owned(), at);
        self.list.push(name.to_owned());
        Ok(at)
    }

    /// Notes a command of which nobody can read the result as it is.
    pub fn note_nameless(&mut self, command: &str) {
        self.nameless.insert(command.replace('-', "_"), command.to_owned());
    }

    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    pub fn name(&self, at: usize) -> &str {
        self.list.get(at).map(String::as_str).unwrap_or_default()
    }

    fn before(&self, at: usize) -> impl Iterator<Item = &str> {
        self.list.iter().take(at).map(String::as_str)
    }
}

/// What is known of `{{item}}`.
#[derive(Debug, Clone)]
pub struct Item {
    pub kind: Kind,
    /// It stands in the file, so no caller chooses it.
    pub is_fixed: bool,
}

/// What one step sees.
pub struct Sight<'a> {
    pub names: &'a Names,
    /// Where the step stands.
    pub at: usize,
    /// It has ended already: what is done because of that sees it too.
    is_over: bool,
    pub item: Option<Item>,
    read: RefCell<BTreeSet<usize>>,
}

impl<'a> Sight<'a> {
    pub fn new(names: &'a Names, at: usize) -> Self {
        Self { names, at, is_over: false, item: None, read: RefCell::default() }
    }

    /// The same in a round of `for_each`.
    pub fn with_item(self, item: Option<Item>) -> Self {
        Self { item, ..self }
    }

    /// The same when the step has ended.
    pub fn over(self) -> Self {
        Self { is_over: true, ..self }
    }

    /// The steps whose results have been read.
    pub fn read(&self) -> BTreeSet<usize> {
        self.read.borrow().clone()
    }

    /// Every step before this one.
    pub fn read_all(&self) {
        self.read.borrow_mut().extend(0..self.at);
    }

    /// A step whose result is read. `what` is how a sentence names it.
    pub fn step(&self, id: &str, span: Span) -> Result<(), Box<Diagnostic>> {
        let found = self.find(id, span)?;
        if found != self.at {
            self.read.borrow_mut().insert(found);
        }
        Ok(())
    }

    /// A step that comes before this one.
    pub fn find(&self, id: &str, span: Span) -> Result<usize, Box<Diagnostic>> {
        let wrong = |message: String| Diagnostic::error(Code::UnknownStep, span, message);
        match self.names.find(id) {
            Some(at) if at < self.at || (at == self.at && self.is_over) => Ok(at),
            Some(at) if at == self.at => {
                let problem = wrong(format!("the step `{id}` cannot wait for itself"));
                Err(Box::new(problem.help("name a step above it")))
            }
            Some(_) => {
                let problem = wrong(format!("the step `{id}` comes later"));
                Err(Box::new(problem.help("a step sees those above it: move this one below")))
            }
            None => {
                let problem = wrong(format!("there is no step `{id}` above"));
                let nameless = self.names.nameless.get(id).map(String::as_str);
                Err(Box::new(match self.nearest(id) {
                    _ if let Some(command) = nameless => problem.help(format!(
                        "the result of `{command}` needs a name that can be read: `id: {id}` in a step, `{{ command: {command}, as: {id} }}` in `depends_on`"
                    )),
                    Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
                    None if self.at == 0 => problem.help("this is the first step"),
                    None => problem.help(format!("there are {}", self.known())),
                }))
            }
        }
    }

    fn nearest(&self, id: &str) -> Option<&str> {
        self.names.patience.nearest(id, self.names.before(self.at))
    }

    fn known(&self) -> String {
        const SHOWN: usize = 8;
        let names: Vec<&str> = self.names.before(self.at).take(SHOWN).collect();
        let more = if self.at > SHOWN { ", …" } else { "" };
        format!("`{}`{more}", names.join("`, `"))
    }
}
