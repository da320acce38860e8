//! Guessing: paths, sessions, ids of requests, keys.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use mcpfier::auth;
use mcpfier::model::{ApiKey, Fingerprint, Permissions};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::house::{COMMANDS, House, answer, call, request};
use super::{TRACE, statuses, traces};
use crate::support::client::text;

const KEYS: &str = "server: { http: { auth: { api_keys: [{ name: ann, key: the-key-of-ann-000 }, { name: bob, key: the-key-of-bob-000 }] } } }";

#[tokio::test]
async fn no_path_leads_past_the_door() {
    let house = House::start(&format!("{TRACE}\n{KEYS}\n")).await;
    let body = call(1, "trace", json!({})).to_string();
    let paths = [
        "/",
        "/mcp",
        "//mcp",
        "/mcp/",
        "/./mcp",
        "/livez/../mcp",
        "/livez/..%2fmcp",
        "/%6dcp",
        "/mcp%00",
        "/mcp;x=/livez",
        "/livez",
        "/readyz",
        "/health",
        "/livez?/mcp",
        "/health/../",
        "/mcp?key=the-key-of-ann-000",
        "/mcp#x",
        "/..%2f..%2f..%2fetc/passwd",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/\\..\\..\\etc\\passwd",
        "/.well-known/../mcp",
        "/?x-api-key=the-key-of-ann-000",
        "/mcp?authorization=Bearer%20the-key-of-ann-000",
        "*",
    ];
    for path in paths {
        for method in ["POST", "GET", "DELETE", "HEAD", "PATCH", "OPTIONS", "FOO"] {
            let asked = format!(
                "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                house.address,
                body.len()
            );
            let answered = house.raw(asked.as_bytes());
            let probes = ["/livez", "/readyz", "/health"];
            let is_probe = probes.contains(&path.split('?').next().unwrap_or(path));
            let may_be_answered = is_probe && ["GET", "HEAD"].contains(&method) || method == "OPTIONS";
            let is_let_in = statuses(&answered).iter().any(|status| *status < 400);
            assert!(!is_let_in || may_be_answered, "{method} {path}: {answered}");
            assert!(
                !answered.contains("root:") && !answered.contains("trace"),
                "{method} {path}: {answered}"
            );
        }
    }
    assert_eq!(traces(&house), 0);
}

#[tokio::test]
async fn sessions_cannot_be_guessed_and_that_of_another_is_like_none() {
    let house = House::start(&format!("{COMMANDS}\n{KEYS}\n")).await;
    let open = |key: &'static str| {
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } });
        house.post(&request(0, "initialize", params)).header("X-API-Key", key).send()
    };
    let mut names = Vec::new();
    for _ in 0..50 {
        let opened = open("the-key-of-ann-000").await.unwrap();
        names.push(opened.headers()["mcp-session-id"].to_str().unwrap().to_owned());
    }
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 50, "no two are the same");
    assert!(names.iter().all(|name| name.len() >= 32), "{}", names[0]);
    // No place of a name says anything of its neighbours: every one has many values.
    for place in 0..32 {
        let seen: BTreeSet<u8> = names.iter().map(|name| name.as_bytes()[place]).collect();
        assert!(seen.len() > 12, "place {place} has only {seen:?}");
    }
    let name = names[0].clone();
    let near = [
        name.to_ascii_uppercase(),
        name[..name.len() - 1].to_owned(),
        format!("{name}A"),
        format!("{name}="),
        name.replace(name.chars().last().unwrap(), "-"),
        "..".to_owned(),
        "*".to_owned(),
        "null".to_owned(),
        "0".to_owned(),
        "x".repeat(8000),
    ];
    let ask = |method: Method, session: &str, key: &'static str| {
        let asked = house.request(method, "/mcp").header("X-API-Key", key).header("Mcp-Session-Id", session);
        asked
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .body(request(1, "tools/list", json!({})).to_string())
            .send()
    };
    let unknown = "A".repeat(name.len());
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let like_none = ask(method.clone(), &unknown, "the-key-of-bob-000").await.unwrap();
        assert_eq!(like_none.status(), 404);
        let like_none = like_none.text().await.unwrap();
        for guess in near.iter().chain([&name]) {
            let answered = ask(method.clone(), guess, "the-key-of-bob-000").await.unwrap();
            assert_eq!(answered.status(), 404, "{method} {guess}");
            assert_eq!(answered.text().await.unwrap(), like_none, "{method} {guess}");
        }
    }
    assert_eq!(
        ask(Method::POST, &name, "the-key-of-ann-000").await.unwrap().status(),
        200,
        "it is there still"
    );
}

