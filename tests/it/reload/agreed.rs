//! What was agreed on holds at a reload as it does at a start.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Era, Listener, edition};
use crate::support::server::{Server, Wire};

fn mcpfier(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.args(words).current_dir(folder).env("HOME", folder);
    command.env_remove("XDG_STATE_HOME").env_remove("MCPFIER_CONFIG");
    command
}

fn succeeds(folder: &Path, words: &[&str]) {
    let done = mcpfier(folder, words).stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

fn lock(folder: &Path) {
    succeeds(folder, &["--config", "tools.yaml", "lock"]);
}

#[tokio::test]
async fn a_locked_server_takes_only_what_was_agreed_on() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), edition(0)).unwrap();
    lock(folder.path());
    let mut client = Listener::start_with(Era::Handshake, folder, &["--locked"]).await;
    client.save(&edition(1));
    let said = client.server.says("differs from what").await;
    assert!(said.contains("what was served before stays") && said.contains("edition_1"), "{said}");
    assert_eq!(client.tools().await, ["hello", "edition_0"]);
    // The lock is watched as well.
    lock(client.folder());
    client.hears().await;
    assert_eq!(client.tools().await, ["hello", "edition_1"]);
}

/// A file that is only there, and is served because somebody has trusted it as it was.
#[tokio::test]
async fn a_file_that_was_trusted_is_served_as_it_was_until_it_is_trusted_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, edition(0)).unwrap();
    succeeds(folder.path(), &["trust", "--yes"]);
    let command = mcpfier(folder.path(), &["--mcp"]);
    let mut client = Listener::of(Era::Handshake, Server::run(Wire::Pipes, folder, command)).await;
    assert_eq!(client.tools().await, ["hello", "edition_0"]);
    std::fs::write(&file, edition(1)).unwrap();
    let said = client.server.says("is not what you trusted").await;
    assert!(said.contains("what was served before stays"), "{said}");
    assert_eq!(client.tools().await, ["hello", "edition_0"]);
    succeeds(client.folder(), &["trust", "--yes"]);
    client.hears().await;
    assert_eq!(client.tools().await, ["hello", "edition_1"]);
}
