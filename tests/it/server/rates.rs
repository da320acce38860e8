//! Who shares a count of requests over HTTP, and who does not.

use serde_json::{Value, json};

use super::house::{COMMANDS, House, answer, call, request};
use crate::support::client::text;

/// Of `password`.
const HASH: &str = "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi";

const CALLERS: &str = r#"
    auth:
      api_keys:
        - { name: ann, key: a-key-of-ann-that-is-long, tenant: acme }
        - { name: ben, key: a-key-of-ben-that-is-long, tenant: acme }
        - { name: cat, key: a-key-of-cat-that-is-long, tenant: other }
        - { name: own, key: a-key-of-own-that-is-long, rate_limit: { requests_per_minute: 1, burst_size: 5 } }
      basic:
        users:
          - { username: dan, password_hash: HASH }
          - { username: eve, password_hash: HASH }
tenants: [{ id: acme }, { id: other }]
"#;

/// As many are let through before anybody waits.
const BURST: usize = 2;
/// None comes back while a test runs.
const RATE: &str = "requests_per_minute: 1, burst_size: 2";

fn file(rate_limit: &str) -> String {
    let more = "  - { name: other, description: Another one., script: echo, args: [other] }\n";
    let callers = CALLERS.replace("HASH", &format!("\"{HASH}\""));
    format!("{COMMANDS}{more}server:\n  http:\n    rate_limit: {rate_limit}{callers}")
}

/// Who asks for what: a list, or a call of a tool.
type Ask = (&'static str, &'static str);

/// `None` if it is done; otherwise after how many seconds it is worth another try.
async fn wait(house: &House, (who, what): Ask) -> Option<u64> {
    let message = match what {
        "list" => request(1, "tools/list", json!({})),
        tool => call(1, tool, if tool == "echo" { json!({ "what": "hi" }) } else { json!({}) }),
    };
    let sent = match who {
        "dan" | "eve" => house.plain(&message).basic_auth(who, Some("password")),
        key => house.plain(&message).header("X-API-Key", format!("a-key-of-{key}-that-is-long")),
    };
    let response = sent.send().await.expect("an answer");
    if response.status() == 429 {
        let after = response.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
        let said: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
        let expected = format!("you ask too often: 1 a minute are allowed; try again in {after} s");
        assert_eq!(said["error"], expected);
        return Some(after);
    }
    assert_eq!(response.status(), 200);
    let answered = answer(response).await;
    let result = &answered["result"];
    if result["isError"] != true {
        return None;
    }
    let said = text(result);
    let begins = format!("`{what}` is called too often: 1 a minute are allowed; try again in ");
    let after = said.strip_prefix(&begins).unwrap_or_else(|| panic!("{said}"));
    Some(after.trim_end_matches(" s").parse().expect("seconds"))
}

/// How many of ten are done.
async fn done(house: &House, ask: Ask) -> usize {
    for count in 0..10 {
        if wait(house, ask).await.is_some() {
            return count;
        }
    }
    10
}

#[tokio::test]
async fn those_of_one_count_use_it_up_for_each_other_and_for_nobody_else() {
    for (rule, first, shares, has_own, is_not_counted) in [
        (
            "per: [caller]",
            ("ann", "list"),
            &[("ann", "echo")] as &[Ask],
            &[("ben", "list"), ("dan", "list")] as &[Ask],
            &[] as &[Ask],
        ),
        ("per: [key]", ("ann", "list"), &[("ann", "echo")], &[("ben", "list")], &[("dan", "list")]),
        ("per: [user]", ("dan", "list"), &[("dan", "echo")], &[("eve", "list")], &[("ann", "list")]),
        ("per: [tenant]", ("ann", "list"), &[("ben", "list")], &[("cat", "list")], &[("dan", "list")]),
        ("per: [address]", ("ann", "list"), &[("ben", "list"), ("dan", "echo")], &[], &[]),
        (
            "per: [tool]",
            ("ann", "echo"),
            &[("ann", "echo"), ("cat", "echo"), ("dan", "echo")],
            &[("ann", "other")],
            &[("ann", "list")],
        ),
        (
            "tools: { \"ec*\": { RATE, per: all } }",
            ("ann", "echo"),
            &[("ben", "echo"), ("dan", "echo")],
            &[],
            &[("ann", "other"), ("ann", "list")],
        ),
        (
            "tools: { \"*\": { RATE, per: all } }",
            ("ann", "echo"),
            &[("ann", "other"), ("cat", "echo")],
            &[],
            &[("ann", "list")],
        ),
        (
            "tools: { \"ec*\": { RATE, per: caller } }",
            ("ann", "echo"),
            &[],
            &[("ben", "echo"), ("dan", "echo")],
            &[("ann", "other")],
        ),
    ] {
        let limit =
            if rule.starts_with("per") { format!("{RATE}, {rule}") } else { rule.replace("RATE", RATE) };
        let house = House::start(&file(&format!("{{ {limit} }}"))).await;
        assert_eq!(done(&house, first).await, BURST, "{rule}: {first:?}");
        let after = wait(&house, first).await.expect("it is used up");
        assert!((1..=60).contains(&after), "{rule}: again in {after} s");
        for ask in shares {
            assert!(wait(&house, *ask).await.is_some(), "{rule}: {ask:?} has something left");
        }
        for ask in has_own {
            assert_eq!(done(&house, *ask).await, BURST, "{rule}: {ask:?}");
        }
        for ask in is_not_counted {
            assert_eq!(done(&house, *ask).await, 10, "{rule}: {ask:?}");
        }
    }
}

#[tokio::test]
async fn a_key_with_a_rate_of_its_own_has_that_one_and_no_other() {
    for per in ["caller", "key"] {
        let house = House::start(&file(&format!("{{ {RATE}, per: [{per}] }}"))).await;
        assert_eq!(done(&house, ("own", "list")).await, 5, "{per}");
        assert_eq!(done(&house, ("ann", "list")).await, BURST, "{per}");
    }
}

#[tokio::test]
async fn a_request_that_two_rules_count_is_one_for_each_of_them() {
    // Without `auth` a caller is known by nothing but the address.
    let open =
        format!("{COMMANDS}server: {{ http: {{ rate_limit: {{ {RATE}, per: [address, caller] }} }} }}\n");
    let house = House::start(&open).await;
    assert_eq!(done(&house, ("ann", "list")).await, BURST);
    let tenants = file(&format!("{{ {RATE}, per: [tenant] }}"))
        .replace("{ id: acme }", &format!("{{ id: acme, rate_limits: {{ {RATE} }} }}"));
    let house = House::start(&tenants).await;
    assert_eq!(done(&house, ("ann", "list")).await, BURST);
    assert_eq!(done(&house, ("ben", "list")).await, 0);
}
