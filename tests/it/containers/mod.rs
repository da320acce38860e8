//! Real containers under the runner, on a real engine: what comes out of them, how they end, what
//! holds them, and that nothing stays behind.

mod away;
mod cleaning;
mod egress;
mod egress_tls;
mod ends;
mod escape;
mod examples;
mod executors;
mod executors_own;
mod executors_ssh;
mod faults;
mod files;
mod images;
mod init;
mod kept;
mod lines;
mod lockdown;
mod pulls;
mod reuse;
mod served;
mod sessions;
mod streams;
mod warm;

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mcpfier::model::{ByteSize, Enforcement, Limits, Lockdown, Network, Pull, Tmpfs};
use mcpfier::plan::{ContainerPlan, Environment, PlannedStdin, Step, Word};
use mcpfier::runner::container::{ContainerFailure, ContainerRunner};
use mcpfier::runner::{End, OutputEvent, Runner, Running, SecretValues, StartError, Stream};
use tokio_util::sync::CancellationToken;

use crate::support::engine::{Engine, IMAGE, engine};

/// Far beyond what an engine takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// A container to be, and the engine that carries it out.
struct Bench {
    engine: Engine,
    runner: ContainerRunner,
    plan: ContainerPlan,
    /// Stands in a label of its containers and of no others.
    mark: String,
    secrets: SecretValues,
}

/// What came of it.
#[derive(Debug)]
struct Ran {
    stdout: Vec<u8>,
    stderr: String,
    end: End,
}

/// A container locked down as a native file has it, with this program in place of the image's.
fn bench(program: &[&str]) -> Option<Bench> {
    let engine = engine()?;
    let environment = engine.environment();
    Some(Bench::on(engine, environment, program))
}

/// The same for a line of the shell of the image.
fn shell(script: &str) -> Option<Bench> {
    bench(&["/bin/sh", "-c", script])
}

impl Bench {
    fn on(engine: Engine, environment: Arc<Environment>, program: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let runner = ContainerRunner::new(environment);
        Self { engine, runner, plan: plan(&mark, program), mark, secrets: SecretValues::default() }
    }

    fn with(mut self, change: impl FnOnce(&mut ContainerPlan)) -> Self {
        change(&mut self.plan);
        self
    }

    async fn try_start(&self, cancel: CancellationToken) -> Result<Box<dyn Running>, StartError> {
        self.runner.start(&Step::Container(Box::new(self.plan.clone())), &self.secrets, cancel).await
    }

    async fn start(&self, cancel: CancellationToken) -> Box<dyn Running> {
        self.try_start(cancel).await.expect("it starts")
    }

    /// Runs it to its end, and sees that nothing of it is left.
    async fn run(&self) -> Ran {
        let mut running = self.start(CancellationToken::new()).await;
        let ran = to_the_end(&mut running).await;
        self.assert_nothing_left().await;
        ran
    }

    /// Why it does not start; nothing of it is left either.
    async fn failure(&self) -> ContainerFailure {
        let failure = match self.try_start(CancellationToken::new()).await {
            Err(StartError::Container(failure)) => failure,
            Err(other) => panic!("another failure: {other}"),
            Ok(_) => panic!("it started"),
        };
        self.assert_nothing_left().await;
        failure
    }

    /// Why it does not start, on an engine that cannot be asked what is left.
    async fn runner_failure(&self) -> ContainerFailure {
        match self.try_start(CancellationToken::new()).await {
            Err(StartError::Container(failure)) => failure,
            Err(other) => panic!("another failure: {other}"),
            Ok(_) => panic!("it started"),
        }
    }

    fn containers(&self) -> Vec<String> {
        self.engine.labelled(&format!("mcpfier.tool={}", self.mark))
    }

    async fn assert_nothing_left(&self) {
        let begun = Instant::now();
        while !self.containers().is_empty() {
            assert!(begun.elapsed() < LONG, "left behind: {:?}", self.containers());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What the engine knows of the one container that is there.
    fn inspected(&self) -> serde_json::Value {
        let containers = self.containers();
        assert_eq!(containers.len(), 1, "{containers:?}");
        let text = self.engine.docker(&["inspect", &containers[0]]);
        serde_json::from_str::<serde_json::Value>(&text).expect("JSON")[0].take()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A failed test leaves nothing either. It is not waited for: the engine would wait until
        // somebody reads what the container writes, and that is us.
        for container in self.containers() {
            let _ = self.engine.command(&["rm", "--force", &container]).stdout(Stdio::null()).spawn();
        }
    }
}

fn plan(mark: &str, program: &[&str]) -> ContainerPlan {
    let words = program.iter().skip(1).map(|text| Word::Known((*text).to_owned()));
    ContainerPlan {
        executor: None,
        is_bound_here: false,
        image: IMAGE.to_owned(),
        build: None,
        verify: None,
        scan: None,
        locked: None,
        pull: Pull::Never,
        platform: None,
        entrypoint: program.first().map(|first| vec![(*first).to_owned()]),
        arguments: words.collect(),
        variables: Vec::new(),
        workdir: None,
        stdin: PlannedStdin::Null,
        mounts: Vec::new(),
        tmpfs: vec![Tmpfs { target: "/tmp".to_owned(), size: Some(ByteSize::mib(16)) }],
        files: Vec::new(),
        network: Network::None,
        lockdown: Lockdown::strict(),
        hosts: Vec::new(),
        dns: Vec::new(),
        devices: Vec::new(),
        gpus: None,
        labels: vec![("mcpfier.tool".to_owned(), mark.to_owned())],
        init: false,
        stop_signal: None,
        warm: 0,
        warm_on_stdio: false,
        reuse: None,
        limits: Limits {
            memory: Some(ByteSize::mib(64)),
            cpu: None,
            pids: Some(64),
            files: Some(256),
            disk: None,
            output: ByteSize::mib(1),
            enforcement: Enforcement::BestEffort,
        },
        timeout: LONG,
        kill_grace: Duration::from_millis(200),
    }
}

fn known(text: &str) -> Word {
    Word::Known(text.to_owned())
}

async fn to_the_end(running: &mut Box<dyn Running>) -> Ran {
    let mut ran = Ran { stdout: Vec::new(), stderr: String::new(), end: End::Lost };
    loop {
        let event = tokio::time::timeout(2 * LONG, running.next()).await.expect("something happens");
        match event {
            OutputEvent::Chunk { stream: Stream::Stdout, bytes } => ran.stdout.extend_from_slice(&bytes),
            OutputEvent::Chunk { stream: Stream::Stderr, bytes } => {
                ran.stderr.push_str(&String::from_utf8_lossy(&bytes));
            }
            OutputEvent::Hide(_) => {}
            OutputEvent::Ended(end) => {
                ran.end = end;
                return ran;
            }
        }
    }
}

/// Waits for the first chunk, so that the program is known to run.
async fn first_words(running: &mut Box<dyn Running>) -> String {
    match tokio::time::timeout(LONG, running.next()).await.expect("it says something") {
        OutputEvent::Chunk { bytes, .. } => String::from_utf8_lossy(&bytes).into_owned(),
        other => panic!("it ended: {other:?}"),
    }
}

impl Ran {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    #[track_caller]
    fn says(&self, text: &str) {
        assert_eq!((self.text().as_str(), &self.end), (text, &End::Success), "stderr: {}", self.stderr);
    }
}
