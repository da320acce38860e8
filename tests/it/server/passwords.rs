//! Names and passwords over HTTP, and the verbs that make and change keys.

use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::house::{COMMANDS, House, PATIENCE, answer, request};
use crate::support::place::Place;

/// Of `password`, as PHP makes them.
const BCRYPT: &str = "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi";

/// What stands in a file for a password.
pub fn made(password: &str) -> String {
    let place = Place::with(&[]);
    place.write("password", password);
    let mut command = place.command("", &["key", "hash-password"]);
    command.stdin(std::fs::File::open(place.path("password")).unwrap());
    place.finish(command).ends_with(0).stdout.trim().to_owned()
}

fn list(house: &House) -> RequestBuilder {
    house.plain(&request(1, "tools/list", json!({})))
}

fn names(listed: &Value) -> Vec<&str> {
    listed["result"]["tools"].as_array().unwrap().iter().filter_map(|tool| tool["name"].as_str()).collect()
}

#[tokio::test]
async fn people_come_in_by_name_and_password_and_see_what_is_theirs() {
    let hash = made("s3cret: ü\n");
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    let house = House::start(&format!(
        "{COMMANDS}\nserver:\n  http:\n    auth:\n      basic:\n        users:\n          - {{ username: ann, password_hash: \"{hash}\", permissions: [\"ec*\"] }}\n"
    ))
    .await;
    let listed = list(&house).basic_auth("ann", Some("s3cret: ü")).send().await.unwrap();
    assert_eq!(names(&answer(listed).await), ["echo"]);
    let begun = Instant::now();
    for _ in 0..20 {
        let listed = list(&house).basic_auth("ann", Some("s3cret: ü")).send().await.unwrap();
        assert_eq!(listed.status(), 200);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "a call costs what a login does: {:?}",
        begun.elapsed()
    );
    for (name, password) in [("ann", "wrong"), ("ben", "s3cret: ü"), ("ann", ""), ("", "")] {
        let refused = list(&house).basic_auth(name, Some(password)).send().await.unwrap();
        assert_eq!(refused.status(), 401, "{name}");
        let challenges: Vec<_> = refused.headers().get_all("www-authenticate").iter().collect();
        assert!(challenges.iter().any(|it| it.to_str().unwrap().starts_with("Basic ")), "{challenges:?}");
    }
    let mut house = house;
    let said = house.server.says("the name or the password is wrong").await;
    assert!(!said.contains("s3cret") && !said.contains("wrong\""), "{said}");
}

#[tokio::test]
async fn the_users_of_an_original_file_come_in_by_bcrypt() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!(
        "commands: [{{ name: echo-test, script: echo, args: [hi] }}, {{ name: other, script: echo }}]\n\
         server: {{ http: {{ auth: {{ enabled: true, mode: simple, simple: {{ basic_auth: {{ enabled: true, users: [\n\
         {{ username: admin, password_hash: \"{BCRYPT}\", permissions: [\"echo-*\"] }}] }} }} }} }} }}\n"
    );
    std::fs::write(folder.path().join("config.yaml"), file).unwrap();
    let house = House::start_in(folder, "config.yaml", &[]).await;
    assert_eq!(list(&house).send().await.unwrap().status(), 401);
    let listed = list(&house).basic_auth("admin", Some("password")).send().await.unwrap();
    assert_eq!(names(&answer(listed).await), ["echo-test"]);
}

#[tokio::test]
async fn wrong_passwords_hold_up_nobody_who_is_in() {
    let hash = made("right");
    let house = House::start(&format!(
        "{COMMANDS}\nserver:\n  http:\n    auth:\n      api_keys: [{{ name: ci, key: a-key-of-ci-that-is-long }}]\n      basic: {{ users: [{{ username: ann, password_hash: \"{hash}\" }}] }}\n"
    ))
    .await;
    assert_eq!(list(&house).basic_auth("ann", Some("right")).send().await.unwrap().status(), 200);
    let storm: Vec<_> = (0..40)
        .map(|number| tokio::spawn(list(&house).basic_auth("ann", Some(format!("guess {number}"))).send()))
        .collect();
    let begun = Instant::now();
    for _ in 0..10 {
        assert_eq!(list(&house).basic_auth("ann", Some("right")).send().await.unwrap().status(), 200);
        let by_key = list(&house).header("X-API-Key", "a-key-of-ci-that-is-long");
        assert_eq!(by_key.send().await.unwrap().status(), 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let mut statuses = Vec::new();
    for task in storm {
        statuses.push(task.await.unwrap().unwrap().status().as_u16());
    }
    assert!(statuses.iter().all(|status| [401, 429, 503].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn a_key_is_rotated_and_revoked_while_the_server_runs() {
    let first = "the-first-key-of-ci-that-is-long";
    let house = House::start(&format!(
        "{COMMANDS}\nserver:\n  http:\n    auth:\n      api_keys:\n        # who builds\n        - {{ name: ci, key: {first} }} # ours\n        - {{ name: ann, key: the-key-of-ann-that-is-long }}\n"
    ))
    .await;
    let path = house.server.folder.path().join("tools.yaml");
    let config = path.to_str().unwrap();
    let place = Place::with(&[]);
    let status =
        async |key: &str| list(&house).header("X-API-Key", key).send().await.unwrap().status().as_u16();
    let until = async |key: &str, expected: u16| {
        let begun = Instant::now();
        while status(key).await != expected {
            assert!(begun.elapsed() < PATIENCE, "{expected} never came");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let rotated =
        place.run(&["--config", config, "key", "rotate", "ci", "--keep-until", "2999-01-01"]).ends_with(0);
    let second = rotated.stdout.trim();
    until(second, 200).await;
    assert_eq!(status(first).await, 200, "the key before is kept for a while");
    let rotated = place.run(&["--config", config, "key", "rotate", "ci"]).ends_with(0);
    let third = rotated.stdout.trim();
    until(second, 401).await;
    assert_eq!((status(first).await, status(third).await), (401, 200));
    let listed = place.run(&["--config", config, "key", "list"]).ends_with(0).stdout;
    assert!(listed.contains("key:ci   sha256:") && listed.contains("key:ann  sha256:"), "{listed}");
    place.run(&["--config", config, "key", "revoke", "ci"]).ends_with(0);
    until(third, 401).await;
    assert_eq!(status("the-key-of-ann-that-is-long").await, 200);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("# who builds") && !text.contains("ci,"), "{text}");
    let unknown = place.run(&["--config", config, "key", "revoke", "ci"]).ends_with(1);
    assert!(unknown.stderr.contains("no key of the name `ci` is written in this file"), "{}", unknown.stderr);
    place.run(&["--config", config, "key", "rotate", "ann", "--keep-until", "soon"]).ends_with(2);
}