#[tokio::test]
async fn an_id_in_use_is_refused_and_nobody_cancels_the_call_of_another() {
    let house = House::start(&format!("{COMMANDS}\n{KEYS}\n")).await;
    let as_whom = |sent: reqwest::RequestBuilder, key: &'static str, session: &str| {
        sent.header("X-API-Key", key).header("Mcp-Session-Id", session)
    };
    let opened = |key: &'static str| {
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } });
        let sent = house.post(&request(0, "initialize", params)).header("X-API-Key", key).send();
        async move { sent.await.unwrap().headers()["mcp-session-id"].to_str().unwrap().to_owned() }
    };
    let (ann, other, bob) = (
        opened("the-key-of-ann-000").await,
        opened("the-key-of-ann-000").await,
        opened("the-key-of-bob-000").await,
    );
    let slow = call(7, "slow", json!({ "seconds": 5 }));
    let (echo, ann_key) = (call(7, "echo", json!({ "what": "x" })), "the-key-of-ann-000");
    // The head of its answer is there long before its end.
    let running = as_whom(house.post(&slow), ann_key, &ann).send().await.unwrap();
    let again = as_whom(house.post(&echo), ann_key, &ann).send().await.unwrap();
    assert_eq!(again.status(), 400);
    let refused = answer(again).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("still in flight"), "{refused}");
    // In other sessions the same id is another request, and a word about it is about theirs.
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
    for (key, session) in [(ann_key, other.as_str()), ("the-key-of-bob-000", bob.as_str())] {
        assert_eq!(as_whom(house.post(&echo), key, session).send().await.unwrap().status(), 200);
        assert_eq!(as_whom(house.post(&cancel), key, session).send().await.unwrap().status(), 202);
    }
    assert_eq!(as_whom(house.post(&cancel), "the-key-of-bob-000", &ann).send().await.unwrap().status(), 404);
    house.post(&cancel).header("X-API-Key", ann_key).send().await.unwrap();
    let done = answer(running).await;
    assert_eq!(text(&done["result"]), "started\ndone\n", "somebody else ended it");
    let free = answer(as_whom(house.post(&echo), ann_key, &ann).send().await.unwrap()).await;
    assert_eq!(text(&free["result"]), "x\n", "the id is free again");
}

#[tokio::test]
async fn a_request_that_is_sent_again_without_its_key_or_after_its_session_is_refused() {
    let house = House::start(&format!("{TRACE}\n{KEYS}\n")).await;
    let key = "the-key-of-ann-000";
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } });
    let opened = house.post(&request(0, "initialize", params)).header("X-API-Key", key).send().await.unwrap();
    let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let trace = || house.post(&call(1, "trace", json!({}))).header("Mcp-Session-Id", &session);
    assert_eq!(trace().header("X-API-Key", key).send().await.unwrap().status(), 200);
    assert_eq!(trace().send().await.unwrap().status(), 401, "a session is no key");
    let ended =
        house.request(Method::DELETE, "/mcp").header("Mcp-Session-Id", &session).header("X-API-Key", key);
    assert_eq!(ended.send().await.unwrap().status(), 204);
    assert_eq!(trace().header("X-API-Key", key).send().await.unwrap().status(), 404);
    assert_eq!(traces(&house), 1);
}

