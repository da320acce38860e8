//! How containers end: by themselves, by their time, by somebody, by their memory.

use std::num::NonZeroI32;
use std::time::{Duration, Instant};

use mcpfier::model::ByteSize;
use mcpfier::runner::End;
use tokio_util::sync::CancellationToken;

use super::{first_words, shell, to_the_end};

fn failed(code: i32) -> End {
    End::Failed(NonZeroI32::new(code).unwrap())
}

#[tokio::test]
async fn an_exit_code_is_the_programs_own() {
    for code in [0, 1, 3, 125, 126, 127, 143, 255] {
        let Some(bench) = shell(&format!("exit {code}")) else { return };
        let expected = if code == 0 { End::Success } else { failed(code) };
        assert_eq!(bench.run().await.end, expected);
    }
}

#[tokio::test]
async fn a_program_that_others_kill_is_told_by_its_signal() {
    let Some(bench) = shell("echo up; sleep 60") else { return };
    let mut running = bench.start(CancellationToken::new()).await;
    first_words(&mut running).await;
    bench.engine.docker(&["kill", &bench.containers()[0]]);
    assert_eq!(to_the_end(&mut running).await.end, End::Signalled(9));
    bench.assert_nothing_left().await;
}

#[tokio::test]
async fn one_that_somebody_removes_is_over() {
    let Some(bench) = shell("echo up; sleep 60") else { return };
    let mut running = bench.start(CancellationToken::new()).await;
    first_words(&mut running).await;
    bench.engine.docker(&["rm", "--force", &bench.containers()[0]]);
    let end = to_the_end(&mut running).await.end;
    assert!(matches!(end, End::Signalled(9) | End::Lost), "{end:?}");
}

#[tokio::test]
async fn a_timeout_asks_first_and_lets_it_say_its_last_words() {
    let Some(bench) = shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done") else {
        return;
    };
    let bench = bench.with(|plan| {
        plan.timeout = Duration::from_secs(1);
        plan.kill_grace = Duration::from_secs(20);
    });
    let begun = Instant::now();
    let ran = bench.run().await;
    assert_eq!(ran.end, End::TimedOut { after: Duration::from_secs(1) });
    assert_eq!(ran.text(), "up\nbye\n");
    assert!(begun.elapsed() < Duration::from_secs(15), "it did not wait for the grace to pass");
}

#[tokio::test]
async fn one_that_ignores_the_signal_is_killed_after_its_grace() {
    let Some(bench) = shell("trap '' TERM INT HUP; echo up; while :; do sleep 0.05; done") else { return };
    let bench = bench.with(|plan| plan.timeout = Duration::from_secs(1));
    let ran = bench.run().await;
    assert_eq!((ran.text().as_str(), &ran.end), ("up\n", &End::TimedOut { after: Duration::from_secs(1) }));
}

#[tokio::test]
async fn one_that_floods_its_output_is_ended_in_time() {
    let Some(bench) = shell("trap '' TERM; while :; do head -c 1000000 /dev/zero; done") else { return };
    let bench = bench.with(|plan| plan.timeout = Duration::from_secs(1));
    let begun = Instant::now();
    assert_eq!(bench.run().await.end, End::TimedOut { after: Duration::from_secs(1) });
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_stop_signal_is_the_one_that_was_named() {
    let Some(bench) = shell("trap 'echo usr1; exit 0' USR1; echo up; while :; do sleep 0.05; done") else {
        return;
    };
    let bench = bench.with(|plan| {
        plan.stop_signal = Some("SIGUSR1".to_owned());
        plan.kill_grace = Duration::from_secs(20);
    });
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    first_words(&mut running).await;
    cancel.cancel();
    let ran = to_the_end(&mut running).await;
    assert_eq!((ran.text().as_str(), &ran.end), ("usr1\n", &End::Cancelled));
    bench.assert_nothing_left().await;
}

#[tokio::test]
async fn nothing_is_left_when_nobody_listens_any_more() {
    let Some(bench) = shell("trap '' TERM; echo up; while :; do sleep 0.05; done") else { return };
    let mut running = bench.start(CancellationToken::new()).await;
    first_words(&mut running).await;
    assert_eq!(bench.containers().len(), 1);
    drop(running);
    bench.assert_nothing_left().await;
}

#[tokio::test]
async fn nothing_is_left_when_a_start_is_given_up() {
    let Some(bench) = shell("sleep 60") else { return };
    for wait in [0, 5, 20, 60, 120, 200, 300] {
        let start = bench.try_start(CancellationToken::new());
        let _ = tokio::time::timeout(Duration::from_millis(wait), start).await;
    }
    assert!(bench.runner.shut_down(super::LONG).await);
    assert_eq!(bench.containers(), [""; 0]);
}

#[tokio::test]
async fn a_call_that_is_cancelled_before_it_starts_makes_no_container() {
    let Some(bench) = shell("sleep 60") else { return };
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert!(bench.try_start(cancel).await.is_err());
    bench.assert_nothing_left().await;
}

#[tokio::test]
async fn too_much_memory_is_named() {
    let Some(bench) = shell("tail /dev/zero") else { return };
    let bench = bench.with(|plan| plan.limits.memory = Some(ByteSize::mib(16)));
    let end = bench.run().await.end;
    // Some Podmans say that it was killed, and not why.
    assert!(end == End::OutOfMemory || bench.engine.is_podman && end == End::Signalled(9), "{end:?}");
}

#[tokio::test]
async fn a_fork_bomb_is_held_and_ended() {
    // What waits must need no process more, and the bomb takes one: it may leave none for a second.
    let Some(bench) = shell("bomb() { bomb | bomb & }; bomb & while :; do :; done") else { return };
    let bench = bench.with(|plan| {
        plan.limits.pids = Some(32);
        plan.timeout = Duration::from_secs(2);
    });
    assert_eq!(bench.run().await.end, End::TimedOut { after: Duration::from_secs(2) });
}

#[tokio::test]
async fn many_at_once_end_each_with_its_own() {
    let Some(bench) = shell("sleep 1; echo $WORD; exit 7") else { return };
    let runs = (0..8).map(|number| {
        let mut plan = bench.plan.clone();
        plan.variables = vec![("WORD".to_owned(), super::known(&format!("word {number}")))];
        let bench = &bench;
        async move {
            let step = mcpfier::plan::Step::Container(Box::new(plan));
            let start = mcpfier::runner::Runner::start(
                &bench.runner,
                &step,
                &bench.secrets,
                CancellationToken::new(),
            );
            let mut running = start.await.unwrap();
            let ran = to_the_end(&mut running).await;
            assert_eq!((ran.text(), ran.end), (format!("word {number}\n"), failed(7)));
        }
    });
    let mut all: Vec<_> = runs.map(Box::pin).collect();
    let joined = std::future::poll_fn(|context| {
        all.retain_mut(|run| run.as_mut().poll(context).is_pending());
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    });
    joined.await;
    bench.assert_nothing_left().await;
}
