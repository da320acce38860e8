//! A server reduced to its runner: runs one command as told and says how it ended.
//!
//! `host [--user N] [--timeout MS] [--grace MS] [--memory MIB] [--pids N] [--cpu THOUSANDTHS] [--files N]
//! [--repeat N] [--parallel N] PROGRAM ARGUMENT...`. For tests that kill a server, and for proofs on
//! machines where only few files exist.

use std::collections::BTreeMap;
use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcpfier::model::{ByteSize, Cores, Enforcement, Limits};
use mcpfier::plan::{PlannedStdin, ProcessPlan, Step, Word};
use mcpfier::runner::process::{FORK_SERVER_ARGUMENT, ForkServer, ProcessRunner, fork_server_main};
use mcpfier::runner::{OutputEvent, Runner, SecretValues, Stream};
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some(FORK_SERVER_ARGUMENT) {
        return fork_server_main();
    }
    let order = Order::read(env::args().skip(1));
    if let Some(user) = order.number("user") {
        become_user(u32::try_from(user).expect("a user"));
    }
    let fork_server = ForkServer::split_off().expect("a fork server");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(tokio::task::LocalSet::new().run_until(host(fork_server, order)))
}

fn become_user(number: u32) {
    nix::unistd::setgroups(&[]).expect("root gives up its groups");
    nix::unistd::setgid(number.into()).expect("root gives up its group");
    nix::unistd::setuid(number.into()).expect("root gives up itself");
}

struct Order {
    numbers: BTreeMap<String, u64>,
    command: Vec<String>,
}

impl Order {
    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut numbers = BTreeMap::new();
        let mut command = Vec::new();
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--") {
                Some(name) if command.is_empty() => {
                    let number = arguments.next().and_then(|text| text.parse().ok());
                    numbers.insert(name.to_owned(), number.expect("a number"));
                }
                _ => command.push(argument),
            }
        }
        Self { numbers, command }
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.numbers.get(name).copied()
    }

    fn step(&self) -> Step {
        let milliseconds = |name, default| Duration::from_millis(self.number(name).unwrap_or(default));
        let environment = env::vars().collect();
        Step::Process(ProcessPlan {
            sandbox: None,
            program: PathBuf::from(self.command.first().expect("a command")),
            argv: self.command.iter().cloned().map(Word::Known).collect(),
            inherited: Arc::new(environment),
            variables: Vec::new(),
            working_dir: PathBuf::from("/"),
            own_folder: false,
            stdin: PlannedStdin::Null,
            limits: Limits {
                memory: self.number("memory").map(ByteSize::mib),
                cpu: self.number("cpu").map(|cpu| Cores(u32::try_from(cpu).expect("few cores"))),
                pids: self.number("pids").map(|pids| u32::try_from(pids).expect("few processes")),
                files: self.number("files"),
                disk: None,
                output: ByteSize::mib(1),
                enforcement: Enforcement::BestEffort,
            },
            timeout: milliseconds("timeout", 60_000),
            kill_grace: milliseconds("grace", 500),
        })
    }
}

async fn host(fork_server: ForkServer, order: Order) -> ExitCode {
    let executable = env::current_exe().expect("a path");
    let runner = ProcessRunner::new(fork_server, executable).expect("a runner");
    let runner = Arc::new(runner);
    let step = Arc::new(order.step());
    match order.number("repeat") {
        None => {
            println!("means {:?}", runner.means());
            println!("end {}", run(&*runner, &step, true).await);
        }
        Some(repeat) => measure(&runner, &step, repeat, order.number("parallel").unwrap_or(1)).await,
    }
    if runner.shut_down(Duration::from_secs(5)).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(runner: &dyn Runner, step: &Step, show: bool) -> String {
    let mut running = match runner.start(step, &SecretValues::default(), CancellationToken::new()).await {
        Ok(running) => running,
        Err(error) => return error.to_string(),
    };
    loop {
        match running.next().await {
            OutputEvent::Chunk { stream: Stream::Stdout, bytes } if show => {
                let mut out = std::io::stdout();
                out.write_all(&bytes).and_then(|()| out.flush()).expect("an open stdout");
            }
            OutputEvent::Chunk { .. } => (),
            OutputEvent::Hide(_) => {}
            OutputEvent::Ended(end) => return format!("{end:?}"),
        }
    }
}

async fn measure(runner: &Arc<ProcessRunner>, step: &Arc<Step>, repeat: u64, parallel: u64) {
    in_lanes(runner, step, parallel, parallel).await;
    let descriptors = descriptors();
    let begun = Instant::now();
    let before = own_cpu();
    in_lanes(runner, step, repeat, parallel).await;
    let calls = (repeat / parallel * parallel) as f64;
    let (wall, cpu) = (begun.elapsed(), own_cpu() - before);
    println!("descriptors {descriptors} {}", self::descriptors());
    println!(
        "{calls} calls, {parallel} at a time: {:.0} us and {:.0} us of own processor time a call",
        wall.as_secs_f64() * 1e6 / calls,
        cpu.as_secs_f64() * 1e6 / calls
    );
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("a /proc").count()
}

async fn in_lanes(runner: &Arc<ProcessRunner>, step: &Arc<Step>, repeat: u64, parallel: u64) {
    let lanes = (0..parallel).map(|_| {
        let (runner, step) = (Arc::clone(runner), Arc::clone(step));
        tokio::task::spawn_local(async move {
            for _ in 0..repeat / parallel {
                run(&*runner, &step, false).await;
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.expect("a lane that does not panic");
    }
}

fn own_cpu() -> Duration {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).expect("usage");
    let time = |time: nix::sys::time::TimeVal| {
        Duration::from_secs(time.tv_sec() as u64) + Duration::from_micros(time.tv_usec() as u64)
    };
    time(usage.user_time()) + time(usage.system_time())
}
