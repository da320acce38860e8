//! Tries and fallbacks, on a clock that does not wait.

use std::time::Duration;

use mcpfier::engine::Rejection;
use mcpfier::plan::Step;
use mcpfier::runner::{End, StartError};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::stage::{Act, Heard, House, answered, busy, failed, success, unanswered};

fn command(extra: &str) -> String {
    format!("commands: [{{ name: t, description: T., script: 'true', timeout: 60s{extra} }}]\n")
}

const EVERY: &str = ", retry: { attempts: 3, backoff: fixed, delay: 1s, on: [failure] }";

#[tokio::test(start_paused = true)]
async fn a_command_is_tried_until_it_succeeds_and_only_the_last_output_counts() {
    let house = House::of(&command(EVERY), vec![failed(75), failed(1), success()]);
    let (mut heard, began) = (Heard::default(), Instant::now());
    let (_, said) =
        house.outcome("local", "t", json!({}), &mut heard, CancellationToken::new()).await.unwrap();
    assert_eq!((said.text.as_str(), said.is_error), ("run 3\n", false));
    assert_eq!(
        (&said.run["attempts"], &said.run["failures"]),
        (&json!(3), &json!(["exit code 75", "exit code 1"]))
    );
    assert_eq!(heard.0, ["try 2 of 3 in 1.0 s: exit code 75", "try 3 of 3 in 1.0 s: exit code 1"]);
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_failure_says_why_each_try_failed() {
    let house = House::of(&command(EVERY), vec![failed(75), failed(75), failed(3)]);
    let said = house.call("t").await.unwrap();
    assert!(said.is_error);
    assert!(said.text.starts_with("run 3\nexit code 3 · "), "{}", said.text);
    assert!(said.text.ends_with(" · try 3; before: exit code 75 (2 times)"), "{}", said.text);
}

#[tokio::test(start_paused = true)]
async fn only_the_endings_that_are_named_lead_to_another_try() {
    let no = |reason: &str| format!(", retry: {{ attempts: 2, delay: 1s, on: [{reason}] }}");
    let timed_out = || Act::End(End::TimedOut { after: Duration::from_secs(1) });
    for (on, first, runs) in [
        ("'exit:75'", failed(75), 2),
        ("'exit:75'", failed(74), 1),
        ("failure", failed(74), 2),
        ("failure", timed_out(), 2),
        ("failure", Act::End(End::Signalled(9)), 2),
        ("failure", Act::End(End::Cancelled), 1),
        ("failure", success(), 1),
        ("timeout", timed_out(), 2),
        ("timeout", failed(1), 1),
        ("failure", busy(), 2),
        ("timeout", busy(), 1),
        ("'http:429'", answered(429, None), 2),
        ("'http:429'", answered(503, None), 1),
        ("unanswered", unanswered(false), 2),
    ] {
        let told = format!("{on} {runs}");
        let house = House::of(&command(&no(on)), vec![first]);
        let _ = house.call("t").await;
        assert_eq!(house.runs(), runs, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_on_only_what_certainly_did_nothing_is_tried_again_unless_it_may_be_repeated() {
    let folder = || StartError::WorkingDir { path: "/x".into(), source: std::io::ErrorKind::NotFound.into() };
    for (first, otherwise) in [
        (failed(1), 1),
        (Act::End(End::TimedOut { after: Duration::ZERO }), 1),
        (unanswered(false), 1),
        (answered(429, None), 1),
        (answered(500, Some(1)), 1),
        (busy(), 2),
        (unanswered(true), 2),
        (answered(429, Some(1)), 2),
        (answered(503, Some(1)), 2),
        (Act::NotStarted(folder()), 1),
    ] {
        let house = House::of(&command(", retry: 2"), vec![first]);
        let _ = house.call("t").await;
        assert_eq!(house.runs(), otherwise);
    }
    for annotations in ["read_only", "idempotent"] {
        let extra = format!(", retry: 2, annotations: {{ {annotations}: true }}");
        let house = House::of(&command(&extra), vec![failed(1)]);
        assert_eq!(house.text("t").await, "run 2\n");
        let house = House::of(&command(&extra), vec![Act::NotStarted(folder())]);
        assert!(house.call("t").await.is_err());
        assert_eq!(house.runs(), 1, "a mistake does not pass");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_when_is_waited_for_up_to_the_longest_wait() {
    for (asks, waits) in [(7, 7), (0, 1), (1000, 20)] {
        let extra = ", retry: { attempts: 2, backoff: fixed, delay: 1s, max_delay: 20s }";
        let house = House::of(&command(extra), vec![answered(429, Some(asks))]);
        let began = Instant::now();
        house.text("t").await;
        assert_eq!(began.elapsed(), Duration::from_secs(waits), "{asks}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_tries_stay_within_one_timeout() {
    let extra = ", retry: { attempts: 100, backoff: fixed, delay: 25s, on: [failure] }";
    let house = House::of(&command(extra), (0..100).map(|_| failed(1)).collect());
    let began = Instant::now();
    let said = house.call("t").await.unwrap();
    // After 50 s another wait would leave nothing.
    assert_eq!((house.runs(), began.elapsed()), (3, Duration::from_secs(50)));
    assert!(said.is_error);
    let left: Vec<u64> = house.script.started.lock().unwrap().iter().map(timeout).collect();
    assert_eq!(left[0], 60);
    assert!(left[1] <= 35 && left[1] >= 34 && left[2] <= 10 && left[2] >= 9, "{left:?}");
}

fn timeout(step: &Step) -> u64 {
    match step {
        Step::Process(process) => process.timeout.as_secs(),
        _ => panic!("no process"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_at_once_when_the_call_is_cancelled_and_holds_no_place() {
    let config = "server: { calls: { max: 1, queue: 0 } }\ncommands:\n\
        - { name: t, description: T., script: 'true', timeout: 1h, retry: { attempts: 2, delay: 20m, max_delay: 20m, on: [failure] } }\n\
        - { name: other, description: T., script: 'true' }\n";
    let house = House::of(config, vec![failed(1)]);
    let cancel = CancellationToken::new();
    let mut heard = Heard::default();
    let (result, ()) =
        tokio::join!(house.outcome("local", "t", json!({}), &mut heard, cancel.clone()), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(house.text("other").await, "run 2\n");
            cancel.cancel();
        });
    let (_, said) = result.unwrap();
    assert!(said.is_error && said.text.starts_with("cancelled after "), "{}", said.text);
    assert_eq!(house.runs(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_started_says_how_often_it_was_tried() {
    let extra = ", retry: { attempts: 3, delay: 1s, on: [failure] }";
    let house = House::of(&command(extra), vec![busy(), failed(2), busy()]);
    let problem = house.call("t").await.err().unwrap();
    assert!(matches!(problem, Rejection::Again { attempts: 3, .. }));
    assert!(problem.to_string().contains("that was try 3; before: "), "{problem}");
    assert!(problem.to_string().ends_with(", then exit code 2"), "{problem}");
}

const PAIR: &str = "commands:
  - name: t
    description: T.
    script: sh
    params: { city: { type: string, description: C, optional: true }, day: { type: integer, description: D, default: 1 } }
    args: [-c, 'true']
    fallback: FALLBACK
  - name: other
    description: T.
    expose: false
    script: echo
    params: { city: { type: string, description: C, default: Rome } }
    args: [--, '{{city}}']
    exit_codes: [0, 9]
";

#[tokio::test]
async fn a_fallback_gives_the_result_and_says_so() {
    let house = House::of(&PAIR.replace("FALLBACK", "other"), vec![failed(4), failed(9)]);
    let said = house.call_with("t", json!({ "city": "Oslo" })).await.unwrap();
    assert!(!said.is_error, "what is success is for the fallback to say: {}", said.text);
    assert_eq!(said.text, "run 2\n");
    let note = said.note.unwrap();
    assert!(note.starts_with("t failed (exit code 4 · "), "{note}");
    assert!(note.ends_with("); this is the result of its fallback other"), "{note}");
    assert_eq!(
        (&said.run["fallback"][0]["of"], &said.run["fallback"][0]["by"]),
        (&json!("t"), &json!("other"))
    );
    assert_eq!(words(&house, 1), ["echo", "--", "Oslo"]);
}

#[tokio::test]
async fn a_fallback_gets_the_arguments_that_are_said() {
    let with = "{ command: other, with: { city: 'of {{city}} on {{day}}' } }";
    let house = House::of(&PAIR.replace("FALLBACK", with), vec![failed(1), failed(1)]);
    house.call_with("t", json!({ "city": "Oslo" })).await.unwrap();
    assert_eq!(words(&house, 1), ["echo", "--", "of Oslo on 1"]);
    house.call_with("t", json!({})).await.unwrap();
    assert_eq!(words(&house, 2), ["sh", "-c", "true"], "which succeeds");
    let house = House::of(&PAIR.replace("FALLBACK", with), vec![failed(1)]);
    house.call_with("t", json!({})).await.unwrap();
    assert_eq!(words(&house, 1), ["echo", "--", "Rome"], "what is absent is left out");
}

#[tokio::test]
async fn a_fallback_is_not_for_calls_that_are_cancelled_or_do_not_fit() {
    let house = House::of(&PAIR.replace("FALLBACK", "other"), vec![Act::End(End::Cancelled)]);
    assert!(house.call("t").await.unwrap().is_error);
    assert!(matches!(house.call_with("t", json!({ "city": 3 })).await, Err(Rejection::BadCall(_))));
    assert_eq!(house.runs(), 1);
}

#[tokio::test]
async fn when_both_fail_both_are_told() {
    let house = House::of(&PAIR.replace("FALLBACK", "other"), vec![failed(4), failed(5)]);
    let said = house.call("t").await.unwrap();
    assert!(said.is_error && said.text.starts_with("run 2\nexit code 5 · "), "{}", said.text);
    assert!(said.note.unwrap().starts_with("t failed (exit code 4 · "));
    let house = House::of(&PAIR.replace("FALLBACK", "other"), vec![failed(4), busy()]);
    let problem = house.call("t").await.err().unwrap().to_string();
    assert!(problem.starts_with("`t` failed (exit code 4 · "), "{problem}");
    assert!(
        problem.contains("), and its fallback `other` did not run: no process could be started"),
        "{problem}"
    );
}

fn words(house: &House, run: usize) -> Vec<String> {
    match &house.script.started.lock().unwrap()[run] {
        Step::Process(process) => process.argv.iter().map(|word| word.printed(&Default::default())).collect(),
        _ => panic!("no process"),
    }
}
