//! `mcpfier completions SHELL`: the script that teaches a shell our words.

use std::io;

use super::exit::Exit;

pub fn run(shell: clap_complete::Shell) -> Exit {
    clap_complete::generate(shell, &mut super::command(), "mcpfier", &mut io::stdout());
    Exit::OK
}
