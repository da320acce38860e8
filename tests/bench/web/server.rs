//! A server process over HTTP.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::failure::Failure;
use crate::measure::{Bench, settle_process, until};
use crate::process;
use crate::subject::MenuFiles;

use super::{bare, client, floor};

pub struct WebServer {
    child: Child,
    pub address: SocketAddr,
}

impl WebServer {
    pub fn mcpfier(bench: &Bench, menu: &MenuFiles) -> Result<Self, Failure> {
        let mut command = Command::new(&bench.options.server);
        command.env_remove("PORT").arg("--config").arg(&menu.yaml).args(["--server", "--port", "0"]);
        Self::start(bench, command)
    }

    /// The bare handler, which answers calls of `noop` with the bytes of a file.
    pub fn bare(bench: &Bench, menu: &MenuFiles, noop: &Path) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(bare::WORD).arg(&menu.table).arg(noop);
        Self::start(bench, command)
    }

    /// What rmcp makes of the table behind axum.
    pub fn floor(bench: &Bench, menu: &MenuFiles) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(floor::WORD).arg(&menu.table);
        Self::start(bench, command)
    }

    fn start(bench: &Bench, mut command: Command) -> Result<Self, Failure> {
        let path = bench.folder().join("web.log");
        let log = File::create(&path)?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut said = String::new();
        until(Duration::from_secs(20), || {
            said = std::fs::read_to_string(&path)?;
            let told = said.split("http://").nth(1).and_then(|rest| rest.split_once("/mcp"));
            let address = told.and_then(|(address, _)| address.parse().ok());
            server.address = address.unwrap_or(server.address);
            Ok(address.is_some() || server.child.try_wait()?.is_some())
        })?;
        if server.address.port() == 0 {
            return Err(Failure::Refused(said));
        }
        Ok(server)
    }

    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Asks once; gives the body of the answer, or the beginning of a long one.
    pub fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Failure> {
        client::runtime()?.block_on(async {
            let mut connection = client::Connection::open(self.address).await?;
            connection.ask(request).await?;
            Ok(connection.answer.body().to_vec())
        })
    }

    pub fn settle(&self) {
        settle_process(self.pid());
    }

    pub fn is_gone(&mut self) -> Result<bool, Failure> {
        Ok(self.child.try_wait()?.is_some())
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        let _ = process::signal(self.pid(), Signal::SIGTERM);
        let _ = until(Duration::from_secs(2), || self.is_gone());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
