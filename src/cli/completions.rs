//! `mcpfier completions SHELL`: the script that teaches a shell to ask us.

use super::complete::Shell;
use super::exit::Exit;
use super::print::Printer;

pub fn run(shell: Shell) -> Exit {
    Printer::new(false).data(shell.script());
    Exit::OK
}
