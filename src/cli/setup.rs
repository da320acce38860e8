//! `--setup`: what to paste into a client's configuration.

use super::exit::Exit;
use super::print::Printer;
use super::session::Session;

pub fn run(session: &Session) -> Exit {
    Printer::new(false).data(&session.connecting());
    Exit::OK
}
