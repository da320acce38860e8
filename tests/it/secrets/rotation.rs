//! A file whose content changes while the server runs.

use serde_json::json;

use crate::support::client::text;
use crate::support::server::Server;

#[tokio::test]
async fn a_rotated_file_is_seen_by_the_next_call_and_the_old_value_stays_hidden() {
    let mut server = Server::start(
        "secrets: { token: { file: token } }\ncommands:\n  - { name: show, description: d, run: 'echo $T; echo $T | rev; cat before', env: { T: \"{{secrets.token}}\" } }\n",
    );
    server.client.initialize().await;
    let folder = server.folder.path().to_path_buf();
    std::fs::write(folder.join("before"), "aaaaaaaa-aaaa\n").unwrap();
    // Of one length and within one tick of the clock: what tells them apart is the content alone.
    for (id, value) in [(1, "aaaaaaaa-aaaa"), (2, "bbbbbbbb-bbbb")] {
        std::fs::write(folder.join("token"), format!("{value}\n")).unwrap();
        let result = server.client.call(id, "show", json!({})).await;
        let reversed: String = value.chars().rev().collect();
        assert_eq!(text(&result), format!("[redacted]\n{reversed}\n[redacted]\n"));
    }
}
