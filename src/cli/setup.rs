//! `--setup`: what to paste into a client's configuration.

use crate::serve::connect;

use super::exit::Exit;
use super::print::Printer;
use super::session::Session;

pub fn run(session: &Session) -> Exit {
    let executable = std::env::current_exe().unwrap_or_else(|_| "mcpfier".into());
    Printer::new(false).data(&connect::instructions(&session.catalog.server.name, &executable, &session.path));
    Exit::OK
}
