//! What can stand at the cursor of a shell, looked up when TAB is pressed.
//!
//! The scripts in `completions/` start us with [`ARGUMENT`], the name of the shell and the words of
//! the line up to the cursor. Whatever is wrong, nothing is said: a line that is being typed is no
//! place for messages.

mod files;
mod line;
mod menu;
mod offer;
mod parameters;
mod quote;
mod shell;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;

use super::exit::Exit;
use super::print::Printer;
use super::session;

use menu::Menu;
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
    let host = session::host();
    let menu = Menu::new(&host, &line);
    let choice = offer::choice(&line, &typed.current, &menu);
    let offers = match choice {
        Choice::Offers(offers) => offers,
        Choice::Files { prefix, base } => {
            let written = typed.current.get(prefix.len()..)?;
            let list = files::offers(&host, base.as_deref().unwrap_or(&host.cwd), written);
            Offers { prefix, list }
        }
    };
    Some(shell.render(&offers, &typed))
}
