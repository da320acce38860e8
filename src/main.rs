//! The thin binary. First thing, before any thread exists: the fork server.

use std::process::ExitCode;

use mcpfier::runner::process::{FORK_SERVER_ARGUMENT, fork_server_main};

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == FORK_SERVER_ARGUMENT) {
        return fork_server_main();
    }
    ExitCode::SUCCESS
}
