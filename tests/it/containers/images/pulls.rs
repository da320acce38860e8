//! Images of a registry that wants to know who asks.

use std::io::Write;
use std::time::Duration;

use serde_json::json;

use super::registry::{PASSWORD, Registry, USER};
use super::{Images, Shop};
use crate::support::engine::engine;

fn tools(image: &str) -> String {
    format!(
        "version: 1\ncommands:\n  - name: hi\n    description: Says hi.\n    container: \"{image}\"\n    script: /bin/echo\n    args: [hi]\n"
    )
}

/// What a helper of Docker's answers with, and a note of what it was asked.
fn helper(folder: &std::path::Path, user: &str, secret: &str) -> String {
    let asked = folder.join("asked").display().to_string();
    format!(
        "#!/bin/sh\n[ \"$1\" = get ] || exit 2\ncat > \"{asked}\"\nprintf '%s' '{}'\n",
        json!({ "ServerURL": "x", "Username": user, "Secret": secret })
    )
}

#[test]
fn a_helper_of_docker_says_who_we_are() {
    let (Some(engine), Some(registry)) = (engine(), Registry::start()) else { return };
    for (number, config) in
        [json!({ "credHelpers": { &registry.address: "test" } }), json!({ "credsStore": "test" })]
            .iter()
            .enumerate()
    {
        let (image, _) = registry.push_busybox(&engine, &format!("private/helped:{number}"));
        let tools = tools(&image);
        let mut shop = Shop::with(&engine, &[("tools.yaml", &tools)]);
        let _images = Images(&engine, vec![image.clone()]);
        let ran = shop.run(&["hi"]).ends_with(125);
        assert!(ran.stderr.contains(&format!("the image `{image}` cannot be pulled: ")), "{}", ran.stderr);
        let told = ["no basic auth credentials", "authentication required"];
        assert!(told.iter().any(|told| ran.stderr.contains(told)), "{}", ran.stderr);
        assert!(ran.stderr.contains("log in to its registry with `docker login`"), "{}", ran.stderr);

        shop.place.write("docker/config.json", &config.to_string());
        let script = helper(&shop.place.path(""), USER, PASSWORD);
        shop.program("docker-credential-test", &script);
        let ran = shop.run(&["hi"]).ends_with(0);
        assert_eq!(ran.stdout, "hi\n");
        assert!(ran.stderr.starts_with(&format!("pulling {image}")), "{}", ran.stderr);
        assert_eq!(shop.place.read("asked"), registry.address);
        assert!(!ran.stderr.contains(PASSWORD), "{}", ran.stderr);
    }
}

