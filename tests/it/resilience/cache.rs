//! What is remembered, for whom, and for how long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mcpfier::engine::CacheUse;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::stage::{Act, Heard, House, failed, success};

fn config(cache: &str) -> String {
    format!(
        "commands:
  - name: t
    description: T.
    script: echo
    params: {{ city: {{ type: string, description: C, default: Rome }}, day: {{ type: string, description: D, default: now }} }}
    args: [--, '{{{{city}}}}', '{{{{day}}}}']
    annotations: {{ read_only: true }}
    cache: {cache}
  - {{ name: change, description: T., script: 'true' }}
"
    )
}

const STORES: [&str; 2] = ["memory", "disk"];

#[tokio::test]
async fn a_result_is_given_again_until_it_is_too_old() {
    for store in STORES {
        let house = House::of(&config(&format!("{{ ttl: 10s, store: {store} }}")), Vec::new());
        let first = house.call("t").await.unwrap();
        assert_eq!(
            (first.text.as_str(), &first.run["cache"]),
            ("run 1\n", &json!({ "hit": false, "shared": false }))
        );
        house.pass(Duration::from_millis(9_500));
        let again = house.call("t").await.unwrap();
        assert_eq!(again.text, "run 1\n");
        assert_eq!(again.run["cache"], json!({ "hit": true, "ageMs": 9500, "stale": false }));
        assert_eq!(again.run["id"], first.run["id"], "it is of the run that made it");
        house.pass(Duration::from_millis(501));
        assert_eq!(house.text("t").await, "run 2\n");
    }
}

#[tokio::test]
async fn other_arguments_and_other_callers_have_their_own() {
    for (scope, other) in [("caller", "run 3\n"), ("all", "run 1\n")] {
        let house = House::of(&config(&format!("{{ ttl: 1h, scope: {scope} }}")), Vec::new());
        assert_eq!(house.text("t").await, "run 1\n");
        assert_eq!(house.call_with("t", json!({ "city": "Oslo" })).await.unwrap().text, "run 2\n");
        let cancel = CancellationToken::new();
        let (_, said) = house.outcome("eve", "t", json!({}), &mut Heard::default(), cancel).await.unwrap();
        assert_eq!(said.text, other);
    }
}

#[tokio::test]
async fn a_key_says_what_makes_calls_equal_and_the_file_still_counts() {
    let house = House::of(&config("{ ttl: 1h, key: [city] }"), Vec::new());
    let call = |city: &str, day: &str| house.call_with("t", json!({ "city": city, "day": day }));
    assert_eq!(call("Oslo", "1").await.unwrap().text, "run 1\n");
    assert_eq!(call("Oslo", "2").await.unwrap().text, "run 1\n");
    assert_eq!(call("Rome", "2").await.unwrap().text, "run 2\n");
    house.reload(&config("{ ttl: 1h, key: [city] }").replace("script: echo", "script: printf"));
    assert_eq!(call("Oslo", "1").await.unwrap().text, "run 3\n");
    house
        .reload(&config("{ ttl: 1h, key: [city] }").replace("description: T.", "description: Another text."));
    assert_eq!(call("Oslo", "1").await.unwrap().text, "run 1\n", "what is said of it makes no difference");
}

#[tokio::test]
async fn failures_are_never_remembered_nor_is_output_that_breaks_its_promise() {
    let house = House::of(&config("{ ttl: 1h }"), vec![failed(1), failed(1), success()]);
    for (run, is_error) in [(1, true), (2, true), (3, false), (3, false)] {
        let said = house.call("t").await.unwrap();
        assert_eq!(said.is_error, is_error);
        assert!(said.text.starts_with(&format!("run {run}\n")), "{}", said.text);
    }
    let promising = config("{ ttl: 1h }\n    output: { format: json, schema: { type: object } }");
    let house = House::of(&promising, Vec::new());
    for _ in 0..2 {
        assert!(house.call("t").await.unwrap().is_error);
    }
    assert_eq!(house.runs(), 2);
}

#[tokio::test]
async fn what_a_fallback_gave_is_not_remembered() {
    let config = config("{ ttl: 1h }\n    fallback: change");
    let house = House::of(&config, vec![failed(1)]);
    assert_eq!(house.text("t").await, "run 2\n");
    assert_eq!(house.text("t").await, "run 3\n");
    assert_eq!(house.text("t").await, "run 3\n");
}

