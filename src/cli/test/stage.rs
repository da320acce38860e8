//! What tests run on: the commands of the file, each made callable, and the engine that calls them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::session::Session;
use crate::engine::Engine;
use crate::model::{Action, Availability, CallCaps, Catalog, Mock, Principal, Script, SecretText, Tool};
use crate::runner::Dispatch;
use crate::runner::process::ForkServer;
use crate::runner::{PretendedRunner, Vault};

pub struct Stage {
    session: Session,
    engine: Arc<Engine>,
    vault: Arc<Vault>,
}

/// A test waits for its lock as long as it has to; its time begins when it runs.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

impl Stage {
    pub fn set(
        session: Session,
        fork_server: Option<ForkServer>,
        jobs: usize,
    ) -> std::io::Result<(Self, Dispatch)> {
        let catalog = callable(&session.catalog, jobs);
        let session = session.with_catalog(catalog);
        let (engine, runner) = session.engine(fork_server)?;
        let vault = session.vault();
        Ok((Self { session, engine, vault }, runner))
    }

    /// What a test is made ready and carried out by.
    pub fn engine(&self, mock: Option<&Mock>, tool: &Tool) -> Arc<Engine> {
        mock.map_or_else(|| Arc::clone(&self.engine), |mock| Arc::new(self.pretending(mock, tool)))
    }

    /// An engine that starts nothing.
    fn pretending(&self, mock: &Mock, tool: &Tool) -> Engine {
        let runner = PretendedRunner::new(mock.clone(), tool.timeout);
        self.session.pretending(Arc::new(runner), Arc::clone(&self.vault))
    }

    pub fn principal(&self) -> Principal {
        self.session.principal()
    }

    pub fn catalog(&self) -> &Catalog {
        &self.session.catalog
    }

    /// The values of all secrets that can be read here.
    pub fn secrets(&self) -> Arc<Vec<SecretText>> {
        self.vault.values()
    }
}

/// The same commands, each as if this host had it and clients were offered it: what is refused and
/// what is planned can be tested without it. Whether it may run is asked before it does.
fn callable(catalog: &Catalog, jobs: usize) -> Catalog {
    let tools = catalog.tools().iter().map(|tool| pretended(tool)).collect();
    let mut server = catalog.server.clone();
    server.calls = CallCaps { max: jobs, queue: jobs, queue_timeout: PATIENCE, per_caller: None };
    let mut callable = Catalog::new(tools, server, catalog.secrets.clone());
    callable.access = Arc::clone(&catalog.access);
    callable
}

fn pretended(tool: &Tool) -> Tool {
    // A test runs what it says, whatever other tests of the command have come to.
    let (cache, breaker) = (None, None);
    let mut tool = Tool { availability: Availability::Offered, cache, breaker, ..tool.clone() };
    if let Action::Process(workload) = &mut tool.action {
        let (Script::Program { program, .. } | Script::Shell { shell: program, .. }) = &mut workload.script;
        if program.path.is_none() {
            program.path = Some(PathBuf::from(&program.written));
        }
    }
    tool
}