#[test]
fn a_login_that_is_wrong_or_a_helper_that_is_not_there_is_told() {
    let (Some(engine), Some(registry)) = (engine(), Registry::start()) else { return };
    let (image, _) = registry.push_busybox(&engine, "private/refused:1");
    let tools = tools(&image);
    let mut shop = Shop::with(&engine, &[("tools.yaml", &tools)]);
    shop.place.write("docker/config.json", r#"{"credsStore":"nowhere"}"#);
    let ran = shop.run(&["images", "pull"]).ends_with(1);
    assert!(ran.stderr.contains("cannot be pulled") && ran.stderr.contains("docker login"), "{}", ran.stderr);
    shop.place.write("docker/config.json", r#"{"credsStore":"test"}"#);
    let script = helper(&shop.place.path(""), USER, "another password");
    shop.program("docker-credential-test", &script);
    let ran = shop.run(&["images", "pull"]).ends_with(1);
    assert!(ran.stderr.contains("docker login") && !ran.stderr.contains("another"), "{}", ran.stderr);
}

#[test]
fn a_tag_that_a_registry_does_not_have_is_told() {
    let (Some(engine), Some(registry)) = (engine(), Registry::start()) else { return };
    let (image, _) = registry.push_busybox(&engine, "some/image:1");
    let missing = image.replace("image:1", "image:2");
    let (tools, login) = (tools(&missing), registry.login());
    let shop = Shop::with(&engine, &[("tools.yaml", &tools), ("docker/config.json", &login)]);
    let ran = shop.run(&["hi"]).ends_with(125);
    assert!(ran.stderr.contains("manifest unknown"), "{}", ran.stderr);
    assert!(ran.stderr.trim_end().ends_with("check its name and its tag"), "{}", ran.stderr);
}

#[test]
fn what_a_build_begins_with_is_fetched_by_the_same_login() {
    let (Some(engine), Some(registry)) = (engine(), Registry::start()) else { return };
    let (base, digest) = registry.push_busybox(&engine, "private/base:1");
    let tools = "version: 1\ncommands:\n  - name: hi\n    description: Says hi.\n    container: { build: ./tool, require_digest: true }\n    script: /bin/echo\n    args: [built]\n";
    let login = registry.login();
    let shop = Shop::with(
        &engine,
        &[
            ("tools.yaml", tools),
            ("docker/config.json", &login),
            ("tool/Dockerfile", &format!("FROM {base}\n")),
        ],
    );
    let ran = shop.run(&["hi"]).ends_with(5);
    assert!(ran.stderr.contains(&format!("`FROM {base}` names no digest")), "{}", ran.stderr);
    shop.place.write("tool/Dockerfile", &format!("FROM {base}@{digest}\n"));
    let named = format!("{}@{digest}", base.trim_end_matches(":1"));
    let _images = Images(&engine, vec![shop.tag("hi"), named]);
    assert_eq!(shop.run(&["hi"]).ends_with(0).stdout, "built\n");
}

#[tokio::test]
async fn a_client_sees_how_far_a_pull_is() {
    let Some(engine) = engine() else { return };
    let Some(registry) = Registry::start() else { return };
    // Bytes that nobody can squeeze, through a line that is slow.
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut random = std::fs::File::open("/dev/urandom").expect("it is there");
    let mut file = std::fs::File::create(folder.path().join("bytes")).expect("a file");
    std::io::copy(&mut std::io::Read::take(&mut random, 6 << 20), &mut file).expect("bytes");
    file.flush().expect("bytes");
    let archive = folder.path().join("big.tar");
    let made = std::process::Command::new("tar")
        .arg("-C")
        .arg(folder.path())
        .arg("-cf")
        .arg(&archive)
        .arg("bytes")
        .status()
        .expect("tar starts");
    assert!(made.success());
    let local = format!("mcpfier-test/random:{}", std::process::id());
    engine.docker(&["import", &archive.display().to_string(), &local]);
    let (image, _) = registry.push(&engine, &local, "some/big:1");
    engine.docker(&["rmi", &local]);
    let slow = super::slow::line(&registry.address, 2 << 20);
    let image = image.replace(&registry.address, &slow);
    let login = registry.login().replace(&registry.address, &slow);

    let tools = tools(&image);
    let shop = Shop::with(&engine, &[("tools.yaml", &tools), ("docker/config.json", &login)]);
    let _images = Images(&engine, vec![image.clone()]);
    let home = tempfile::tempdir().expect("a scratch folder");
    let command = shop.command(&[]);
    let mut server = crate::support::server::Server::run(crate::support::server::Wire::Pipes, home, command);
    server.client.initialize().await;
    let params = json!({ "name": "hi", "arguments": {}, "_meta": { "progressToken": 7 } });
    let begun = std::time::Instant::now();
    let response = server.client.ask(1, "tools/call", params).await;
    let took = begun.elapsed();
    // There is no program in it.
    assert_eq!(response["result"]["isError"], true, "{response}");
    let passed = server.client.passed();
    let told: Vec<&str> = passed.iter().filter_map(|message| message["params"]["message"].as_str()).collect();
    let shares: Vec<&&str> = told.iter().filter(|message| message.ends_with(" of 7 MB")).collect();
    assert!(shares.len() >= 2, "{told:?}");
    assert!(shares.iter().all(|share| share.starts_with(&format!("pulling {image}: "))), "{told:?}");
    let most = 6 + took.as_millis() / Duration::from_millis(250).as_millis();
    assert!(told.len() as u128 <= most, "{} in {took:?}: {told:?}", told.len());
}
