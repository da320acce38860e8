//! Commands that are set off by files and by signed requests.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;

use super::house::{House, until};

const SECRET: &str = "It's a Secret to Everybody";

/// HMAC-SHA-256 by the library that TLS is made of, and not by ours.
fn hmac(message: &[u8]) -> Vec<u8> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    aws_lc_rs::hmac::sign(&key, message).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

async fn hooks() -> House {
    let file = r#"
secrets: { hook: { file: secret } }
server: { http: { auth: { api_keys: [{ name: ci, key: a-key-of-ci-that-is-long-too, permissions: [deploy, standard] }] } } }
commands:
  - name: deploy
    description: Notes the branch.
    script: sh
    args: [-c, 'printf "%s\n" "$1" >> branches', deploy, "{{branch}}"]
    params: { branch: { type: string, description: Which, pattern: "^refs/heads/[a-z-]+$" } }
    triggers:
      - { on: webhook, path: /hooks/deploy, secret: "{{secrets.hook}}", signed_by: github, max_body: 1KiB, as: ci, with: { branch: "{{body.ref}}" } }
  - name: standard
    description: Notes it.
    script: sh
    args: [-c, 'echo . >> standard']
    triggers: [{ on: webhook, path: /hooks/standard, secret: "{{secrets.hook}}", as: ci }]
  - name: foreign
    description: Not what ci may.
    script: touch
    args: [foreign]
    triggers: [{ on: webhook, path: /hooks/foreign, secret: "{{secrets.hook}}", signed_by: github, as: ci }]
"#;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), SECRET).unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{file}")).unwrap();
    House::start_in(folder, "tools.yaml", &[]).await
}

async fn send(house: &House, path: &str, body: &str, headers: &[(&str, String)]) -> u16 {
    let mut request = house.request(Method::POST, path).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.send().await.unwrap().status().as_u16()
}

fn signed(body: &str) -> Vec<(&'static str, String)> {
    vec![("X-Hub-Signature-256", format!("sha256={}", hex(&hmac(body.as_bytes()))))]
}

#[tokio::test]
async fn a_signed_request_runs_a_command_once_and_an_unsigned_one_never() {
    let mut house = hooks().await;
    let branches = house.server.folder.path().join("branches");
    let body = r#"{"ref":"refs/heads/main"}"#;
    for (headers, status) in [
        (vec![], 401),
        (vec![("X-Hub-Signature-256", "sha256=00".to_owned())], 401),
        (signed("another body"), 401),
        (signed(body), 202),
        (signed(body), 202),
    ] {
        assert_eq!(send(&house, "/hooks/deploy", body, &headers).await, status, "{headers:?}");
    }
    until("it has run", || !text(&branches).is_empty()).await;
    house.server.says("a request came again").await;
    let other = r#"{"ref":"refs/heads/other"}"#;
    assert_eq!(send(&house, "/hooks/deploy", other, &signed(other)).await, 202);
    until("the other has run", || text(&branches).contains("other")).await;
    assert_eq!(text(&branches), "refs/heads/main\nrefs/heads/other\n");
}

