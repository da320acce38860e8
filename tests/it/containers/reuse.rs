//! Containers that stay for several calls: of one caller, one at a time, with nothing of the call before
//! but what cannot be taken away.

use std::time::{Duration, Instant};

use mcpfier::model::{ByteSize, Tmpfs};
use mcpfier::plan::{ContainerPlan, PlannedMount, PlannedReuse, PlannedStdin};
use mcpfier::runner::End;
use mcpfier::runner::container::init;
use tokio_util::sync::CancellationToken;

use super::{Bench, LONG, Ran, first_words, known, shell, to_the_end};
use crate::support::skip::skip;

fn reuse(calls: u32, age: Duration) -> PlannedReuse {
    PlannedReuse { caller: "somebody".to_owned(), calls, age }
}

/// A line of the shell in a container that stays, if this build has an init.
fn staying(script: &str) -> Option<Bench> {
    if let Err(reason) = init::program() {
        skip(&format!("containers that stay ({reason})"));
        return None;
    }
    Some(shell(script)?.with(|plan| plan.reuse = Some(reuse(100, 10 * LONG))))
}

impl Bench {
    fn says(&mut self, script: &str) {
        self.plan.arguments = vec![known("-c"), known(script)];
    }

    async fn hostname(&mut self) -> String {
        self.says("hostname");
        let ran = self.call().await;
        assert_eq!(ran.end, End::Success, "{ran:?}");
        ran.text()
    }

    async fn says_now(&mut self, script: &str) -> Ran {
        self.says(script);
        self.call().await
    }
}

fn words(ran: &Ran) -> String {
    ran.text() + &ran.stderr
}

#[tokio::test]
async fn calls_after_one_another_have_the_same_container_and_nothing_of_each_other() {
    let Some(mut bench) = staying("") else { return };
    bench.plan.tmpfs.push(Tmpfs { target: "/work".to_owned(), size: Some(ByteSize::mib(4)) });
    bench.plan.variables = vec![("SECRET".to_owned(), known("of the first"))];
    bench.plan.stdin = PlannedStdin::Text(known("read me\n"));
    let first = bench
        .says_now(
            "hostname; cat; echo $SECRET; \
             mkdir -p /tmp/a/b/c /work/x /dev/shm/y; echo 1 >/tmp/a/b/c/f; ln -s / /tmp/root; mkfifo /work/x/p; \
             mkdir /tmp/shut; echo 2 >/tmp/shut/f; chmod 0 /tmp/shut; touch /tmp/.hidden \"/tmp/a name\" /dev/shm/y/z; \
             for n in $(seq 300); do echo $n >/work/$n; done; \
             (setsid sleep 1000 &) ; sleep 1000 & exit 3",
        )
        .await;
    assert_eq!(first.end, End::Failed(3.try_into().unwrap()), "{first:?}");
    let mut lines = first.text().lines().map(str::to_owned).collect::<Vec<_>>();
    let host = lines.remove(0);
    assert_eq!(lines, ["read me", "of the first"]);
    assert_eq!(bench.runner.waiting(), 1);

    bench.plan.variables.clear();
    bench.plan.stdin = PlannedStdin::Null;
    let second = bench
        .says_now("hostname; cat; echo \"<$SECRET>\"; ls -A /tmp /work /dev/shm /dev/mqueue; ps -o comm | grep -c sleep; true")
        .await;
    let expected = format!("{host}\n<>\n/dev/mqueue:\n\n/dev/shm:\n\n/tmp:\n\n/work:\n0\n");
    assert_eq!((words(&second), second.end), (expected, End::Success));

    bench.plan.stdin = PlannedStdin::Text(known(&"x".repeat(300_000)));
    let third = bench.says_now("hostname; wc -c; head -c 3 /proc/self/fd/0; echo").await;
    assert_eq!(words(&third), format!("{host}\n300000\nxxx\n"));
    // Whoever does not read it does not hand it to the next.
    assert_eq!(bench.says_now("hostname").await.text(), format!("{host}\n"));
    bench.plan.stdin = PlannedStdin::Null;
    assert_eq!(bench.says_now("cat; hostname").await.text(), format!("{host}\n"));
    assert_eq!(bench.containers().len(), 1);
    bench.shut_down().await;
}

#[tokio::test]
async fn no_call_comes_into_the_container_of_another_caller_or_of_other_files() {
    let Some(mut bench) = staying("") else { return };
    let place = tempfile::tempdir().unwrap();
    let first = bench.hostname().await;
    let with = |change: &dyn Fn(&mut ContainerPlan)| {
        let mut plan = bench.plan.clone();
        change(&mut plan);
        plan
    };
    let mount = |plan: &mut ContainerPlan| {
        plan.mounts.push(PlannedMount {
            source: place.path().to_owned(),
            target: "/data".to_owned(),
            read_only: true,
        });
    };
    let plans = [
        with(&|plan| plan.reuse.as_mut().unwrap().caller = "somebody else".to_owned()),
        with(&mount),
        with(&|plan| plan.files = vec![("/run/token".to_owned(), known("a"))]),
        with(&|plan| plan.files = vec![("/run/token".to_owned(), known("b"))]),
        with(&|plan| plan.limits.memory = Some(ByteSize::mib(48))),
        with(&|plan| plan.lockdown.user = Some("1000:1000".to_owned())),
        with(&|plan| plan.reuse = None),
    ];
    let own = bench.plan.clone();
    let mut hosts = vec![first.clone()];
    for plan in plans {
        bench.plan = plan;
        hosts.push(bench.hostname().await);
    }
    hosts.sort();
    hosts.dedup();
    assert_eq!(hosts.len(), 8, "{hosts:?}");
    bench.plan = own;
    assert_eq!(bench.hostname().await, first);

    bench.plan.files = vec![("/run/token".to_owned(), known("a"))];
    for _ in 0..2 {
        assert_eq!(bench.says_now("cat /run/token").await.text(), "a");
    }
    bench.shut_down().await;
}

