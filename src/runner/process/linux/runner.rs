//! The runner of local processes: gets a planned process going under a supervisor.

use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nix::errno::Errno;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::enforcer::Enforcer;
use super::filling::{Filled, fill};
use super::fork_server::ForkServer;
use super::pipes::{Input, Output};
use super::pool::{Origin, Pool};
use super::report::{Failure, Stage};
use super::running::{Parts, ProcessRunning};
use super::sandbox::{self, Held};
use crate::model::SandboxNetwork;
use crate::plan::{Means, ProcessPlan, Step};
use crate::runner::{BoxFuture, Runner, Running, SecretValues, StartError};

/// Carries out [`Step::Process`]. Belongs to the runtime in which it was made.
#[derive(Clone)]
pub struct ProcessRunner {
    pool: Arc<Pool>,
    enforcer: Arc<Enforcer>,
    /// Begun by the first command in a sandbox: looks for what killed servers have left of theirs.
    sweeping: Arc<OnceLock<JoinHandle<()>>>,
}

/// Why a command was not started, and whether it is worth another try.
enum Refused {
    ByCgroup(io::Error),
    ForGood(StartError),
}

impl ProcessRunner {
    /// Takes over the fork server. `executable` is this very program: it is started with
    /// [`crate::runner::process::FORK_SERVER_ARGUMENT`] should the fork server be killed.
    pub fn new(fork_server: ForkServer, executable: PathBuf) -> io::Result<Self> {
        let pool = Arc::new(Pool::new(fork_server, executable));
        pool.warm()?;
        Ok(Self { pool, enforcer: Arc::new(Enforcer::new()), sweeping: Arc::default() })
    }

    /// Which means enforces each limit on this host.
    pub fn means(&self) -> Means {
        self.enforcer.means()
    }

    /// Kills everything that runs, at once and without grace, and says whether all of it was gone
    /// in time. Nothing can be started afterwards.
    pub async fn shut_down(&self, patience: Duration) -> bool {
        let gone = self.pool.shut_down(patience).await;
        self.enforcer.leave();
        gone
    }

    async fn run(
        &self,
        plan: &ProcessPlan,
        secrets: &SecretValues,
        cancel: CancellationToken,
    ) -> Result<ProcessRunning, StartError> {
        if plan.sandbox.is_some() {
            self.sweeping.get_or_init(|| tokio::task::spawn_blocking(sandbox::sweep));
        }
        let cgroup = self.enforcer.ground_for(&plan.limits);
        match self.attempt(plan, secrets, &cgroup, cancel.clone()).await {
            Err(Refused::ByCgroup(error)) => {
                self.enforcer.give_up(&error);
                self.attempt(plan, secrets, b"", cancel).await.map_err(Refused::into_error)
            }
            done => done.map_err(Refused::into_error),
        }
    }

    async fn attempt(
        &self,
        plan: &ProcessPlan,
        secrets: &SecretValues,
        cgroup: &[u8],
        cancel: CancellationToken,
    ) -> Result<ProcessRunning, Refused> {
        let mut filled = fill(plan, secrets, cgroup, self.pool.company()).map_err(Refused::ForGood)?;
        let parts = self.begin(plan, &mut filled, cancel).await;
        let parts = parts.map_err(|error| Refused::ForGood(StartError::Unavailable(error)))?;
        let mut running = ProcessRunning::new(parts);
        match running.started().await {
            Ok(()) => Ok(running),
            Err(Failure { stage: Stage::Cgroup, errno }) => {
                Err(Refused::ByCgroup(io::Error::from_raw_os_error(errno)))
            }
            Err(failure) => Err(Refused::ForGood(explain(failure, plan, &filled))),
        }
    }

    /// Hands the order and the far ends of the pipes to a supervisor.
    async fn begin(
        &self,
        plan: &ProcessPlan,
        filled: &mut Filled,
        cancel: CancellationToken,
    ) -> io::Result<Parts> {
        let (stdout, their_stdout) = Output::open()?;
        let (stderr, their_stderr) = Output::open()?;
        let (input, their_stdin) = match filled.stdin.take() {
            Some(text) => Input::open(text).map(|(input, theirs)| (input, Some(theirs)))?,
            None => (None, None),
        };
        let theirs = [their_stdin.as_ref(), Some(&their_stdout), Some(&their_stderr)];
        let descriptors: Vec<_> = theirs.into_iter().flatten().map(AsFd::as_fd).collect();
        let held = Held::of(plan.sandbox.as_ref().map(|sandbox| sandbox.network == SandboxNetwork::Host));
        let link = loop {
            let (link, origin) = self.pool.acquire(held)?;
            match link.order(&filled.order, &descriptors).await {
                Ok(()) => break link,
                Err(error) if origin == Origin::Idle && is_gone(&error) => (),
                Err(error) => return Err(error),
            }
        };
        let pool = Arc::clone(&self.pool);
        let (timeout, kill_grace) = (plan.timeout, plan.kill_grace);
        Ok(Parts { link, pool, stdout, stderr, input, cancel, timeout, kill_grace })
    }
}

impl Refused {
    fn into_error(self) -> StartError {
        match self {
            Self::ByCgroup(error) => StartError::Unavailable(error),
            Self::ForGood(error) => error,
        }
    }
}

/// Whether an idle supervisor was killed while nobody looked.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

fn explain(failure: Failure, plan: &ProcessPlan, filled: &Filled) -> StartError {
    let Failure { stage, errno } = failure;
    let source = io::Error::from_raw_os_error(errno);
    match stage {
        Stage::WorkingDir => StartError::WorkingDir { path: plan.working_dir.display().to_string(), source },
        Stage::Exec if errno == Errno::E2BIG as i32 => filled.too_large(),
        Stage::Exec => StartError::Spawn { program: plan.program.display().to_string(), source },
        Stage::Sandbox => StartError::Sandbox(sandbox_problem(plan, errno)),
        Stage::Fork | Stage::Cgroup => StartError::Unavailable(source),
    }
}

/// What does not exist cannot be opened to a command.
fn sandbox_problem(plan: &ProcessPlan, errno: i32) -> String {
    let mut written = plan.sandbox.iter().flat_map(|sandbox| &sandbox.write);
    match written.find(|path| !path.exists()) {
        Some(path) => format!("there is no `{}`, which it may write; make it first", path.display()),
        None => io::Error::from_raw_os_error(errno).to_string(),
    }
}

impl Runner for ProcessRunner {
    fn start<'a>(
        &'a self,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        Box::pin(async move {
            let Step::Process(plan) = step else { return Err(StartError::Elsewhere("no local process")) };
            let running = self.run(plan, secrets, cancel).await?;
            Ok(Box::new(running) as Box<dyn Running>)
        })
    }
}
