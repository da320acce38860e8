//! Containers that are made ahead: each has one call, which finds it as a cold one would be.

use std::num::NonZeroI32;
use std::time::{Duration, Instant};

use mcpfier::model::{ByteSize, Pull, WarmCaps};
use mcpfier::plan::{ContainerPlan, PlannedStdin};
use mcpfier::runner::container::{ContainerFailure, init};
use mcpfier::runner::{End, Runner};
use tokio_util::sync::CancellationToken;

use super::{Bench, LONG, Ran, bench, first_words, known, shell, to_the_end};
use crate::support::skip::skip;

/// What a call says that ran in a container made ahead.
const WARM: &str = "tr '\\0' ' ' < /proc/1/cmdline; ";
const IS_WARM: &str = "/.mcpfier/init ";

impl Bench {
    /// Keeps so many for its plan, and waits until they are there.
    pub(super) async fn warmed(self, count: u32) -> Self {
        let bench = self.with(|plan| plan.warm = count);
        bench.keep(vec![bench.plan.clone()]);
        bench.until_there_wait(count as usize).await;
        bench
    }

    fn keep(&self, plans: Vec<ContainerPlan>) {
        self.runner.keep_ready(plans, WarmCaps::default());
    }

    pub(super) async fn until_there_wait(&self, count: usize) {
        let begun = Instant::now();
        while self.runner.waiting() != count {
            assert!(begun.elapsed() < LONG, "{} wait and not {count}", self.runner.waiting());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn until_there_are(&self, count: usize) {
        let begun = Instant::now();
        while self.containers().len() != count {
            assert!(begun.elapsed() < LONG, "{:?}", self.containers());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) async fn call(&self) -> Ran {
        to_the_end(&mut self.start(CancellationToken::new()).await).await
    }

    /// Everybody goes, and nothing is left.
    pub(super) async fn shut_down(self) {
        assert!(self.runner.shut_down(LONG).await, "not all of it is gone");
        assert_eq!(self.containers(), [""; 0]);
    }
}

/// A line of the shell of the image in a container that waits, if this build has an init.
async fn warm(script: &str) -> Option<Bench> {
    if let Err(reason) = init::program() {
        skip(&format!("containers made ahead ({reason})"));
        return None;
    }
    Some(shell(script)?.warmed(1).await)
}

fn failed(code: i32) -> End {
    End::Failed(NonZeroI32::new(code).unwrap())
}

#[tokio::test]
async fn each_call_has_a_container_of_its_own() {
    let script = format!("{WARM} cat /tmp/left 2>/dev/null; echo secret > /tmp/left; hostname");
    let Some(bench) = warm(&script).await else { return };
    let mut hosts = Vec::new();
    for _ in 0..3 {
        bench.until_there_wait(1).await;
        let ran = bench.call().await;
        let host = ran.text().strip_prefix(IS_WARM).map(str::to_owned).expect("it was made ahead");
        assert_eq!((host.lines().count(), &ran.end), (1, &End::Success), "{host}");
        hosts.push(host);
    }
    hosts.dedup();
    assert_eq!(hosts.len(), 3, "{hosts:?}");
    bench.shut_down().await;
}

#[tokio::test]
async fn calls_at_once_share_none_and_start_cold_when_none_is_left() {
    let Some(bench) = warm(&format!("{WARM} hostname; sleep 1")).await else { return };
    let runs = futures_of(&bench, 3).await;
    let texts: Vec<String> = runs.iter().map(Ran::text).collect();
    let warm = texts.iter().filter(|text| text.starts_with(IS_WARM)).count();
    assert!((1..3).contains(&warm), "{texts:?}");
    let mut hosts: Vec<&str> = texts.iter().filter_map(|text| text.split(' ').next_back()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    assert_eq!(hosts.len(), 3, "{texts:?}");
    bench.until_there_wait(1).await;
    bench.shut_down().await;
}

async fn futures_of(bench: &Bench, count: usize) -> Vec<Ran> {
    let mut runs: Vec<_> = (0..count).map(|_| Box::pin(bench.call())).collect();
    let mut ran = Vec::new();
    std::future::poll_fn(|context| {
        runs.retain_mut(|run| match run.as_mut().poll(context) {
            std::task::Poll::Ready(one) => {
                ran.push(one);
                false
            }
            std::task::Poll::Pending => true,
        });
        if runs.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    ran
}

#[tokio::test]
async fn nothing_of_a_call_is_seen_by_whoever_looks_at_the_engine() {
    let Some(bench) = warm(&format!("{WARM} cat /etc/token; cat; echo $SECRET; sleep 60")).await else {
        return;
    };
    let bench = bench.with(|plan| {
        plan.files = vec![("/etc/token".to_owned(), known("token of the call\n"))];
        plan.variables = vec![("SECRET".to_owned(), known("variable of the call"))];
        plan.stdin = PlannedStdin::Text(known("input of the call\n"));
    });
    bench.keep(vec![bench.plan.clone()]);
    bench.until_there_wait(1).await;
    bench.until_there_are(1).await;
    let before = bench.inspected();
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    let mut said = String::new();
    while !said.ends_with("variable of the call\n") {
        said.push_str(&first_words(&mut running).await);
    }
    let all = "/.mcpfier/init token of the call\ninput of the call\nvariable of the call\n";
    assert_eq!(said, all);
    let name = before["Name"].as_str().unwrap().trim_start_matches('/');
    let seen = bench.engine.docker(&["inspect", name]);
    assert!(!seen.contains("of the call"), "{seen}");
    let limits = &before["HostConfig"];
    assert_eq!(limits["Memory"], 64 << 20, "its limits are in force while it waits");
    cancel.cancel();
    assert_eq!(to_the_end(&mut running).await.end, End::Cancelled);
    bench.shut_down().await;
}

#[tokio::test]
async fn it_ends_as_a_cold_one_does() {
    for (script, end) in [
        ("exit 0", End::Success),
        ("exit 1", failed(1)),
        ("exit 125", failed(125)),
        ("exit 126", failed(126)),
        ("exit 127", failed(127)),
        ("exit 255", failed(255)),
        ("kill -9 $$", End::Signalled(9)),
        ("kill -TERM $$", failed(143)),
    ] {
        let Some(bench) = warm(&format!("{WARM} {script}")).await else { return };
        let ran = bench.call().await;
        assert_eq!((ran.text().as_str(), &ran.end), (IS_WARM, &end), "{script}");
        bench.shut_down().await;
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_executed_is_told_in_the_same_words() {
    for program in ["nowhere", "/bin/nowhere", "/bin/locked", "/bin"] {
        let Some(bench) = bench(&[program]) else { return };
        if init::program().is_err() {
            return skip("containers made ahead");
        }
        let cold = bench.failure().await;
        let bench = bench.warmed(1).await;
        let warm = match bench.try_start(CancellationToken::new()).await {
            Err(mcpfier::runner::StartError::Container(failure)) => failure,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it started"),
        };
        // How an engine words the reason depends on its version.
        assert_eq!(kind(&warm), kind(&cold));
        bench.shut_down().await;
    }
}

fn kind(failure: &ContainerFailure) -> (&'static str, &str, &str, String) {
    match failure {
        ContainerFailure::NoProgram { program, image, problem } => {
            ("no program", program, image, problem.replace(&format!("stat {program}: "), ""))
        }
        ContainerFailure::NotExecutable { program, image, .. } => {
            ("not executable", program, image, String::new())
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn output_comes_whole_and_in_order() {
    const SIZE: usize = 64 << 20;
    let script = format!("head -c {SIZE} /dev/zero | tr '\\0' 'x'; echo end; echo all >&2");
    let Some(bench) = warm(&script).await else { return };
    let ran = bench.call().await;
    assert_eq!((ran.stdout.len(), ran.stderr.as_str(), &ran.end), (SIZE + 4, "all\n", &End::Success));
    assert!(ran.stdout.ends_with(b"xend\n") && ran.stdout[..SIZE].iter().all(|byte| *byte == b'x'));
    bench.shut_down().await;
}

#[tokio::test]
async fn a_timeout_asks_first_and_then_kills() {
    let Some(bench) =
        warm(&format!("trap 'echo bye; exit 0' TERM; {WARM} while :; do sleep 0.05; done")).await
    else {
        return;
    };
    let bench = bench.with(|plan| {
        plan.timeout = Duration::from_secs(1);
        plan.kill_grace = Duration::from_secs(20);
    });
    let begun = Instant::now();
    let ran = bench.call().await;
    let end = End::TimedOut { after: Duration::from_secs(1) };
    assert_eq!((ran.text(), &ran.end), (format!("{IS_WARM}bye\n"), &end));
    assert!(begun.elapsed() < Duration::from_secs(15), "it did not wait for the grace to pass");
    bench.shut_down().await;
    let Some(bench) = warm("trap '' TERM; echo up; while :; do sleep 0.05; done").await else { return };
    let bench = bench.with(|plan| plan.timeout = Duration::from_secs(1));
    let ran = bench.call().await;
    assert_eq!((ran.text().as_str(), ran.end), ("up\n", end));
    bench.shut_down().await;
}

#[tokio::test]
async fn too_much_memory_is_named() {
    let Some(bench) = warm("tail /dev/zero").await else { return };
    assert_eq!(bench.call().await.end, End::OutOfMemory);
    bench.shut_down().await;
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_dead_when_it_has_ended() {
    let Some(bench) =
        warm("(trap '' TERM HUP; setsid sh -c 'while :; do echo orphan; sleep 0.01; done') & echo up").await
    else {
        return;
    };
    let begun = Instant::now();
    let ran = bench.call().await;
    assert_eq!(ran.end, End::Success);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    bench.shut_down().await;
}

#[tokio::test]
async fn a_command_cannot_fake_how_it_ended() {
    // Whatever it finds of the init or of its input, and a mark as it would look but for the nonce.
    let script = "cat /proc/1/environ /proc/1/cmdline /proc/1/mem; cat /proc/1/fd/0; \
                  printf 'NNNNNNNNNNNNNNNN\\002\\001\\0\\0\\0\\0' | tee /dev/stderr; exit 9";
    let Some(bench) = warm(script).await else { return };
    let ran = bench.call().await;
    assert_eq!(ran.end, failed(9));
    assert!(ran.stdout.ends_with(b"NNNNNNNNNNNNNNNN\x02\x01\0\0\0\0"), "{}", ran.text());
    bench.shut_down().await;
}

#[tokio::test]
async fn what_is_no_longer_wanted_goes_and_the_rest_stays() {
    let Some(bench) = warm("hostname").await else { return };
    bench.until_there_are(1).await;
    let first = bench.containers();
    // Another timeout needs no other container.
    let mut same = bench.plan.clone();
    same.timeout = Duration::from_secs(7);
    bench.keep(vec![same]);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((bench.containers(), bench.runner.waiting()), (first.clone(), 1));
    let mut other = bench.plan.clone();
    other.limits.memory = Some(ByteSize::mib(32));
    bench.keep(vec![other]);
    let begun = Instant::now();
    while bench.containers().len() != 1 || bench.containers() == first || bench.runner.waiting() != 1 {
        assert!(begun.elapsed() < LONG, "{:?} {first:?}", bench.containers());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What was made for others does not fit: a cold start.
    let waiting = bench.containers();
    assert_ne!(bench.call().await.text().trim(), &waiting[0][..12]);
    bench.keep(Vec::new());
    bench.until_there_are(0).await;
    bench.shut_down().await;
}

#[tokio::test]
async fn there_are_never_more_than_the_bounds_allow() {
    let Some(bench) = warm("true").await else { return };
    let bench = bench.with(|plan| plan.warm = 5);
    // Two of 64 MiB.
    let caps = WarmCaps { memory: ByteSize::mib(150), ..WarmCaps::default() };
    bench.runner.keep_ready(vec![bench.plan.clone()], caps);
    bench.until_there_wait(2).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(bench.runner.waiting(), 2);
    bench.runner.keep_ready(vec![bench.plan.clone()], WarmCaps { max: 3, ..WarmCaps::default() });
    bench.until_there_wait(3).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(bench.runner.waiting(), 3);
    bench.shut_down().await;
}

#[tokio::test]
async fn one_that_dies_while_it_waits_is_replaced() {
    let Some(bench) = warm(&format!("{WARM} echo fresh")).await else { return };
    bench.until_there_are(1).await;
    let first = bench.containers();
    bench.engine.docker(&["kill", &first[0]]);
    let begun = Instant::now();
    while bench.containers() == first || bench.runner.waiting() != 1 || bench.containers().len() != 1 {
        assert!(begun.elapsed() < LONG, "{:?}", bench.containers());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bench.call().await.text(), format!("{IS_WARM}fresh\n"));
    bench.shut_down().await;
}

#[tokio::test]
async fn an_image_that_is_not_there_is_no_reason_to_stop() {
    let Some(bench) = warm("true").await else { return };
    let mut absent = bench.plan.clone();
    absent.image = "mcpfier-test/absent:1".to_owned();
    absent.pull = Pull::Never;
    let bench = bench.with(|plan| plan.warm = 2);
    bench.keep(vec![absent, bench.plan.clone()]);
    bench.until_there_wait(2).await;
    bench.shut_down().await;
}

#[tokio::test]
async fn the_words_of_an_image_are_its_own() {
    let Some(bench) = bench(&["unused"]) else { return };
    if init::program().is_err() {
        return skip("containers made ahead");
    }
    let bench = bench.with(|plan| plan.entrypoint = None).warmed(1).await;
    assert_eq!(bench.call().await.text(), "the words of the image\n");
    bench.until_there_wait(1).await;
    let bench = bench.with(|plan| plan.arguments = ["/bin/echo", "others"].map(known).into());
    assert_eq!(bench.call().await.text(), "others\n");
    bench.shut_down().await;
}

#[tokio::test]
async fn calls_of_other_commands_take_none() {
    let Some(bench) = warm(&format!("{WARM} true")).await else { return };
    let bench = bench.with(|plan| plan.lockdown.user = Some("1:1".to_owned()));
    assert_ne!(bench.call().await.text(), IS_WARM);
    assert_eq!(bench.runner.waiting(), 1);
    bench.shut_down().await;
}
