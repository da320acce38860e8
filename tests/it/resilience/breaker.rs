//! Breakers, on a clock that does not wait.

use std::time::Duration;

use mcpfier::engine::Rejection;
use mcpfier::runner::End;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::stage::{Act, Heard, House, answered, failed, success};

const RULES: &str = "{ failures: 2, window: 1m, cooldown: 30s }";

fn config(rules: &str) -> String {
    format!("commands: [{{ name: t, description: T., script: 'true', breaker: {rules} }}]\n")
}

/// What a call comes to: `+`, `-`, or `!` if it is refused at once.
async fn calls(house: &House, count: usize) -> String {
    let mut told = String::new();
    for _ in 0..count {
        told.push(match house.call("t").await {
            Ok(said) if said.is_error => '-',
            Ok(_) => '+',
            Err(Rejection::BreakerOpen { .. }) => '!',
            Err(other) => panic!("{other}"),
        });
    }
    told
}

#[tokio::test(start_paused = true)]
async fn it_opens_after_failures_in_a_row_and_closes_after_one_success() {
    let acts = vec![failed(1), success(), failed(1), failed(1), failed(1), success(), failed(1)];
    let house = House::of(&config(RULES), acts);
    assert_eq!(calls(&house, 6).await, "-+--!!");
    assert_eq!(house.runs(), 4, "what is refused does not run");
    tokio::time::advance(Duration::from_secs(29)).await;
    assert_eq!(calls(&house, 1).await, "!");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(calls(&house, 3).await, "-!!", "one is let through, and fails");
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(calls(&house, 4).await, "+-++", "one is let through, and then all are");
}

#[tokio::test(start_paused = true)]
async fn failures_that_lie_far_apart_do_not_open_it() {
    let house = House::of(&config(RULES), (0..8).map(|_| failed(1)).collect());
    for _ in 0..3 {
        assert_eq!(calls(&house, 1).await, "-");
        tokio::time::advance(Duration::from_secs(61)).await;
    }
    assert_eq!(calls(&house, 3).await, "--!");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_when_it_is_tried_again() {
    let house = House::of(&config(RULES), vec![failed(7), failed(7)]);
    calls(&house, 2).await;
    tokio::time::advance(Duration::from_secs(18)).await;
    let problem = house.call("t").await.err().unwrap().to_string();
    assert!(
        problem.starts_with("`t` is not tried now: it failed 2 times in a row; it is tried again in 12.0 s\n  last  exit code 7"),
        "{problem}"
    );
}

#[tokio::test(start_paused = true)]
async fn only_one_call_tries_whether_it_is_over() {
    let house = House::of(&config(RULES), vec![failed(1), failed(1)]);
    calls(&house, 2).await;
    tokio::time::advance(Duration::from_secs(30)).await;
    house.hold();
    let (mut heard, cancel) = (Heard::default(), CancellationToken::new());
    let trial = house.outcome("local", "t", json!({}), &mut heard, cancel.clone());
    let others = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let problem = house.call("t").await.err().unwrap().to_string();
        assert!(problem.contains("one call is trying it right now"), "{problem}");
        cancel.cancel();
    };
    let (trial, ()) = tokio::join!(trial, others);
    assert!(trial.unwrap().1.is_error);
    house.let_go();
    assert_eq!(calls(&house, 2).await, "++", "a trial that was cancelled says nothing, so the next is one");
}

#[tokio::test(start_paused = true)]
async fn what_is_the_callers_mistake_or_nobodys_does_not_count() {
    for (ending, told) in [(answered(404, None), "---+"), (Act::End(End::Cancelled), "---!")] {
        let house = House::of(&config(RULES), vec![failed(1), ending, failed(1)]);
        assert_eq!(calls(&house, 4).await, told);
    }
    let house =
        House::of(&config(RULES), vec![answered(404, None), answered(404, None), answered(404, None)]);
    assert_eq!(calls(&house, 4).await, "---+");
    let house = House::of(&config(RULES), vec![answered(429, None), answered(500, None)]);
    assert_eq!(calls(&house, 3).await, "--!");
}

#[tokio::test(start_paused = true)]
async fn a_reload_keeps_it_only_with_the_same_settings() {
    let house = House::of(&config(RULES), vec![failed(1), failed(1)]);
    calls(&house, 2).await;
    house.reload(&config(RULES));
    assert_eq!(calls(&house, 1).await, "!");
    house.reload(&config("{ failures: 3 }"));
    assert_eq!(calls(&house, 1).await, "+");
}

#[tokio::test(start_paused = true)]
async fn tries_of_one_call_count_once_and_an_open_one_leads_to_the_fallback() {
    let config = "commands:
  - { name: t, description: T., script: 'true', breaker: { failures: 2 }, retry: { attempts: 3, delay: 1s, on: [failure] }, fallback: other }
  - { name: other, description: T., script: 'true' }
";
    let mut acts = Vec::new();
    for _ in 0..2 {
        acts.extend([failed(1), failed(1), failed(1), success()]);
    }
    let house = House::of(config, acts);
    for (text, runs) in [("run 4\n", 4), ("run 8\n", 8), ("run 9\n", 9)] {
        let said = house.call("t").await.unwrap();
        assert_eq!((said.text.as_str(), house.runs()), (text, runs));
        assert!(said.note.is_some());
    }
}
