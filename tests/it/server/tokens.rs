//! Tokens of issuers: which let in, and what is done to get in without one. The issuer is a test's own, so
//! that it can sign anything; `oauth` has a real one.

use aws_lc_rs::hmac;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::house::{House, PATIENCE, answer, call, request};
use crate::audit::{of, until};
use crate::support::client::text;
use crate::support::issuer::{Issuer, Signer, now, written};

const FILE: &str = r#"
commands:
  - { name: read, description: Reads., script: echo, args: [read], scopes: ["mcp:read"] }
  - { name: write, description: Writes., script: echo, args: [written], scopes: ["mcp:write"] }
  - { name: both, description: Both., steps: [{ command: read }, { command: write }] }
  - { name: environment, description: Everything that a command has., shell: sh, env_inherit: all, run: "env; cat /proc/$$/cmdline; cat" }
"#;

const US: &str = "api://us";

/// The file with settings of `oauth` beside issuer and audience.
fn file(issuer: &Issuer, more: &str) -> String {
    file_of(&issuer.url, more)
}

fn file_of(url: &str, more: &str) -> String {
    format!(
        "{FILE}server:\n  http:\n    auth:\n      api_keys: [{{ name: ci, key: a-key-of-ci-that-is-long }}]\n      \
         oauth: {{ issuer: \"{url}\", audience: {US}{more} }}\n"
    )
}

fn list(house: &House, token: &str) -> RequestBuilder {
    house.plain(&request(1, "tools/list", json!({}))).bearer_auth(token)
}

async fn status(house: &House, token: &str) -> u16 {
    list(house, token).send().await.unwrap().status().as_u16()
}

fn challenge(response: &Response) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

