//! `mcpfier completions SHELL`: the script that teaches a shell to ask us.

use clap_complete::Shell;

use super::complete;
use super::exit::Exit;
use super::print::Printer;

pub fn run(shell: Shell, printer: &Printer) -> Exit {
    let Some(script) = complete::script(shell) else {
        printer.error(&format!("there is no completion for `{shell}` yet"));
        return Exit::NOT_SUPPORTED;
    };
    Printer::new(false).data(script);
    Exit::OK
}
