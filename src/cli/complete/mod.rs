//! What can stand at the cursor of a shell, looked up when TAB is pressed.
//!
//! The scripts in `completions/` start us with [`ARGUMENT`], the name of the shell and the words of
//! the line up to the cursor. Whatever is wrong, nothing is said: a line that is being typed is no
//! place for messages.

mod files;
mod line;
mod offer;
mod parameters;
mod quote;
mod shell;
mod values;

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config::{self, Host};
use crate::model::{Catalog, Dialect};

use super::exit::Exit;
use super::print::Printer;
use super::session;

use offer::{Choice, Offers};

pub use line::Line;
pub use shell::Shell;

/// The first word of a line that asks for completions.
pub const ARGUMENT: &str = "__complete";

/// Answers a script. `words` are the shell's name, what it alone has to say, and those of the line.
pub fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some((shell, words)) = words.split_first()
        && let Ok(shell) = shell.parse::<Shell>()
    {
        Printer::new(false).data(&answer(shell, words).unwrap_or_default());
    }
    Exit::OK.into()
}

fn answer(shell: Shell, words: &[String]) -> Option<String> {
    let typed = shell.read(words)?;
    let mut root = super::command();
    root.build();
    let line = Line::read(&root, &typed.before);
    let menu = Menu::new(&line);
    let choice = offer::choice(&line, &typed.current, &menu);
    let offers = match choice {
        Choice::Offers(offers) => offers,
        Choice::Files { prefix, base } => {
            let written = typed.current.get(prefix.len()..)?;
            let list = files::offers(&menu.host, base.as_deref().unwrap_or(&menu.host.cwd), written);
            Offers { prefix, list }
        }
    };
    Some(shell.render(&offers, &typed))
}

/// The tools of the file that the line means, read once they are wanted.
struct Menu {
    host: Host,
    named: Option<String>,
    loaded: OnceCell<Option<(Catalog, Dialect)>>,
}

impl Menu {
    fn new(line: &Line<'_>) -> Self {
        Self {
            host: session::host(),
            named: line.value_of("config").map(str::to_owned),
            loaded: OnceCell::new(),
        }
    }

    fn catalog(&self) -> Option<&(Catalog, Dialect)> {
        self.loaded.get_or_init(|| self.load()).as_ref()
    }

    fn load(&self) -> Option<(Catalog, Dialect)> {
        // No shell has expanded the words of a line that is being typed.
        let named: Option<PathBuf> =
            self.named.as_deref().map(|written| self.host.resolve(written, Path::new("")));
        let found = config::find(named.as_deref(), &self.host).ok()?;
        // A pipe that is read here is empty when the command comes.
        let is_lasting =
            std::fs::metadata(&found.path).ok().is_some_and(|file| file.is_file() || file.is_dir());
        let loaded = is_lasting.then(|| config::load(&found.path, &self.host))?;
        Some((loaded.catalog?, loaded.dialect))
    }
}