/// Claims with some of them changed; `null` takes one away.
fn with(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

#[tokio::test]
async fn a_token_of_the_issuer_for_us_lets_in_and_no_other_does() {
    let (signer, stranger) = (Signer::new("one"), Signer::new("one"));
    let issuer = Issuer::start(&[&signer]);
    let house = House::start(&file(&issuer, "")).await;
    let good = issuer.claims(US);
    assert_eq!(status(&house, &signer.sign(&good)).await, 200);
    let key =
        house.plain(&request(1, "tools/list", json!({}))).header("X-API-Key", "a-key-of-ci-that-is-long");
    assert_eq!(key.send().await.unwrap().status(), 200, "keys still let in");

    let claims = good.to_string();
    let public = signer.public().to_string();
    let by_hmac = |header: &str, secret: &[u8]| {
        let signed = format!("{}.{}", written(header.as_bytes()), written(claims.as_bytes()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
        format!("{signed}.{}", written(tag.as_ref()))
    };
    let unsigned = |header: &str| format!("{}.{}.", written(header.as_bytes()), written(claims.as_bytes()));
    let signed = signer.sign(&good);
    let (head, signature) = signed.rsplit_once('.').unwrap();
    let changed = |changes: Value| signer.sign(&with(good.clone(), changes));
    let own_key =
        json!({ "alg": "ES256", "kid": "one", "jwk": stranger.public(), "jku": "http://127.0.0.1:1/keys" });
    let twice = claims.replacen("{", "{\"aud\":\"api://them\",", 1);
    let forged = [
        ("no algorithm", unsigned(r#"{"alg":"none"}"#)),
        ("no algorithm, written oddly", unsigned(r#"{"alg":"nOnE","kid":"one"}"#)),
        ("the public key as a shared one", by_hmac(r#"{"alg":"HS256","kid":"one"}"#, public.as_bytes())),
        ("another algorithm than the key's", signer.sign_as(r#"{"alg":"ES384","kid":"one"}"#, &claims)),
        ("a key of somebody else", stranger.sign(&good)),
        ("a key that it brings itself", stranger.sign_as(&own_key.to_string(), &claims)),
        (
            "other claims under the signature",
            format!("{}.{signature}", unsigned(r#"{"alg":"ES256","kid":"one"}"#).trim_end_matches('.')),
        ),
        ("half a signature", format!("{head}.{}", &signature[..40])),
        ("another issuer", changed(json!({ "iss": "https://evil.example.com" }))),
        ("nobody's", changed(json!({ "iss": null }))),
        ("for somebody else", changed(json!({ "aud": "api://them" }))),
        ("for nobody", changed(json!({ "aud": null }))),
        ("not yet", changed(json!({ "nbf": now() + 3600 }))),
        ("made in the future", changed(json!({ "iat": now() + 3600 }))),
        ("for ever", changed(json!({ "exp": null }))),
        ("of no one", changed(json!({ "sub": null }))),
        ("bound to a key", changed(json!({ "cnf": { "jkt": "x" } }))),
        ("two audiences in two members", signer.sign_as(r#"{"alg":"ES256","kid":"one"}"#, &twice)),
        ("a logout", signer.sign_as(r#"{"alg":"ES256","kid":"one","typ":"logout+jwt"}"#, &claims)),
        ("critical", signer.sign_as(r#"{"alg":"ES256","kid":"one","crit":["x"],"x":1}"#, &claims)),
        ("huge", signer.sign(&with(good.clone(), json!({ "pad": "x".repeat(20_000) })))),
        ("opaque", "a-token-that-says-nothing".to_owned()),
        ("a key of ours that is wrong", format!("mcpfier_{}", "x".repeat(43))),
    ];
    // Guesses cost time, each source for itself: so some of these are told to go away.
    let sent = forged.iter().map(|(_, token)| list(&house, token).send());
    for ((what, token), response) in forged.iter().zip(futures_util::future::join_all(sent).await) {
        let response = response.unwrap();
        let refused = response.status().as_u16();
        assert!([401, 429].contains(&refused), "{what}: {refused}");
        let said = response.text().await.unwrap();
        assert!(!said.contains("tools") && !said.contains(token.as_str()), "{what}: {said}");
    }
    let expired = list(&house, &changed(json!({ "exp": now() - 60 }))).send().await.unwrap();
    assert_eq!(expired.status(), 401);
    assert!(
        challenge(&expired).contains(r#"error="invalid_token", error_description="the token has expired""#)
    );
    assert_eq!(status(&house, &signer.sign(&good)).await, 200, "and the good one never waits");
}

#[tokio::test]
async fn clients_without_a_token_are_led_to_the_issuer() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let house = House::start(&file(&issuer, ", required_scopes: [\"mcp:use\"]")).await;
    let asked = house.plain(&request(1, "tools/list", json!({}))).send().await.unwrap();
    assert_eq!(asked.status(), 401);
    let document = house.url("/.well-known/oauth-protected-resource/mcp");
    let expected = format!(r#"Bearer realm="mcpfier", resource_metadata="{document}", scope="mcp:use""#);
    assert_eq!(challenge(&asked), expected);
    for path in ["", "/mcp"] {
        let path = format!("/.well-known/oauth-protected-resource{path}");
        let page = house.request(Method::GET, &path).header("Origin", "https://page.example.com");
        let found = page.send().await.unwrap();
        assert_eq!(
            (found.status().as_u16(), &found.headers()["access-control-allow-origin"]),
            (200, &"*".parse().unwrap())
        );
        let about: Value = serde_json::from_str(&found.text().await.unwrap()).unwrap();
        assert_eq!(
            about,
            json!({
                "resource": house.url("/mcp"), "authorization_servers": [issuer.url], "bearer_methods_supported": ["header"],
                "resource_name": "mcpfier", "scopes_supported": ["mcp:use", "mcp:read", "mcp:write"],
            })
        );
        let preflight = house.request(Method::OPTIONS, &path).header("Origin", "https://page.example.com");
        let preflight =
            preflight.header("Access-Control-Request-Headers", "mcp-protocol-version").send().await.unwrap();
        assert_eq!(
            (preflight.status().as_u16(), &preflight.headers()["access-control-allow-headers"]),
            (204, &"*".parse().unwrap())
        );
    }
    let stranger = house
        .request(Method::GET, "/.well-known/oauth-protected-resource")
        .header("Host", "evil.example.com");
    assert_eq!(stranger.send().await.unwrap().status(), 403);
    let elsewhere =
        house.request(Method::GET, "/.well-known/oauth-protected-resource/other").send().await.unwrap();
    assert_eq!(elsewhere.status(), 401);
    let issuers = house.request(Method::GET, "/.well-known/oauth-authorization-server").send().await.unwrap();
    assert_eq!(issuers.status(), 404, "the issuer says it itself");
    let short = list(&house, &signer.sign(&issuer.claims(US))).send().await.unwrap();
    assert_eq!(short.status(), 403);
    let expected =
        r#"Bearer realm="mcpfier", error="insufficient_scope", scope="mcp:use", resource_metadata="#;
    assert!(challenge(&short).starts_with(expected), "{}", challenge(&short));
    assert_eq!(issuer.fetched(), 1);
}

#[tokio::test]
async fn a_call_that_takes_more_says_what() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let house = House::start(&format!("audit: {{ file: audit.jsonl }}\n{}", file(&issuer, ""))).await;
    let token = signer.sign(&issuer.claims(US));
    let ask = async |tool: &str, token: &str| {
        house.plain(&call(7, tool, json!({}))).bearer_auth(token).send().await.unwrap()
    };
    assert_eq!(text(&answer(ask("read", &token).await).await["result"]), "read\n");
    for tool in ["write", "both"] {
        let refused = ask(tool, &token).await;
        assert_eq!(refused.status(), 403, "{tool}");
        let expected = r#"Bearer realm="mcpfier", error="insufficient_scope", scope="mcp:read mcp:write", resource_metadata="#;
        assert!(challenge(&refused).starts_with(expected), "{}", challenge(&refused));
        let said = answer(refused).await;
        assert_eq!(
            (said["id"].as_u64(), said["error"]["message"].as_str()),
            (Some(7), Some(format!("`{tool}` takes a token that is good for `mcp:write`").as_str()))
        );
    }
    let records = until(&house, "call.refused", 2).await;
    for (refused, tool) in of(&records, "call.refused").into_iter().zip(["write", "both"]) {
        assert_eq!((&refused["tool"], &refused["decision"]), (&json!(tool), &json!("denied")), "{refused}");
        assert_eq!(
            (&refused["via"], &refused["address"]),
            (&json!("http"), &json!("127.0.0.1")),
            "{refused}"
        );
        assert!(refused["caller"].as_str().unwrap().starts_with("token:"), "{refused}");
        let reason = format!("may not call `{tool}`: it takes a token that is good for `mcp:write`");
        assert!(refused["reason"].as_str().unwrap().ends_with(&reason), "{refused}");
        assert_eq!(refused["arguments"], json!({}), "{refused}");
    }
    assert!(of(&records, "request.refused").is_empty(), "one record of each decision: {records:#?}");
    let more = signer.sign(&with(issuer.claims(US), json!({ "scope": "mcp:read mcp:write" })));
    assert_eq!(text(&answer(ask("write", &more).await).await["result"]), "written\n");
    assert_eq!(ask("both", &more).await.status(), 200);
    let key = house.plain(&call(1, "write", json!({}))).header("X-API-Key", "a-key-of-ci-that-is-long");
    assert_eq!(
        text(&answer(key.send().await.unwrap()).await["result"]),
        "written\n",
        "a key has no scopes to show"
    );
}

#[tokio::test]
async fn new_keys_count_at_once_old_ones_no_more_and_a_storm_asks_the_issuer_seldom() {
    let (one, two) = (Signer::new("one"), Signer::new("two"));
    let issuer = Issuer::start(&[&one]);
    let house = House::start(&file(&issuer, "")).await;
    let claims = issuer.claims(US);
    assert_eq!(status(&house, &one.sign(&claims)).await, 200);
    assert_eq!(status(&house, &one.sign(&claims)).await, 200);
    assert_eq!(issuer.fetched(), 1, "keys are kept");
    issuer.has(&[&two]);
    assert_eq!(status(&house, &two.sign(&claims)).await, 200);
    assert_eq!(issuer.fetched(), 2);
    assert_eq!(status(&house, &one.sign(&claims)).await, 401, "a key that is gone lets nobody in");
    let storm: Vec<String> = (0..200)
        .map(|number| {
            one.sign_as(
                &json!({ "alg": "ES256", "kid": format!("k{number}") }).to_string(),
                &claims.to_string(),
            )
        })
        .collect();
    let sent = storm.iter().map(|token| list(&house, token).send());
    for response in futures_util::future::join_all(sent).await {
        assert!([401, 429].contains(&response.unwrap().status().as_u16()));
    }
    assert!(issuer.fetched() <= 6, "the issuer was asked {} times", issuer.fetched());
    assert_eq!(status(&house, &two.sign(&claims)).await, 200);
}

#[tokio::test]
async fn while_the_issuer_is_away_nobody_comes_in_and_nobody_is_told_that_a_token_is_wrong() {
    let (signer, away) = (Signer::new("one"), "http://127.0.0.1:1");
    let house = House::start(&file_of(away, "")).await;
    let claims: Value = json!({ "iss": away, "aud": US, "sub": "ann", "exp": now() + 300 });
    let refused = list(&house, &signer.sign(&claims)).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"5".parse().unwrap()));
    let other = with(claims, json!({ "iss": "http://127.0.0.1:2" }));
    assert_eq!(status(&house, &signer.sign(&other)).await, 401, "of an issuer that the file does not name");
}

#[tokio::test]
async fn tokens_that_say_nothing_are_asked_about_and_the_answer_counts_for_a_while() {
    let issuer = Issuer::start(&[]);
    let secret = "the-secret-of-who-asks";
    let more = format!(
        ", introspection: {{ client_id: us, client_secret: {secret} }}, claims: {{ name: username }}"
    );
    let mut house = House::start(&file(&issuer, &more)).await;
    let good =
        json!({ "active": true, "aud": US, "username": "ann", "exp": now() + 300, "scope": "mcp:read" });
    issuer.says("good-token", good.clone());
    issuer.says("of-another", with(good.clone(), json!({ "aud": "api://them" })));
    issuer.says("for-nobody", with(good.clone(), json!({ "aud": null })));
    issuer.says("bound", with(good.clone(), json!({ "token_type": "DPoP" })));
    issuer.says("old", with(good, json!({ "exp": now() - 300 })));
    for _ in 0..3 {
        assert_eq!(status(&house, "good-token").await, 200);
    }
    assert_eq!(issuer.asked(), 1);
    for wrong in ["of-another", "for-nobody", "bound", "old", "unknown", "unknown"] {
        assert_eq!(status(&house, wrong).await, 401, "{wrong}");
    }
    assert_eq!(issuer.asked(), 6, "also what is wrong is asked about once");
    let key = format!("mcpfier_{}", "x".repeat(43));
    assert_eq!(status(&house, &key).await, 401);
    assert_eq!(issuer.asked(), 6, "a key of ours is nobody else's business");
    let said = house.server.stderr();
    assert!(!said.contains(secret) && !said.contains("good-token") && !said.contains("unknown"), "{said}");
}

#[tokio::test]
async fn a_storm_of_tokens_that_say_nothing_asks_the_issuer_seldom_and_holds_up_nobody_who_is_known() {
    let issuer = Issuer::start(&[]);
    let introspection = ", introspection: { client_id: us, client_secret: the-secret-of-us, cache: 1m }";
    let house = House::start(&file(&issuer, introspection)).await;
    let good = json!({ "active": true, "aud": US, "sub": "ann", "exp": now() + 900, "scope": "mcp:read" });
    issuer.says("good", good.clone());
    for number in 0..10 {
        issuer.says(&format!("late-{number}"), good.clone());
    }
    assert_eq!(status(&house, "good").await, 200);
    let mut asked = issuer.asked();
    for most in [80, 30] {
        let storm: Vec<String> = (0..200).map(|number| format!("unknown-{most}-{number}")).collect();
        let sent = storm.iter().map(|token| status(&house, token));
        for status in futures_util::future::join_all(sent).await {
            assert!([401, 429, 503].contains(&status), "{status}");
        }
        let more = issuer.asked() - asked;
        assert!(more < most, "the issuer was asked {more} times");
        asked += more;
    }
    let other = reqwest::Client::builder().local_address(std::net::IpAddr::from([127, 0, 0, 21]));
    let other = other.build().unwrap();
    let mut is_held_back = false;
    for number in 0..10 {
        let mut guesses = 0;
        let guess = |guesses: u32| {
            let token = format!("guess-{number}-{guesses}");
            let sent = list(&house, &token).send();
            async move { sent.await.unwrap().status().as_u16() }
        };
        while tokio::time::timeout(std::time::Duration::from_millis(50), guess(guesses)).await != Ok(429) {
            guesses += 1;
            assert!(guesses < 200, "tokens are asked about without end");
        }
        let late = format!("late-{number}");
        is_held_back = status(&house, &late).await == 429;
        if is_held_back {
            let sent =
                other.post(house.url("/")).header("Content-Type", "application/json").bearer_auth(late);
            let sent = sent.body(request(1, "tools/list", json!({})).to_string()).send().await.unwrap();
            assert_eq!(sent.status(), 200, "somebody from elsewhere is held up");
            break;
        }
    }
    assert!(is_held_back, "whatever is sent, the issuer is asked");
    assert_eq!(status(&house, "good").await, 200, "what is remembered is not asked about");
    let key =
        house.plain(&request(1, "tools/list", json!({}))).header("X-API-Key", "a-key-of-ci-that-is-long");
    assert_eq!(key.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_token_is_told_to_no_command_and_no_log() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let mut house = House::start(&file(&issuer, "")).await;
    let (good, wrong) = (signer.sign(&issuer.claims(US)), Signer::new("one").sign(&issuer.claims(US)));
    let all = house.plain(&call(1, "environment", json!({}))).bearer_auth(&good).send().await.unwrap();
    let seen = all.text().await.unwrap();
    assert!(seen.contains("PATH="), "{seen}");
    let signature = |token: &str| token.rsplit_once('.').unwrap().1.to_owned();
    assert!(!seen.contains(&signature(&good)), "{seen}");
    assert_eq!(status(&house, &wrong).await, 401);
    let said = house.server.says("not signed by its issuer").await;
    assert!(!said.contains(&signature(&good)) && !said.contains(&signature(&wrong)), "{said}");
    assert!(said.contains(&format!("tokens of {}", issuer.url)), "{said}");
}

#[tokio::test]
async fn a_session_outlives_its_token_and_stays_its_owners() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let house = House::start(&file(&issuer, "")).await;
    let of = |name: &str, number: u32| {
        signer.sign(&with(issuer.claims(US), json!({ "sub": name, "jti": number })))
    };
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let opened =
        house.post(&request(0, "initialize", params)).bearer_auth(of("ann", 1)).send().await.unwrap();
    let session = opened.headers()["mcp-session-id"].clone();
    let ping = async |token: String| {
        let sent = house.post(&request(1, "ping", json!({}))).header("Mcp-Session-Id", session.clone());
        sent.bearer_auth(token).send().await.unwrap().status()
    };
    assert_eq!(ping(of("ann", 2)).await, 200);
    assert_eq!(ping(of("bob", 1)).await, 404);
}

#[tokio::test]
async fn the_issuer_of_an_original_file_lets_in_and_what_it_says_is_passed_on() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let folder = tempfile::tempdir().unwrap();
    let url = &issuer.url;
    for mode in ["simple", "enterprise"] {
        let file = format!(
            "commands: [{{ name: echo-test, script: echo, args: [hi] }}]\n\
             server:\n  http:\n    auth:\n      enabled: true\n      mode: {mode}\n      enterprise:\n        oauth21:\n          \
             enabled: true\n          issuer: {url}\n          audience: [\"https://tools.example.com/api\"]\n          \
             client_id: us\n          client_secret: a-secret-of-this-client\n          \
             authorization_endpoint: {url}/authorize\n          token_endpoint: {url}/token\n          \
             jwks_uri: {url}/keys\n          scopes: [\"mcp:read\"]\n"
        );
        let folder = tempfile::tempdir_in(folder.path()).unwrap();
        std::fs::write(folder.path().join("config.yaml"), file).unwrap();
        let house = House::start_in(folder, "config.yaml", &[]).await;
        let token = signer.sign(&issuer.claims("https://tools.example.com/api"));
        let sent = house.plain(&call(1, "echo-test", json!({}))).bearer_auth(token);
        if mode == "simple" {
            assert_eq!(sent.send().await.unwrap().status(), 401, "no issuer is trusted");
            continue;
        }
        assert_eq!(text(&answer(sent.send().await.unwrap()).await["result"]), "hi\n");
        assert_eq!(status(&house, &signer.sign(&issuer.claims(US))).await, 401);
        let read = async |path: &str| -> Value {
            let found = house.request(Method::GET, path).send().await.unwrap();
            serde_json::from_str(&found.text().await.unwrap()).unwrap()
        };
        let about = read("/.well-known/oauth-protected-resource/api").await;
        assert_eq!(
            (&about["resource"], &about["scopes_supported"]),
            (&json!("https://tools.example.com/api"), &json!(["mcp:read"]))
        );
        let issuers = read("/.well-known/oauth-authorization-server").await;
        assert_eq!(issuers["authorization_endpoint"], json!(format!("{url}/authorize")));
        assert_eq!(issuers["token_endpoint"], json!(format!("{url}/token")));
    }
}

#[tokio::test]
async fn an_issuer_that_is_taken_out_of_the_file_lets_nobody_in_any_more() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let house = House::start(&file(&issuer, "")).await;
    let token = signer.sign(&issuer.claims(US));
    assert_eq!(status(&house, &token).await, 200);
    let without =
        file(&issuer, "").lines().filter(|line| !line.contains("oauth:")).collect::<Vec<_>>().join("\n");
    std::fs::write(house.server.folder.path().join("tools.yaml"), format!("version: 1\n{without}")).unwrap();
    let begun = std::time::Instant::now();
    while status(&house, &token).await == 200 {
        assert!(begun.elapsed() < PATIENCE, "the token still lets in");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn of_two_issuers_each_has_its_own_ann() {
    let signers = [Signer::new("one"), Signer::new("two")];
    let issuers = [Issuer::start(&[&signers[0]]), Issuer::start(&[&signers[1]])];
    let commands = r#"
roles: [{ name: writer, permissions: [secret] }]
commands:
  - { name: note, description: Works in a folder of its caller., shell: sh, run: "touch there; pwd; ls", working_dir: { per_caller: work } }
  - { name: kept, description: Is kept., shell: sh, run: "echo x >>runs; wc -l <runs", working_dir: runs, cache: { ttl: 1h, scope: caller }, annotations: { read_only: true } }
  - { name: long, description: Is a job., shell: sh, run: sleep 1000, background: true, timeout: 1h }
  - { name: secret, description: For one of them., script: echo, args: [secret] }
"#;
    let said = |(issuer, key): (&Issuer, &str)| {
        format!(
            "      {key}: {{ issuer: \"{}\", audience: {US}, permissions: [note, kept, long, \"job_*\"] }}\n",
            issuer.url
        )
    };
    let auth: String = issuers.iter().zip(["oauth", "jwt"]).map(said).collect();
    let file = format!(
        "{commands}user_roles: {{ \"token<{}>:ann\": [writer] }}\nserver:\n  http:\n    quota: {{ calls_per_day: 4 }}\n    auth:\n{auth}",
        issuers[0].url
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("runs")).unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{file}")).unwrap();
    let house = House::start_in(folder, "tools.yaml", &[]).await;
    let tokens = [0, 1].map(|at| signers[at].sign(&issuers[at].claims(US)));
    let said = async |token: &str, tool: &str, arguments: Value| {
        let sent = house.plain(&call(1, tool, arguments)).bearer_auth(token);
        answer(sent.send().await.unwrap()).await
    };

    let mut folders = Vec::new();
    for token in &tokens {
        let answered = said(token, "note", json!({})).await;
        let (folder, files) = text(&answered["result"]).split_once('\n').unwrap();
        assert_eq!(files, "there\n");
        folders.push(folder.to_owned());
        // What is kept for one is not given to the other.
        let runs = said(token, "kept", json!({})).await;
        assert_eq!(text(&runs["result"]).trim(), folders.len().to_string(), "{runs}");
    }
    assert_ne!(folders[0], folders[1]);

    let begun = said(&tokens[0], "long", json!({})).await;
    assert_eq!(begun["result"]["isError"], false, "{begun}");
    let listed = async |token: &str| said(token, "job_list", json!({})).await["result"].to_string();
    let (own, other) = (listed(&tokens[0]).await, listed(&tokens[1]).await);
    assert!(own.contains("long") && !other.contains("long"), "{own} {other}");

    let secret = said(&tokens[0], "secret", json!({})).await;
    assert_eq!(text(&secret["result"]), "secret\n");
    let hidden = said(&tokens[1], "secret", json!({})).await;
    assert!(hidden["error"]["message"].as_str().unwrap().contains("no tool `secret`"), "{hidden}");
    // One of them has used up what is theirs, and the other has not.
    let late = said(&tokens[0], "kept", json!({})).await;
    assert!(text(&late["result"]).contains("are used up"), "{late}");
    let fine = said(&tokens[1], "kept", json!({})).await;
    assert_eq!(fine["result"]["isError"], false, "{fine}");
}
