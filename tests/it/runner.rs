//! Real processes under the runner: what comes out of them, how they end, and that nothing stays.

use std::io::{BufRead, BufReader};
use std::num::NonZeroI32;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcpfier::model::{ByteSize, Enforcement, Limits};
use mcpfier::plan::{PlannedStdin, ProcessPlan, Step, Word};
use mcpfier::runner::process::{ForkServer, ProcessRunner};
use mcpfier::runner::{End, OutputEvent, Runner, Running, SecretValues, StartError, Stream};
use tokio_util::sync::CancellationToken;

use crate::support::processes::{assert_none_left, example, mark, marked};

/// What every test allows a busy machine on top of what it asks for.
const SOON: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(30);

fn runner() -> ProcessRunner {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_mcpfier"));
    let fork_server = ForkServer::spawn(&program).unwrap();
    ProcessRunner::new(fork_server, program).unwrap()
}

fn plan(program: &Path, arguments: &[&str]) -> ProcessPlan {
    let words = arguments.iter().map(|text| Word::Known((*text).to_owned()));
    ProcessPlan {
        program: program.to_path_buf(),
        argv: std::iter::once(Word::Known("program".to_owned())).chain(words).collect(),
        inherited: Arc::default(),
        variables: Vec::new(),
        working_dir: PathBuf::from("/"),
        own_folder: false,
        stdin: PlannedStdin::Null,
        sandbox: None,
        limits: Limits {
            memory: None,
            cpu: None,
            pids: None,
            files: None,
            disk: None,
            output: ByteSize::mib(1),
            enforcement: Enforcement::BestEffort,
        },
        timeout: LONG,
        kill_grace: Duration::from_millis(200),
    }
}

/// One deed of the program that is hard to contain.
struct Deed {
    mark: String,
    plan: ProcessPlan,
}

fn deed(name: &str, numbers: &[u64]) -> Deed {
    let mark = mark();
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let mut arguments = vec![mark.as_str(), name];
    arguments.extend(numbers.iter().map(String::as_str));
    let plan = plan(&example("adversary"), &arguments);
    Deed { mark, plan }
}

impl Deed {
    fn with(mut self, change: impl FnOnce(&mut ProcessPlan)) -> Self {
        change(&mut self.plan);
        self
    }

    async fn start(&self, runner: &ProcessRunner, cancel: CancellationToken) -> Box<dyn Running> {
        runner.start(&Step::Process(self.plan.clone()), &SecretValues::default(), cancel).await.unwrap()
    }

    /// Runs to the end and fails if anything is left then.
    async fn run(&self, runner: &ProcessRunner) -> Ran {
        let mut running = self.start(runner, CancellationToken::new()).await;
        let ran = to_the_end(&mut running).await;
        assert_eq!(marked(&self.mark), [0; 0], "alive when the end was reported");
        ran
    }
}

#[derive(Debug)]
struct Ran {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    end: End,
}

impl Ran {
    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

async fn to_the_end(running: &mut Box<dyn Running>) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let end = loop {
        match tokio::time::timeout(LONG, running.next()).await.expect("an event in time") {
            OutputEvent::Chunk { stream: Stream::Stdout, bytes } => stdout.extend_from_slice(&bytes),
            OutputEvent::Chunk { stream: Stream::Stderr, bytes } => stderr.extend_from_slice(&bytes),
            OutputEvent::Hide(_) => {}
            OutputEvent::Ended(end) => break end,
        }
    };
    Ran { stdout, stderr, end }
}

/// Reads until the program says that it did what it is there for; gives all that it has said.
async fn until_said(running: &mut Box<dyn Running>, text: &str) -> String {
    let mut said = Vec::new();
    loop {
        match tokio::time::timeout(LONG, running.next()).await.expect("an event in time") {
            OutputEvent::Chunk { bytes, .. } => said.extend_from_slice(&bytes),
            other => panic!("{other:?} before it said `{text}`"),
        }
        let all = String::from_utf8_lossy(&said);
        if all.contains(text) {
            return all.into_owned();
        }
    }
}

async fn start_error(plan: ProcessPlan) -> StartError {
    let cancel = CancellationToken::new();
    runner().start(&Step::Process(plan), &SecretValues::default(), cancel).await.err().expect("an error")
}

fn failed(code: i32) -> End {
    End::Failed(NonZeroI32::new(code).unwrap())
}