/// From many addresses, so that nobody has to wait.
#[tokio::test]
async fn guessing_from_one_address_gets_slow_and_does_not_slow_down_others() {
    let house = House::start(&format!("{COMMANDS}\n{KEYS}\n")).await;
    let from = |last: u8| {
        let address = std::net::IpAddr::from([127, 0, 0, last]);
        reqwest::Client::builder().local_address(address).pool_max_idle_per_host(0).build().unwrap()
    };
    let guess = |client: &reqwest::Client, key: String| {
        let body = request(1, "tools/list", json!({})).to_string();
        client
            .post(house.url("/"))
            .header("Content-Type", "application/json")
            .header("X-API-Key", key)
            .body(body)
            .send()
    };
    let guesser = from(9);
    let guesses =
        (0..200).map(|number| tokio::spawn(guess(&guesser, format!("the-key-of-ann-{number:03}x"))));
    let guesses: Vec<_> = guesses.collect();
    let begun = Instant::now();
    let (bob, ann) = (from(10), from(9));
    for client in [&bob, &ann] {
        let let_in = guess(client, "the-key-of-bob-000".to_owned()).await.unwrap();
        assert_eq!(let_in.status(), 200, "the right key does not wait, wherever it comes from");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    let mut seen: Vec<StatusCode> = Vec::new();
    for guess in guesses {
        seen.push(guess.await.unwrap().unwrap().status());
    }
    assert!(seen.iter().all(|status| [401, 429].contains(&status.as_u16())), "{seen:?}");
    assert!(seen.contains(&StatusCode::TOO_MANY_REQUESTS));
}

/// The right one among many guesses is not told from them, so it does not matter how fast they are sent.
#[tokio::test]
async fn of_passwords_that_are_guessed_a_few_are_judged_and_whoever_is_known_comes_in() {
    // Cheap to check, so that it is not the checking which slows them down.
    let hash = bcrypt::hash("right", 4).unwrap();
    let user = |name: String| format!("{{ username: {name}, password_hash: \"{hash}\" }}");
    let users: Vec<String> = (0..10).map(|number| user(format!("ann-{number}"))).collect();
    let mut house = House::start(&format!(
        "{COMMANDS}\nserver:\n  http:\n    auth:\n      api_keys: [{{ name: ci, key: a-key-of-ci-that-is-long }}]\n      \
         basic: {{ users: [{}, {}] }}\n",
        user("bob".to_owned()),
        users.join(", ")
    ))
    .await;
    let url = house.url("/");
    let from = |last: u8| {
        let address = std::net::IpAddr::from([127, 0, 0, last]);
        reqwest::Client::builder().local_address(address).pool_max_idle_per_host(0).build().unwrap()
    };
    let list = |client: &reqwest::Client| {
        let body = request(1, "tools/list", json!({})).to_string();
        client.post(&url).header("Content-Type", "application/json").body(body)
    };
    let login = |client: &reqwest::Client, name: &str, password: &str| {
        let sent = list(client).basic_auth(name, Some(password)).send();
        async move { sent.await.unwrap().status().as_u16() }
    };
    let (guesser, other) = (from(19), from(20));
    assert_eq!(login(&guesser, "bob", "right").await, 200);
    for _ in 0..4 {
        assert_eq!(login(&guesser, "ann-0", "wrong").await, 401);
    }
    let storm = (0..200).map(|number| login(&guesser, "ann-0", &format!("guess {number}")).boxed());
    let statuses = futures_util::future::join_all(storm.collect::<Vec<_>>()).await;
    assert!(statuses.iter().all(|status| [401, 429, 503].contains(status)), "{statuses:?}");
    let judged = house.server.stderr().matches("the name or the password is wrong").count();
    assert!(judged < 40, "{judged} of 204 were judged");
    let mut is_held_back = false;
    for number in 0..10 {
        // Whoever hangs up before the answer comes has no place back sooner.
        let mut guesses = 0;
        while tokio::time::timeout(Duration::from_millis(50), login(&guesser, "ann-0", "wrong")).await
            != Ok(429)
        {
            guesses += 1;
            assert!(guesses < 200, "guesses are judged without end");
        }
        let name = format!("ann-{number}");
        is_held_back = login(&guesser, &name, "right").await == 429;
        if is_held_back {
            assert_eq!(login(&other, &name, "right").await, 200, "somebody from elsewhere is held up");
            break;
        }
    }
    assert!(is_held_back, "the right password among the guesses lets in");
    assert_eq!(login(&guesser, "bob", "right").await, 200, "what is remembered is not judged");
    let by_key = list(&guesser).header("X-API-Key", "a-key-of-ci-that-is-long").send().await.unwrap();
    assert_eq!(by_key.status(), 200, "a key lets in at once");
}

/// What a look at two thousand keys takes must not say whether and where the right one stands.
#[test]
fn how_long_a_key_is_judged_says_nothing() {
    let keys: Vec<ApiKey> = (0..2000)
        .map(|number| {
            let text = format!("a-key-of-somebody-{number:06}");
            ApiKey::new(format!("k{number}"), Fingerprint::of(&text), Permissions::All)
        })
        .collect();
    let presented = [
        "a-key-of-somebody-000000",
        "a-key-of-somebody-001999",
        "a-key-of-somebody-00199x",
        "zzzzzzzzzzzzzzzzzzzzzzzz",
    ];
    let mut best = [Duration::MAX; 4];
    // They take turns, and the best of many is what nobody disturbed.
    for _ in 0..300 {
        for (best, presented) in best.iter_mut().zip(presented) {
            let begun = Instant::now();
            drop(black_box(auth::judge(black_box(&keys), black_box(presented), 0)));
            *best = (*best).min(begun.elapsed());
        }
    }
    let (least, most) = (best.iter().min().unwrap().as_secs_f64(), best.iter().max().unwrap().as_secs_f64());
    assert!(most < least * 1.5, "the first, the last, nearly the last, none: {best:?}");
}

#[tokio::test]
async fn what_is_refused_is_refused_in_the_same_words() {
    let house = House::start(&format!("{COMMANDS}\n{KEYS}\n")).await;
    let mut said: BTreeSet<String> = BTreeSet::new();
    for key in ["the-key-of-ann-001", "the-key-of-ann-000x", "x"] {
        let sent = house.plain(&request(1, "tools/list", json!({}))).header("X-API-Key", key);
        let answered = sent.send().await.unwrap();
        assert_eq!(answered.status(), 401);
        said.insert(answered.text().await.unwrap());
    }
    assert_eq!(said.len(), 1, "{said:?}");
    let said: Value = serde_json::from_str(said.first().unwrap()).unwrap();
    assert_eq!(said, json!({ "error": "the key is not valid" }));
    serves_with_key(&house).await;
}

async fn serves_with_key(house: &House) {
    let sent =
        house.plain(&call(1, "echo", json!({ "what": "served" }))).header("X-API-Key", "the-key-of-bob-000");
    assert_eq!(text(&answer(sent.send().await.unwrap()).await["result"]), "served\n");
}
