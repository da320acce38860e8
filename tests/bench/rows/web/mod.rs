//! The rows over HTTP. Where commands are called the floor is what rmcp makes of them behind axum; where
//! nothing is started a bare axum handler stands in its place. In the place of the ideal stands mcpfier over
//! stdio.

pub mod calls;
pub mod endings;
pub mod memory;
pub mod outputs;
pub mod subscribers;
pub mod waits;
pub mod wrk;

use std::path::PathBuf;

use crate::failure::Failure;
use crate::measure::Bench;
use crate::menu::Menu;
use crate::subject::{MenuFiles, Subject};
use crate::web::bare::NOOP;
use crate::web::{self, WebServer};

/// A command whose result is remembered, so a call of it starts nothing.
const REMEMBERED: &str = "    annotations: { read_only: true }\n    cache: { ttl: 1h }\n";

fn noop_menu() -> Menu {
    Menu::nothing().with(NOOP, "/bin/echo", &["ok"], REMEMBERED)
}

/// A menu, and the bytes that mcpfier answers `noop` with.
struct Served {
    files: MenuFiles,
    noop: PathBuf,
}

impl Served {
    fn write(bench: &Bench, menu: &Menu, stem: &str) -> Result<Self, Failure> {
        let files = bench.write(menu, stem)?;
        let noop = bench.folder().join(format!("{stem}.answer"));
        let server = WebServer::mcpfier(bench, &files)?;
        std::fs::write(&noop, server.ask(&web::call(NOOP, ""))?)?;
        Ok(Self { files, noop })
    }

    /// mcpfier, or the bare handler in the place of the floor.
    fn start(&self, bench: &Bench, subject: Subject) -> Result<WebServer, Failure> {
        match subject {
            Subject::Mcpfier => WebServer::mcpfier(bench, &self.files),
            Subject::Floor | Subject::Ideal => WebServer::bare(bench, &self.files, &self.noop),
        }
    }
}