#[tokio::test]
async fn output_arrives_whole_and_both_streams_apart() {
    let ran = deed("both", &[20_000]).run(&runner()).await;
    let lines = |stream: &str| (0..20_000).map(|line| format!("{stream} {line}\n")).collect::<String>();
    assert_eq!(ran.end, End::Success);
    assert!(ran.stdout == lines("out").into_bytes());
    assert!(ran.stderr == lines("err").into_bytes());
}

#[tokio::test]
async fn a_flood_arrives_whole() {
    let ran = deed("flood", &[64 << 20]).run(&runner()).await;
    assert_eq!((ran.end, ran.stdout.len()), (End::Success, 64 << 20));
}

#[tokio::test]
async fn exit_codes_and_signals_are_told_apart() {
    let runner = runner();
    assert_eq!(deed("exit", &[0]).run(&runner).await.end, End::Success);
    assert_eq!(deed("exit", &[3]).run(&runner).await.end, failed(3));
    assert_eq!(deed("signal", &[15]).run(&runner).await.end, End::Signalled(15));
    assert_eq!(deed("real-time-signal", &[]).run(&runner).await.end, End::Signalled(35));
}

#[tokio::test]
async fn a_command_gets_three_descriptors_an_empty_input_and_default_signals() {
    let ran = deed("descriptors", &[]).run(&runner()).await;
    let expected =
        "descriptors [0, 1, 2]\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\ninput Ok(0)\n";
    // The program's own runtime ignores a broken pipe (signal 13, bit 0x1000) before it looks.
    assert_eq!(ran.stdout().replace("SigIgn:\t0000000000001000", "SigIgn:\t0000000000000000"), expected);
}

#[tokio::test]
async fn a_shell_finds_no_signal_ignored() {
    let shell = plan(Path::new("/bin/sh"), &["-c", "grep SigIgn /proc/$$/status"]);
    let mut running = runner()
        .start(&Step::Process(shell), &SecretValues::default(), CancellationToken::new())
        .await
        .unwrap();
    let said = to_the_end(&mut running).await.stdout();
    let ignored = said.trim().strip_prefix("SigIgn:\t").map(|mask| u64::from_str_radix(mask, 16));
    // From 32 on they are real-time signals; the C library ignores two of its own in what it starts.
    assert_eq!(ignored.map(|mask| mask.map(|mask| mask & 0x7fff_ffff)), Some(Ok(0)), "{said}");
}

/// Supervisors of many commands interrupt nobody; the commands themselves are scheduled like any other.
#[tokio::test]
async fn many_commands_are_not_interrupted_by_each_others_supervisors() {
    const ORDINARY: &str = "0";
    const BATCH: &str = "3";
    let script = "echo $PPID $(cut -d' ' -f41 /proc/$PPID/stat /proc/$$/stat) up; exec sleep 60";
    let shell = plan(Path::new("/bin/sh"), &["-c", script]);
    let runner = runner();
    let many = 4 * std::thread::available_parallelism().unwrap().get();
    let cancel = CancellationToken::new();
    let (mut all, mut last) = (Vec::new(), String::new());
    for number in 0..many + 2 {
        let step = Step::Process(shell.clone());
        let mut running = runner.start(&step, &SecretValues::default(), cancel.clone()).await.unwrap();
        let said = until_said(&mut running, "up\n").await;
        let [supervisor, its_policy, policy, _] = said.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{said}")
        };
        let expected = if number < many { ORDINARY } else { BATCH };
        assert_eq!((its_policy, policy), (expected, ORDINARY), "the command after {number} others");
        last = supervisor.to_owned();
        all.push(running);
    }
    cancel.cancel();
    for running in &mut all {
        assert_eq!(to_the_end(running).await.end, End::Cancelled);
    }
    // One that rests is as quick as ever when it is needed.
    let begun = Instant::now();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{last}/stat")).expect("it rests and is kept");
        if stat.split(' ').nth(40) == Some(ORDINARY) {
            break;
        }
        assert!(begun.elapsed() < LONG, "it still waits for others");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_text_reaches_the_input_whatever_its_length() {
    let runner = runner();
    for length in [0, 5, 5 << 20] {
        let text = "z".repeat(length);
        let copy = deed("copy", &[]).with(|plan| plan.stdin = PlannedStdin::Text(Word::Known(text)));
        let ran = copy.run(&runner).await;
        assert_eq!((ran.end, ran.stdout.len()), (End::Success, length));
    }
}

