//! `mcpfier jobs`.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::client::text;
use crate::support::server::Server;

use super::{COMMANDS, go, job, serving, wait};

/// What one run of the program says about the jobs of a server's file.
fn jobs(server: &Server, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("jobs").args(words).arg("--config").arg(server.folder.path().join("tools.yaml"));
    let output = command.output().expect("the program starts");
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
    (output.status.code().expect("it ends by itself"), stdout, stderr)
}

#[tokio::test]
async fn the_jobs_of_a_server_are_seen_at_the_shell() {
    let mut server = serving(COMMANDS).await;
    assert_eq!(jobs(&server, &[]), (0, String::new(), "there are no jobs\n".to_owned()));
    let id = job(&server.client.call(1, "behind", json!({})).await);
    let (status, listed, _) = jobs(&server, &["list", "--running"]);
    assert_eq!(status, 0);
    assert!(listed.starts_with(&format!("{id}  running    behind  local:local  ")), "{listed}");
    go(server.folder.path());
    let (status, followed, _) = jobs(&server, &["logs", "-f", &id[..8]]);
    assert_eq!((status, followed.as_str()), (0, "begun\ndone\n"));
    assert_eq!(text(&wait(&mut server.client, &id).await), "begun\ndone\n");
    let (status, shown, told) = jobs(&server, &["show", &id]);
    assert_eq!((status, shown.as_str()), (0, "begun\ndone\n"));
    assert!(told.contains("state    succeeded after 0 s\n"), "{told}");
    let (_, document, _) = jobs(&server, &["show", &id, "--json"]);
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["state"], "succeeded");
    assert_eq!((&document["caller"], &document["text"]), (&json!("local:local"), &json!("begun\ndone\n")));
    assert_eq!(document["run"]["exitCode"], 0);
    let (status, removed, _) = jobs(&server, &["prune"]);
    assert_eq!((status, removed.as_str()), (0, "forgot 1 job\n"));
    let gone = server.client.call(3, "job_wait", json!({ "job_id": id })).await;
    assert!(text(&gone).starts_with(&format!("there is no job `{id}`")), "{}", text(&gone));
}

#[tokio::test]
async fn a_job_is_cancelled_from_the_shell() {
    let mut server = serving(COMMANDS).await;
    let id = job(&server.client.call(1, "behind", json!({})).await);
    let (status, said, told) = jobs(&server, &["cancel", &id]);
    assert_eq!((status, said), (0, format!("cancelled {id}\n")), "{told}");
    let (status, _, told) = jobs(&server, &["cancel", &id]);
    assert_eq!((status, told), (1, format!("mcpfier: the job `{id}` is over: cancelled\n")));
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let server = serving(COMMANDS).await;
    let (status, _, told) = jobs(&server, &["show", "nothing"]);
    assert_eq!(status, 1);
    assert!(told.contains("there is no job `nothing`"), "{told}");
    let (status, _, told) = jobs(&server, &["dance"]);
    assert_eq!(status, 2, "{told}");
}