#[tokio::test]
async fn what_a_request_says_is_checked_like_any_argument() {
    let mut house = hooks().await;
    let long = format!("\"{}\"", "x".repeat(2000));
    for (path, body, status) in [
        ("/hooks/deploy", r#"{"ref":"refs/heads/main; touch evil"}"#, 422),
        ("/hooks/deploy", r#"{"ref":["refs/heads/main"]}"#, 422),
        ("/hooks/deploy", r#"{}"#, 422),
        ("/hooks/deploy", "no JSON", 422),
        ("/hooks/deploy", long.as_str(), 413),
        ("/hooks/foreign", "{}", 422),
        ("/hooks/none", "{}", 404),
    ] {
        assert_eq!(send(&house, path, body, &signed(body)).await, status, "{path} {body}");
    }
    let status = house.request(Method::GET, "/hooks/deploy").send().await.unwrap().status();
    assert_eq!(status, 405);
    let log = house.server.says("`foreign` is set off by `/hooks/foreign` and not run").await;
    assert!(!log.contains(SECRET), "{log}");
    assert!(!house.server.folder.path().join("branches").exists());
}

/// A house whose webhook is signed with what a program prints, which notes that it was asked.
async fn hook_of_a_program(program: &str) -> House {
    let file = r#"
secrets: { hook: { script: ./secret.sh, ttl: 0s } }
server: { http: { auth: { api_keys: [{ name: ci, key: a-key-of-ci-that-is-long-too, permissions: [deploy] }] } } }
commands:
  - name: deploy
    description: Notes it.
    script: sh
    args: [-c, 'echo . >> deployed']
    triggers: [{ on: webhook, path: /hooks/deploy, secret: "{{secrets.hook}}", signed_by: github, as: ci }]
"#;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let script = place.join("secret.sh");
    std::fs::write(&script, format!("#!/bin/sh\necho . >> '{}/asked'\n{program}\n", place.display()))
        .unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&script, executable).unwrap();
    std::fs::write(place.join("tools.yaml"), format!("version: 1\n{file}")).unwrap();
    House::start_in(folder, "tools.yaml", &[]).await
}

#[tokio::test]
async fn a_webhook_is_signed_with_what_a_program_prints_which_nobody_can_have_run_over_and_over() {
    let house = hook_of_a_program(&format!("echo \"{SECRET}\"")).await;
    let folder = house.server.folder.path();
    for number in 0..5 {
        let body = number.to_string();
        assert_eq!(send(&house, "/hooks/deploy", &body, &signed("another body")).await, 401);
        assert_eq!(send(&house, "/hooks/deploy", &body, &signed(&body)).await, 202);
    }
    until("all have run", || text(&folder.join("deployed")).lines().count() == 5).await;
    assert_eq!(text(&folder.join("asked")), ".\n");
}

#[tokio::test]
async fn a_webhook_whose_secret_no_program_prints_takes_nothing_and_asks_seldom() {
    let mut house = hook_of_a_program(&format!("echo \"{SECRET}\"; exit 3")).await;
    for _ in 0..5 {
        assert_eq!(send(&house, "/hooks/deploy", "{}", &signed("{}")).await, 503);
    }
    let log = house.server.says("`/hooks/deploy` takes nothing, for its secret has no value").await;
    assert!(log.contains("it exited with code 3") && !log.contains(SECRET), "{log}");
    assert_eq!(text(&house.server.folder.path().join("asked")), ".\n");
}

#[tokio::test]
async fn a_request_of_the_standard_is_taken_while_it_is_fresh_and_once() {
    let house = hooks().await;
    let ran = house.server.folder.path().join("standard");
    let headers = |id: &str, at: u64, body: &str| {
        let signature = BASE64_STANDARD.encode(hmac(format!("{id}.{at}.{body}").as_bytes()));
        vec![
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", format!("v1,AAAA v1,{signature}")),
        ]
    };
    let fresh = headers("one", now(), "{}");
    assert_eq!(send(&house, "/hooks/standard", "{}", &fresh).await, 202);
    assert_eq!(send(&house, "/hooks/standard", "{}", &fresh).await, 202);
    assert_eq!(send(&house, "/hooks/standard", "{}", &headers("two", now() - 400, "{}")).await, 401);
    assert_eq!(send(&house, "/hooks/standard", "[]", &headers("three", now(), "{}")).await, 401);
    assert_eq!(send(&house, "/hooks/standard", "{}", &headers("four", now(), "{}")).await, 202);
    until("two have run", || text(&ran).lines().count() == 2).await;
}

#[tokio::test]
async fn a_file_that_comes_or_changes_runs_a_command_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_path_buf();
    std::fs::create_dir_all(root.join("inbox")).unwrap();
    std::fs::write(root.join("inbox/before.csv"), "was there").unwrap();
    let file = r#"
commands:
  - name: each
    description: Notes one.
    script: sh
    args: [-c, 'basename "$1" >> each', each, "{{file}}"]
    params: { file: { type: string, description: Which } }
    triggers: [{ on: file, paths: ["inbox/**/*.csv"], debounce: 100ms, as: local, with: { file: "{{path}}" } }]
  - name: together
    description: Notes all.
    script: sh
    args: [-c, 'echo "$#" >> together', together, "{{files}}"]
    params: { files: { type: array, description: Which, items: { type: string } } }
    triggers: [{ on: file, paths: ["inbox/*.csv"], changes: [removed], debounce: 300ms, as: local, with: { files: "{{paths}}" } }]
"#;
    std::fs::write(root.join("tools.yaml"), format!("version: 1\n{file}")).unwrap();
    let _house = House::start_in(folder, "tools.yaml", &[]).await;
    let each = || {
        let text = text(&root.join("each"));
        let mut names: Vec<String> = text.lines().map(str::to_owned).collect();
        names.sort();
        names
    };
    // The server may not look yet; whoever writes again is seen then.
    let begun = std::time::Instant::now();
    while each().is_empty() {
        std::fs::write(root.join("inbox/first.csv"), format!("{:?}", begun.elapsed())).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        assert!(begun.elapsed() < super::house::PATIENCE);
    }
    assert!(each().iter().all(|name| name == "first.csv"), "{:?}", each());
    std::fs::create_dir_all(root.join("inbox/deep/er")).unwrap();
    std::fs::write(root.join("inbox/deep/er/-rf.csv"), "2").unwrap();
    std::fs::write(root.join("inbox/not.txt"), "3").unwrap();
    std::fs::write(root.join("inbox/before.csv"), "changed").unwrap();
    until("both are seen", || {
        let names = each();
        names.contains(&"-rf.csv".to_owned()) && names.contains(&"before.csv".to_owned())
    })
    .await;
    assert!(!each().contains(&"not.txt".to_owned()));
    std::fs::remove_file(root.join("inbox/before.csv")).unwrap();
    std::fs::remove_file(root.join("inbox/first.csv")).unwrap();
    until("their going is seen", || {
        text(&root.join("together")).lines().map(|line| line.parse::<usize>().unwrap()).sum::<usize>() == 2
    })
    .await;
}

#[tokio::test]
async fn an_approver_decides_about_what_nobody_calls() {
    let command = |name: &str| {
        format!(
            r#"
  - name: {name}
    description: Is decided about.
    shell: sh
    run: echo ran > {name}-ran
    confirm: {{ text: "Run {name}?", approve: {{ command: judge }} }}
    triggers: [{{ on: webhook, path: /hooks/{name}, secret: "{{{{secrets.hook}}}}", signed_by: github, as: ci }}]"#
        )
    };
    let file = format!(
        r#"
secrets: {{ hook: {{ file: secret }} }}
server: {{ http: {{ auth: {{ api_keys: [{{ name: ci, key: a-key-of-ci-that-is-long-too, permissions: [good, bad] }}] }} }} }}
commands:
  - name: judge
    description: Decides.
    shell: sh
    run: echo x > "asked-$PARAM_tool"; test "$PARAM_tool" = good
    params: {{ tool: {{ type: string, pattern: "^[a-z]+$" }} }}
    expose: false{}{}
"#,
        command("good"),
        command("bad")
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), SECRET).unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{file}")).unwrap();
    let house = House::start_in(folder, "tools.yaml", &[]).await;
    assert_eq!(send(&house, "/hooks/bad", "{}", &signed("{}")).await, 202);
    house.server.file("asked-bad").await;
    assert_eq!(send(&house, "/hooks/good", "{} ", &signed("{} ")).await, 202);
    house.server.file("good-ran").await;
    assert!(!house.server.folder.path().join("bad-ran").exists(), "what was not approved ran");
}