#[tokio::test]
async fn a_command_that_does_not_read_its_input_ends_all_the_same() {
    let text = PlannedStdin::Text(Word::Known("z".repeat(5 << 20)));
    let ran = deed("deaf", &[50]).with(|plan| plan.stdin = text).run(&runner()).await;
    assert_eq!(ran.end, End::Success);
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let missing = start_error(plan(Path::new("/nonexistent/program"), &[])).await;
    assert_eq!(
        missing.to_string(),
        "cannot run `/nonexistent/program`: No such file or directory (os error 2)"
    );
    let mut elsewhere = plan(Path::new("/bin/true"), &[]);
    elsewhere.working_dir = PathBuf::from("/nonexistent");
    let elsewhere = start_error(elsewhere).await;
    assert_eq!(
        elsewhere.to_string(),
        "the working directory `/nonexistent` cannot be entered: No such file or directory (os error 2)"
    );
    let long = "x".repeat(200 << 10);
    let long = start_error(plan(Path::new("/bin/true"), &[&long])).await;
    assert!(matches!(long, StartError::TooLarge { bytes: 204_801, limit: 131_072 }), "{long}");
    let many = vec!["y".repeat(100 << 10); 100];
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many = start_error(plan(Path::new("/bin/true"), &many)).await;
    assert!(matches!(many, StartError::TooLarge { .. }), "{many}");
}

