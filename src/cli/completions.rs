//! `mcpfier completions SHELL`: the script that teaches a shell our words.

use super::exit::Exit;
use super::print::Printer;

pub fn run(shell: clap_complete::Shell) -> Exit {
    // Into memory first: clap's generator panics when nobody reads it any more.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "mcpfier", &mut script);
    Printer::new(false).data(&String::from_utf8_lossy(&script));
    Exit::OK
}