#[tokio::test]
async fn calls_at_once_have_one_each() {
    let Some(bench) = staying("hostname; sleep 0.5") else { return };
    let (one, other) = tokio::join!(bench.call(), bench.call());
    assert_ne!(one.text(), other.text());
    assert_eq!(bench.runner.waiting(), 2);
    let (three, four) = tokio::join!(bench.call(), bench.call());
    let sorted = |one: &Ran, other: &Ran| {
        let mut both = [one.text(), other.text()];
        both.sort();
        both
    };
    assert_eq!(sorted(&one, &other), sorted(&three, &four));
    bench.shut_down().await;
}

#[tokio::test]
async fn it_goes_after_its_calls_and_when_it_is_old() {
    let Some(mut bench) = staying("") else { return };
    bench.plan.reuse = Some(reuse(2, 10 * LONG));
    let (first, second) = (bench.hostname().await, bench.hostname().await);
    assert_eq!(first, second);
    assert_eq!(bench.runner.waiting(), 0);
    assert_ne!(bench.hostname().await, first);

    bench.plan.reuse = Some(reuse(100, Duration::from_secs(2)));
    bench.hostname().await;
    let begun = Instant::now();
    while bench.runner.waiting() > 1 {
        assert!(begun.elapsed() < LONG);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bench.shut_down().await;
}

#[tokio::test]
async fn one_over_which_anything_has_come_is_not_used_again() {
    let Some(mut bench) = staying("") else { return };
    let first = bench.hostname().await;
    // Out of time.
    bench.plan.timeout = Duration::from_millis(300);
    assert!(matches!(bench.says_now("sleep 1000").await.end, End::TimedOut { .. }));
    bench.plan.timeout = LONG;
    let second = bench.hostname().await;
    assert_ne!(first, second);
    // Short of memory, also where the command itself ends well.
    let eater = "tail /dev/zero; exit 0";
    let ran = bench.says_now(eater).await;
    assert!(matches!(ran.end, End::Success | End::OutOfMemory), "{ran:?}");
    let third = bench.hostname().await;
    assert_ne!(second, third);
    // Without a program there is nothing to stay for.
    bench.plan.entrypoint = Some(vec!["/bin/nothing-of-that-name".to_owned()]);
    assert!(bench.try_start(CancellationToken::new()).await.is_err());
    bench.plan.entrypoint = Some(vec!["/bin/sh".to_owned()]);
    assert_eq!(bench.runner.waiting(), 1);
    // A nest that nobody wants to clear.
    bench.says_now("cd /tmp; for n in $(seq 100); do mkdir d; cd d; done").await;
    let fifth = bench.hostname().await;
    assert_ne!(third, fifth);
    // Cancelled, and a caller who is gone.
    bench.says("echo here; sleep 1000");
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    first_words(&mut running).await;
    cancel.cancel();
    assert_eq!(to_the_end(&mut running).await.end, End::Cancelled);
    let sixth = bench.hostname().await;
    assert_ne!(fifth, sixth);
    bench.says("echo here; sleep 1000");
    let mut running = bench.start(CancellationToken::new()).await;
    first_words(&mut running).await;
    drop(running);
    assert_ne!(bench.hostname().await, sixth);
    bench.shut_down().await;
}

#[tokio::test]
async fn what_is_mounted_into_a_folder_in_memory_is_left_alone() {
    let Some(mut bench) = staying("") else { return };
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("mine"), "of the host").unwrap();
    std::os::unix::fs::chown(place.path(), Some(65534), Some(65534)).unwrap();
    bench.plan.mounts.push(PlannedMount {
        source: place.path().to_owned(),
        target: "/tmp/data".to_owned(),
        read_only: false,
    });
    bench.plan.files = vec![("/tmp/token".to_owned(), known("text"))];
    let host = bench.hostname().await;
    bench.says_now("echo more >/tmp/data/more; echo less >/tmp/less; chmod 755 /tmp/data").await;
    let ran = bench.says_now("hostname; ls /tmp /tmp/data; cat /tmp/token").await;
    assert_eq!(words(&ran), format!("{host}/tmp:\ndata\ntoken\n\n/tmp/data:\nmine\nmore\ntext"));
    assert_eq!(std::fs::read_to_string(place.path().join("mine")).unwrap(), "of the host");
    bench.shut_down().await;
}

#[tokio::test]
async fn one_that_dies_while_it_waits_is_no_trouble() {
    let Some(mut bench) = staying("") else { return };
    let first = bench.hostname().await;
    let containers = bench.containers();
    bench.engine.docker(&["rm", "--force", &containers[0]]);
    bench.until_there_wait(0).await;
    assert_ne!(bench.hostname().await, first);
    bench.shut_down().await;
}

#[tokio::test]
async fn one_made_ahead_stays_after_its_first_call() {
    let Some(bench) = staying("hostname") else { return };
    let mut bench = bench.warmed(1).await;
    let first = bench.hostname().await;
    assert_eq!(bench.hostname().await, first);
    bench.shut_down().await;
}

#[tokio::test]
async fn a_call_costs_little_more_than_a_process() {
    let Some(mut bench) = staying("") else { return };
    bench.hostname().await;
    let mut times = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        bench.says_now(":").await;
        times.push(begun.elapsed());
    }
    times.sort();
    let median = times[10];
    println!("a call in a container that stays: {median:?}, fastest {:?}", times[0]);
    assert!(median < Duration::from_millis(120), "{times:?}");
    bench.shut_down().await;
}