#[tokio::test]
async fn large_orders_are_carried_out() {
    let many = vec!["y".repeat(1000); 1000];
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let echo = plan(Path::new("/bin/echo"), &many);
    let mut running = runner()
        .start(&Step::Process(echo), &SecretValues::default(), CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(to_the_end(&mut running).await.stdout.len(), 1_001_000);
}

#[tokio::test]
async fn the_first_line_arrives_while_the_command_runs() {
    let said = deed("say", &[2000]);
    let runner = runner();
    let begun = Instant::now();
    let mut running = said.start(&runner, CancellationToken::new()).await;
    until_said(&mut running, "first").await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_timed_out_tree_is_killed_after_the_grace_period() {
    for name in ["tree", "comet", "storm"] {
        let tree = deed(name, &[8]).with(|plan| plan.timeout = Duration::from_millis(600));
        let begun = Instant::now();
        let ran = tree.run(&runner()).await;
        assert_eq!(ran.end, End::TimedOut { after: Duration::from_millis(600) }, "{name}");
        assert!(begun.elapsed() < Duration::from_millis(800) + SOON, "{name}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_command_that_is_asked_to_end_may_say_its_last_words() {
    assert_eq!(last_words(deed("polite", &[50])).await, "bye\n");
}

#[tokio::test]
async fn descendants_in_other_sessions_are_asked_as_well_and_get_their_time() {
    assert_eq!(last_words(deed("family", &[100])).await, "bye\n");
}

async fn last_words(deed: Deed) -> String {
    let deed = deed.with(|plan| plan.kill_grace = LONG);
    let runner = runner();
    let cancel = CancellationToken::new();
    let mut running = deed.start(&runner, cancel.clone()).await;
    until_said(&mut running, "waiting\n").await;
    cancel.cancel();
    let ran = to_the_end(&mut running).await;
    assert_eq!(ran.end, End::Cancelled);
    ran.stdout()
}

#[tokio::test]
async fn a_cancelled_tree_is_dead_when_its_end_is_reported() {
    let runner = runner();
    for name in ["stubborn", "tree", "flood"] {
        let cancel = CancellationToken::new();
        let tree = deed(name, &[]);
        let mut running = tree.start(&runner, cancel.clone()).await;
        until_said(&mut running, if name == "flood" { "x" } else { name }).await;
        cancel.cancel();
        assert_eq!(to_the_end(&mut running).await.end, End::Cancelled, "{name}");
        assert_eq!(marked(&tree.mark), [0; 0], "{name}");
    }
}

#[tokio::test]
async fn a_call_that_is_cancelled_while_it_starts_is_asked_to_end() {
    let runner = runner();
    for _ in 0..20 {
        let sleeping = deed("sleep", &[]).with(|plan| plan.kill_grace = LONG);
        let cancel = CancellationToken::new();
        cancel.cancel();
        let begun = Instant::now();
        let mut running = sleeping.start(&runner, cancel).await;
        assert_eq!(to_the_end(&mut running).await.end, End::Cancelled);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_dropped_run_leaves_nothing() {
    let runner = runner();
    let tree = deed("tree", &[]);
    let mut running = tree.start(&runner, CancellationToken::new()).await;
    until_said(&mut running, "tree").await;
    assert!(marked(&tree.mark).len() >= 6);
    drop(running);
    assert_none_left(&tree.mark, SOON);
}

#[tokio::test]
async fn a_daemon_that_a_command_leaves_is_killed_with_its_end() {
    let runner = runner();
    for name in ["daemon", "tail"] {
        let begun = Instant::now();
        let ran = deed(name, &[]).run(&runner).await;
        assert_eq!(ran.end, End::Success, "{name}");
        assert!(begun.elapsed() < SOON, "{name}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn shutting_down_kills_everything_whatever_grace_it_was_promised() {
    let runner = runner();
    let deeds =
        ["tree", "stubborn", "comet"].map(|name| deed(name, &[4]).with(|plan| plan.kill_grace = LONG));
    let mut all = Vec::new();
    for deed in &deeds {
        let mut running = deed.start(&runner, CancellationToken::new()).await;
        until_said(&mut running, "").await;
        all.push(running);
    }
    let begun = Instant::now();
    assert!(runner.shut_down(SOON).await);
    assert!(begun.elapsed() < SOON);
    for (deed, running) in deeds.iter().zip(&mut all) {
        assert_eq!(marked(&deed.mark), [0; 0]);
        assert_eq!(to_the_end(running).await.end, End::Cancelled);
    }
    let refused = runner
        .start(&Step::Process(deeds[0].plan.clone()), &SecretValues::default(), CancellationToken::new())
        .await;
    assert_eq!(
        refused.err().unwrap().to_string(),
        "no process could be started: the server is shutting down"
    );
}

#[tokio::test]
async fn a_command_that_kills_its_supervisor_is_lost_and_leaves_nothing() {
    let runner = runner();
    assert_eq!(deed("assassin", &[]).run(&runner).await.end, End::Lost);
    assert_eq!(deed("exit", &[0]).run(&runner).await.end, End::Success);
}

#[tokio::test]
async fn a_supervisor_that_was_killed_while_idle_is_replaced() {
    let runner = runner();
    let parent = plan(Path::new("/bin/sh"), &["-c", "echo $PPID"]);
    let mut previous = None;
    for _ in 0..3 {
        let step = Step::Process(parent.clone());
        let mut running =
            runner.start(&step, &SecretValues::default(), CancellationToken::new()).await.unwrap();
        let pid: i32 = to_the_end(&mut running).await.stdout().trim().parse().unwrap();
        assert_ne!(previous.replace(pid), Some(pid));
        kill(pid);
        // Until its socket is closed, which it is in a zombie, it cannot be told from a living one.
        let is_dying = |stat: String| !stat.contains(") Z ") && !stat.contains(") X ");
        while std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(is_dying) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn kill(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_stopped_tree_is_killed_as_well() {
    let stopped = deed("signal", &[19]).with(|plan| plan.timeout = Duration::from_millis(200));
    let ran = stopped.run(&runner()).await;
    assert_eq!(ran.end, End::TimedOut { after: Duration::from_millis(200) });
}

#[tokio::test]
async fn a_killed_fork_server_is_replaced() {
    let runner = runner();
    deed("double-assassin", &[]).run(&runner).await;
    // One more at a time than there can be idle supervisors, so that a new one is needed.
    let deeds: Vec<Deed> = (0..3).map(|_| deed("say", &[100])).collect();
    let all = deeds.iter().map(|deed| deed.run(&runner));
    for ran in futures_of(all).await {
        assert_eq!(ran.end, End::Success);
    }
}

#[tokio::test]
async fn many_calls_at_once_all_succeed_and_leave_few_supervisors() {
    let runner = runner();
    let deeds: Vec<Deed> = (0..60).map(|_| deed("say", &[200])).collect();
    let begun = Instant::now();
    for ran in futures_of(deeds.iter().map(|deed| deed.run(&runner))).await {
        assert_eq!((ran.stdout(), ran.end), ("first\nlast\n".to_owned(), End::Success));
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "one after the other: {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_tree_that_takes_too_much_memory_is_killed_for_it() {
    let greedy = deed("allocate", &[300]).with(|plan| plan.limits.memory = Some(ByteSize::mib(64)));
    let begun = Instant::now();
    assert_eq!(greedy.run(&runner()).await.end, End::OutOfMemory);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn memory_that_processes_share_counts_once() {
    let sharing = deed("share", &[20, 40]).with(|plan| plan.limits.memory = Some(ByteSize::mib(120)));
    let ran = sharing.run(&runner()).await;
    assert_eq!((ran.stdout(), ran.end), ("allocated\nshared\n".to_owned(), End::Success));
}

#[tokio::test]
async fn too_many_processes_or_threads_are_named() {
    let runner = runner();
    // The smaller bomb ends before anybody has looked at it.
    for (name, number) in [("bomb", 300), ("bomb", 60), ("threads", 300)] {
        let bomb = deed(name, &[number]).with(|plan| plan.limits.pids = Some(40));
        assert_eq!(bomb.run(&runner).await.end, End::TooManyProcesses, "{name} {number}");
    }
    let harmless = deed("both", &[10]).with(|plan| plan.limits.pids = Some(40));
    assert_eq!(harmless.run(&runner).await.end, End::Success);
}

#[tokio::test]
async fn the_limit_on_open_files_is_set_within_what_is_allowed() {
    let runner = runner();
    for (files, set) in [(77, Some("77")), (u64::MAX, None)] {
        let mut ulimit = plan(Path::new("/bin/sh"), &["-c", "ulimit -Sn"]);
        ulimit.limits.files = Some(files);
        let mut running = runner
            .start(&Step::Process(ulimit), &SecretValues::default(), CancellationToken::new())
            .await
            .unwrap();
        let ran = to_the_end(&mut running).await;
        assert_eq!(ran.end, End::Success);
        assert_eq!(set.unwrap_or(ran.stdout().trim()), ran.stdout().trim());
    }
}

#[test]
fn a_thousand_calls_leave_no_descriptor_open() {
    let host = Command::new(example("host"))
        .args(["--repeat", "1000", "--parallel", "8", "/bin/true"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(host.stdout).unwrap();
    let counts: Vec<&str> =
        said.lines().find_map(|line| line.strip_prefix("descriptors ")).unwrap().split(' ').collect();
    assert_eq!(counts[0], counts[1], "with eight idle supervisors before and after");
}

#[tokio::test]
async fn a_supervisor_forgets_the_descriptors_of_its_calls() {
    let count = plan(Path::new("/bin/sh"), &["-c", "sleep 0.01; ls /proc/$PPID/fd | wc -l"]);
    let step = Step::Process(count);
    let runner = runner();
    for _ in 0..20 {
        let mut running =
            runner.start(&step, &SecretValues::default(), CancellationToken::new()).await.unwrap();
        // The standard three, its socket, the one that tells of its children, and the two that this call writes
        // to: they are held until its end is told.
        assert_eq!(to_the_end(&mut running).await.stdout().trim(), "7");
    }
}

/// Polls all to their end; small enough not to need a crate.
async fn futures_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut ready = true;
        for (future, output) in &mut pending {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => ready = false,
                }
            }
        }
        if ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    pending.into_iter().filter_map(|(_, output)| output).collect()
}

/// A server of its own that runs a deed and is still at it.
fn host(deed: &Deed, said: &str) -> Child {
    let numbers: Vec<String> = deed
        .plan
        .argv
        .iter()
        .skip(1)
        .map(|word| match word {
            Word::Known(text) => text.clone(),
            Word::Filled(_) => unreachable!("these tests have no secrets"),
        })
        .collect();
    let mut host = Command::new(example("host"))
        .arg(&deed.plan.program)
        .args(numbers)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(said)), "`{said}` was never said");
    host
}

#[test]
fn a_killed_server_leaves_nothing() {
    for (name, said) in [("tree", "tree"), ("comet", "flying"), ("storm", "raging"), ("stubborn", "stubborn")]
    {
        let deed = deed(name, &[8]);
        let mut host = host(&deed, said);
        assert!(marked(&deed.mark).len() >= 2, "{name}");
        host.kill().unwrap();
        host.wait().unwrap();
        assert_none_left(&deed.mark, SOON);
    }
}

#[test]
fn a_server_killed_with_its_fork_server_leaves_nothing() {
    let deed = deed("tree", &[]);
    let mut host = host(&deed, "tree");
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", host.id())).unwrap();
    let fork_server: i32 = children.split_whitespace().next().unwrap().parse().unwrap();
    kill(fork_server);
    host.kill().unwrap();
    host.wait().unwrap();
    assert_none_left(&deed.mark, SOON);
}
