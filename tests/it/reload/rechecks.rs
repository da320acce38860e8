//! What commands require is looked for again, and clients hear of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{ERAS, Era, Listener};

fn file(version: &str) -> String {
    format!(
        "version: 1
defaults: {{ detach_after: never }}
commands:
  - {{ name: always, description: Always there., script: echo }}
  - name: picky
    description: Where its program is new enough.
    run: sleep \"$PARAM_seconds\"; echo done
    params: {{ seconds: {{ type: number, description: How long, default: 0 }} }}
    requires: {{ executables: {{ ./asked: '{version}' }}, recheck: 1s }}
  - {{ name: twice, description: Runs it twice., steps: [{{ command: picky }}, {{ command: picky }}] }}
"
    )
}

/// Puts a program there that says this version.
fn install(folder: &Path, says: &str) {
    let (fresh, place) = (folder.join("asked.new"), folder.join("asked"));
    std::fs::write(&fresh, format!("#!/bin/sh\n{says}\n")).unwrap();
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(fresh, place).unwrap();
}

async fn serving(era: Era, says: &str) -> Listener {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), says);
    std::fs::write(folder.path().join("tools.yaml"), file(">=2")).unwrap();
    Listener::start(era, folder).await
}

#[tokio::test]
async fn a_client_hears_that_a_tool_is_offered_or_no_longer() {
    for era in ERAS {
        let mut client = serving(era, "echo 1.0").await;
        assert_eq!(client.tools().await, ["always"]);
        install(client.folder(), "echo 2.0");
        client.hears().await;
        assert_eq!(client.tools().await, ["always", "picky", "twice"]);
        // The same file, which says something else.
        install(client.folder(), "cat version-of-it");
        std::fs::write(client.folder().join("version-of-it"), "1.5").unwrap();
        client.hears().await;
        assert_eq!(client.tools().await, ["always"]);
        std::fs::write(client.folder().join("version-of-it"), "2.5").unwrap();
        client.hears().await;
        assert_eq!(client.tools().await, ["always", "picky", "twice"]);
        std::fs::remove_file(client.folder().join("asked")).unwrap();
        client.hears().await;
        assert_eq!(client.tools().await, ["always"]);
        let said = client.server.says("there is no executable `./asked`").await;
        assert!(said.contains("looked at the host again: 1 tool; gone: picky, twice"), "{said}");
    }
}

#[tokio::test]
async fn a_call_that_runs_ends_as_it_began() {
    let mut client = serving(Era::Handshake, "echo 2.0").await;
    client.tools().await;
    let call = serde_json::json!({ "name": "picky", "arguments": { "seconds": 4 } });
    let id = client.request("tools/call", call).await;
    install(client.folder(), "echo 1.0");
    client.hears().await;
    let answer = client.server.client.answer(id).await;
    assert_eq!(answer["result"]["content"][0]["text"], "done\n", "{answer}");
}

#[tokio::test]
async fn a_reload_asks_again() {
    let mut client = serving(Era::Handshake, "echo 1.0").await;
    assert_eq!(client.tools().await, ["always"]);
    client.save(&file(">=1"));
    client.hears().await;
    assert_eq!(client.tools().await, ["always", "picky", "twice"]);
}
