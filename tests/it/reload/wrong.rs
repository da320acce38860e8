//! A file that is wrong: what was served stays, and the log says why, once.

use std::fs;

use super::{ERAS, Era, Listener, edition};
use crate::support::server::{Server, Wire};

const WRONG: &str = "the changed configuration cannot be used; what was served before stays:\n";

fn times(said: &str) -> usize {
    said.matches(WRONG).count()
}

#[tokio::test]
async fn a_broken_file_keeps_the_last_good_one_and_recovers() {
    for era in ERAS {
        let mut client = Listener::serving(era, &edition(0)).await;
        client.save(&edition(1).replace("description", "deskription"));
        let said = client.server.says("did you mean `description`?").await;
        assert_eq!(times(&said), 1, "{said}");
        assert!(said.contains("tools.yaml:4:5"), "{said}");
        assert_eq!(client.tools().await, ["hello", "edition_0"]);
        assert_eq!(client.says("edition_0").await, "0\n");
        // It is said again for another mistake, and not for the same content.
        client.save(&edition(1).replace("description", "deskription"));
        client.save(&edition(1).replace("script", "skript"));
        let said = client.server.says("did you mean `script`?").await;
        assert_eq!(times(&said), 2, "{said}");
        client.save(&edition(2));
        client.hears().await;
        assert_eq!(client.tools().await, ["hello", "edition_2"]);
    }
}

#[tokio::test]
async fn a_file_that_is_gone_keeps_what_was_served_until_it_is_back() {
    let mut client = Listener::serving(Era::Handshake, &edition(0)).await;
    fs::remove_file(client.folder().join("tools.yaml")).unwrap();
    let said = client.server.says("there is no such file").await;
    assert_eq!(times(&said), 1, "{said}");
    assert_eq!(client.says("hello").await, "hello\n");
    client.save(&edition(1));
    client.hears().await;
    assert_eq!(client.tools().await, ["hello", "edition_1"]);
}

#[tokio::test]
async fn a_folder_that_is_gone_keeps_what_was_served_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join("file"), edition(0)).unwrap();
    std::os::unix::fs::symlink("a/b/file", folder.path().join("tools.yaml")).unwrap();
    let mut client = Listener::start(Era::PerRequest, folder).await;
    assert_eq!(client.tools().await, ["hello", "edition_0"]);
    fs::remove_dir_all(client.folder().join("a")).unwrap();
    client.server.says(WRONG).await;
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join("file"), edition(1)).unwrap();
    client.hears().await;
    assert_eq!(client.tools().await, ["hello", "edition_1"]);
}

#[tokio::test]
async fn what_a_running_server_keeps_is_said() {
    let mut client = Listener::serving(Era::Handshake, &edition(0)).await;
    client.save(&format!("{}server: {{ name: other, instructions: New. }}\n", edition(0)));
    client.server.says("keep the `server.instructions`").await;
    let said = client.server.stderr();
    assert!(said.contains("`server.name` is `other` from the next start on"), "{said}");
}

#[tokio::test]
async fn what_came_through_a_pipe_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), edition(0)).unwrap();
    let file = folder.path().join("file").display().to_string();
    let mut command = std::process::Command::new("bash");
    command.args(["-c", r#"exec "$0" --config <(cat "$1") --mcp"#, env!("CARGO_BIN_EXE_mcpfier"), &file]);
    let server = Server::run(Wire::Pipes, folder, command);
    let mut client = Listener::of(Era::Handshake, server).await;
    client.hang_up();
    client.server.says("came through a pipe").await;
    assert_eq!(client.tools().await, ["hello", "edition_0"]);
    assert_eq!(client.server.stderr().lines().count(), 1);
}