#[tokio::test]
async fn a_changed_file_makes_it_worthless() {
    for store in STORES {
        let rules =
            format!("{{ ttl: 1h, store: {store}, invalidate_on: {{ files: ['data/*.csv', one.txt] }} }}");
        let house = House::of(&config(&rules), Vec::new());
        let write = |name: &str, text: &str| {
            let path = house.folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let mut run = 1;
        for (name, text) in [("data/a.csv", "1"), ("data/b.csv", "1"), ("data/a.csv", "22"), ("one.txt", "")]
        {
            assert_eq!(house.text("t").await, format!("run {run}\n"));
            assert_eq!(house.text("t").await, format!("run {run}\n"));
            write(name, text);
            run += 1;
        }
        assert_eq!(house.text("t").await, format!("run {run}\n"));
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_runs_is_no_basis() {
    let house = House::of(&config("{ ttl: 1h, invalidate_on: { files: [one.txt] } }"), Vec::new());
    house.hold();
    let change = async {
        while house.runs() == 0 {
            tokio::task::yield_now().await;
        }
        std::fs::write(house.folder.path().join("one.txt"), "changed").unwrap();
        house.let_go();
    };
    let (first, ()) = tokio::join!(house.text("t"), change);
    assert_eq!(first, "run 1\n");
    assert_eq!(house.text("t").await, "run 2\n");
}

#[tokio::test]
async fn a_successful_call_of_another_command_makes_it_worthless() {
    for store in STORES {
        for rules in ["[change]", "{ commands: [change] }"] {
            let rules = format!("{{ ttl: 1h, store: {store}, invalidate_on: {rules} }}");
            let acts = vec![success(), failed(1), success(), success()];
            let house = House::of(&config(&rules), acts);
            assert_eq!(house.text("t").await, "run 1\n");
            assert!(house.call("change").await.unwrap().is_error);
            assert_eq!(house.text("t").await, "run 1\n");
            house.text("change").await;
            assert_eq!(house.text("t").await, "run 4\n");
        }
    }
}

#[tokio::test]
async fn nobody_shares_a_run_that_began_before_its_result_was_made_worthless() {
    let house = House::of(&config("{ ttl: 1h, invalidate_on: [change] }"), Vec::new());
    house.hold();
    let later = async {
        while house.script.held.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        house.hold_no_more();
        assert_eq!(house.text("change").await, "run 2\n");
        assert_eq!(house.text("t").await, "run 3\n");
        house.let_go();
    };
    let (first, ()) = tokio::join!(house.text("t"), later);
    assert_eq!(first, "run 1\n");
    assert_eq!(house.text("t").await, "run 3\n", "the run from before is not remembered");
}

#[tokio::test]
async fn a_stale_result_is_given_at_once_and_made_anew_behind() {
    for store in STORES {
        let rules = format!("{{ ttl: 10s, stale_while_revalidate: 10s, store: {store} }}");
        let house = House::of(&config(&rules), Vec::new());
        house.engine.stay();
        house.text("t").await;
        house.pass(Duration::from_secs(15));
        house.hold();
        for _ in 0..3 {
            let stale = house.call("t").await.unwrap();
            assert_eq!((stale.text.as_str(), &stale.run["cache"]["stale"]), ("run 1\n", &json!(true)));
        }
        while house.runs() < 2 {
            tokio::task::yield_now().await;
        }
        house.let_go();
        loop {
            // On this one thread the run goes on only if it is let.
            tokio::task::yield_now().await;
            let said = house.call("t").await.unwrap();
            if said.run["cache"]["stale"] == json!(false) {
                assert_eq!((said.text.as_str(), house.runs()), ("run 2\n", 2));
                break;
            }
        }
        house.pass(Duration::from_secs(21));
        let mut said = house.call("t").await.unwrap();
        // It can be read before its run has landed, and time here leaps: then this call shares that run.
        while said.run["cache"] == json!({ "hit": false, "shared": true }) {
            said = house.call("t").await.unwrap();
        }
        assert_eq!(said.text, "run 3\n", "what is older than both is not given");
    }
}

#[tokio::test]
async fn where_nothing_stays_a_stale_result_is_none_and_closing_ends_what_is_made_behind() {
    let rules = config("{ ttl: 10s, stale_while_revalidate: 10s }");
    let house = House::of(&rules, Vec::new());
    house.text("t").await;
    house.pass(Duration::from_secs(15));
    assert_eq!(house.text("t").await, "run 2\n");

    house.engine.stay();
    house.pass(Duration::from_secs(15));
    house.hold();
    assert_eq!(house.text("t").await, "run 2\n");
    while house.runs() < 3 {
        tokio::task::yield_now().await;
    }
    house.engine.close();
    while house.script.cancelled.load(Ordering::SeqCst) < 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_thousand_equal_calls_share_one_run() {
    for (acts, is_error) in [(Vec::new(), false), (vec![failed(3)], true)] {
        let house = Arc::new(House::of(&config("{ ttl: 1h }"), acts));
        house.hold();
        let calls: Vec<_> = (0..1000)
            .map(|_| {
                let house = Arc::clone(&house);
                tokio::spawn(async move { house.call("t").await.unwrap() })
            })
            .collect();
        while house.runs() == 0 {
            tokio::task::yield_now().await;
        }
        house.let_go();
        let mut shared = 0;
        for call in calls {
            let said = call.await.unwrap();
            assert_eq!(said.is_error, is_error);
            shared += usize::from(said.run["cache"]["shared"] == json!(true));
        }
        assert_eq!((house.runs(), shared), (1, 999));
    }
}

#[tokio::test]
async fn one_that_is_cancelled_leaves_the_others_theirs_and_the_last_ends_the_run() {
    let house = House::of(&config("{ ttl: 1h }"), Vec::new());
    house.hold();
    let tokens: Vec<CancellationToken> = (0..3).map(|_| CancellationToken::new()).collect();
    let call = |token: &CancellationToken| {
        let token = token.clone();
        let house = &house;
        async move { house.outcome("local", "t", json!({}), &mut Heard::default(), token).await }
    };
    let begun = || async {
        let before = house.runs();
        while house.runs() == before {
            tokio::task::yield_now().await;
        }
    };
    let [a, b, c] = [call(&tokens[0]), call(&tokens[1]), call(&tokens[2])];
    let (a, b, c, ()) = tokio::join!(a, b, c, async {
        begun().await;
        tokens[0].cancel();
        tokens[2].cancel();
        tokio::task::yield_now().await;
        house.let_go();
    });
    assert!(a.is_err() && c.is_err(), "they were cancelled");
    assert_eq!(b.unwrap().1.text, "run 1\n");

    house.hold();
    let tokens: Vec<CancellationToken> = (0..2).map(|_| CancellationToken::new()).collect();
    let other = json!({ "city": "Oslo" });
    let call = |token: &CancellationToken| {
        let (token, other, house) = (token.clone(), other.clone(), &house);
        async move { house.outcome("local", "t", other, &mut Heard::default(), token).await }
    };
    let (a, b, ()) = tokio::join!(call(&tokens[0]), call(&tokens[1]), async {
        begun().await;
        tokens.iter().for_each(CancellationToken::cancel);
    });
    let ends = [a, b].map(|end| end.map(|(_, said)| said.text).unwrap_or_default());
    assert!(ends.iter().any(|text| text.contains("cancelled after ")), "{ends:?}");
    assert_eq!(house.script.cancelled.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn it_is_bounded() {
    let small = format!(
        "server: {{ cache: {{ memory: 2KiB, disk: 2KiB }} }}\n{}",
        config("{ ttl: 1h, store: STORE }")
    );
    for store in STORES {
        let house = House::of(&small.replace("STORE", store), Vec::new());
        let call = |city: usize| house.call_with("t", json!({ "city": format!("c{city}") }));
        for city in 0..20 {
            call(city).await.unwrap();
        }
        assert!(call(19).await.unwrap().run["cache"]["hit"] == json!(true));
        assert!(call(0).await.unwrap().run["cache"]["hit"] == json!(false));
    }
    let house = House::of(&config("{ ttl: 1h, max_size: 5 }"), Vec::new());
    house.text("t").await;
    assert_eq!(house.text("t").await, "run 2\n", "six bytes are too many");
}

#[tokio::test]
async fn it_can_be_renewed_or_left_out() {
    let rules = config("{ ttl: 1h }");
    let house = House::used(&rules, Vec::new(), CacheUse::Never);
    for run in 1..3 {
        let said = house.call("t").await.unwrap();
        assert_eq!((said.text, &said.run["cache"]), (format!("run {run}\n"), &Value::Null));
    }
    let house = House::used(&rules.replace("1h", "1h, store: disk"), Vec::new(), CacheUse::Renew);
    house.text("t").await;
    assert_eq!(house.text("t").await, "run 2\n");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_no_failure() {
    let house = House::of(&config("{ ttl: 1h, store: disk }"), Vec::new());
    std::fs::write(house.folder.path().join("cache"), "a file is in its place").unwrap();
    assert_eq!(house.text("t").await, "run 1\n");
    assert_eq!(house.text("t").await, "run 2\n");
}

#[tokio::test]
async fn what_is_broken_on_disk_is_made_anew() {
    let house = House::of(&config("{ ttl: 1h, store: disk }"), vec![Act::End(mcpfier::runner::End::Success)]);
    house.text("t").await;
    let mut broken = 0;
    for file in std::fs::read_dir(house.folder.path().join("cache")).unwrap().flatten() {
        if file.path().extension().is_some_and(|extension| extension == "entry") {
            let mut bytes = std::fs::read(file.path()).unwrap();
            bytes.truncate(bytes.len() - 1);
            std::fs::write(file.path(), bytes).unwrap();
            broken += 1;
        }
    }
    assert_eq!(broken, 1);
    assert_eq!(house.text("t").await, "run 2\n");
    assert_eq!(house.text("t").await, "run 2\n");
}

#[tokio::test]
async fn sensitive_arguments_make_a_difference_and_stand_nowhere() {
    let rules = config("{ ttl: 1h, store: disk, key: [city] }").replace("default: Rome", "sensitive: true");
    let house = House::of(&rules, Vec::new());
    for (city, run) in [("correct-horse", 1), ("battery-staple", 2), ("correct-horse", 1)] {
        assert_eq!(house.call_with("t", json!({ "city": city })).await.unwrap().text, format!("run {run}\n"));
    }
    for file in std::fs::read_dir(house.folder.path().join("cache")).unwrap().flatten() {
        let text = [file.file_name().into_encoded_bytes(), std::fs::read(file.path()).unwrap()].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains("horse") && !text.contains("staple"), "{text}");
    }
}
