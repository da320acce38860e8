//! What can stand at the cursor of a shell, looked up when TAB is pressed.
//!
//! The engine of `clap_complete` says it from clap's description of our command line, to which we
//! add what only a file of ours knows; shells are asked and answered in our own way.
//!
//! The scripts in `completions/` start us with [`ARGUMENT`], the name of the shell and the words of
//! the line up to the cursor. Whatever is wrong, nothing is said: a line that is being typed is no
//! place for messages.

mod attach;
mod files;
mod line;
mod menu;
mod offer;
mod parameters;
mod question;
mod quote;
mod shell;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap_complete::{Shell, engine};

use super::exit::Exit;
use super::print::Printer;
use super::session;

use menu::Menu;
use question::Question;

pub use line::Line;
pub use shell::script;

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
    let typed = shell::read(shell, words)?;
    let line = Line::read(&typed.before)?;
    let menu = Menu::new(session::host(), &line);
    let question = Arc::new(Question::new(line, typed.current.clone(), menu));
    let mut command = attach::completers(super::command(), &question);
    let asked = question.words();
    let at = asked.len().checked_sub(1)?;
    let found = engine::complete(&mut command, asked, at, Some(question.menu.folder())).ok()?;
    Some(shell::render(shell, &offer::offers(&question, &found), &typed))
}
