//! A folder for each caller: made for them alone, and out of reach for others.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::house::{House, answer, call};
use crate::support::client::text;
use crate::support::program::mcpfier;

const ANN: &str = "a-key-of-ann-that-is-long";
const BEN: &str = "a-key-of-ben-that-is-long";

const COMMANDS: &str = r#"
commands:
  - name: note
    description: Notes it in the caller's own folder.
    shell: sh
    run: 'echo "$PARAM_what" >>notes; pwd; cat notes'
    working_dir: { per_caller: work }
    params: { what: { type: string, description: What to note. } }
  - name: show
    description: Shows a file of the caller's own.
    script: cat
    args: ["{{file}}"]
    working_dir: { per_caller: work }
    params: { file: { type: string, description: Which., format: path } }
  - name: list
    description: Shows a file below the folders of all.
    script: cat
    args: ["{{file}}"]
    working_dir: { per_caller: work }
    params: { file: { type: string, description: Which., format: path, within: . } }
"#;

fn with_keys() -> String {
    format!(
        "{COMMANDS}server:\n  http:\n    auth:\n      api_keys:\n        - {{ name: ann, key: {ANN} }}\n        - {{ name: ../Ben, key: {BEN} }}\n"
    )
}

async fn ask(house: &House, key: &str, tool: &str, arguments: Value) -> Value {
    let sent = house.plain(&call(1, tool, arguments)).header("X-API-Key", key);
    answer(sent.send().await.unwrap()).await["result"].clone()
}

#[tokio::test]
async fn each_caller_works_in_a_folder_of_their_own_and_reaches_no_other() {
    let house = House::start(&with_keys()).await;
    let work = house
        .server
        .folder
        .path()
        .join("work")
        .canonicalize()
        .unwrap_or_else(|_| house.server.folder.path().canonicalize().unwrap().join("work"));
    assert!(!work.exists(), "nothing is made before anybody calls");
    for (key, name) in [(ANN, "key-ann"), (BEN, "key-..%2f%42en")] {
        for count in 1..=2 {
            let noted = ask(&house, key, "note", json!({ "what": name })).await;
            let expected = format!("{}\n{}", work.join(name).display(), format!("{name}\n").repeat(count));
            assert_eq!(text(&noted), expected);
        }
        let mode = work.join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700);
    }
    assert_eq!(work.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let own = ask(&house, ANN, "show", json!({ "file": "notes" })).await;
    assert_eq!(text(&own), "key-ann\nkey-ann\n");
    std::os::unix::fs::symlink(work.join("key-..%2f%42en/notes"), work.join("key-ann/link")).unwrap();
    let others = work.join("key-..%2f%42en/notes").display().to_string();
    for file in ["../key-..%2f%42en/notes", "../../tools.yaml", "link", "/etc/passwd", &others] {
        let refused = ask(&house, ANN, "show", json!({ "file": file })).await;
        assert!(refused["isError"] == true && text(&refused).contains("leads out of"), "{file}: {refused}");
    }
    // What `within` opens is not what is another caller's.
    for file in ["../key-..%2f%42en/notes", "link", &others] {
        let refused = ask(&house, ANN, "list", json!({ "file": file })).await;
        assert!(refused["isError"] == true && text(&refused).contains("leads out of"), "{file}: {refused}");
    }
    let beside = ask(&house, ANN, "list", json!({ "file": "../../tools.yaml" })).await;
    assert!(text(&beside).contains("per_caller: work"), "{beside}");
}

#[tokio::test]
async fn a_folder_that_is_not_the_callers_alone_runs_nothing() {
    let house = House::start(&with_keys()).await;
    let work = house.server.folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::set_permissions(&work, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::symlink("/tmp", work.join("key-ann")).unwrap();
    let refused = ask(&house, ANN, "note", json!({ "what": "x" })).await;
    assert!(
        refused["isError"] == true && text(&refused).contains("is no folder of its own, but a link"),
        "{refused}"
    );
    std::fs::set_permissions(&work, std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = ask(&house, BEN, "note", json!({ "what": "x" })).await;
    assert!(text(&refused).contains("others than this server can change"), "{refused}");
}

#[tokio::test]
async fn where_nobody_is_asked_who_they_are_nobody_has_a_folder() {
    let house = House::start(COMMANDS).await;
    let refused = ask(&house, "", "note", json!({ "what": "x" })).await;
    assert!(text(&refused).contains("nobody is asked here who they are"), "{refused}");
}

#[test]
fn a_dry_run_shows_whose_folder_it_is_and_makes_none() {
    let file = format!("version: 1\n{COMMANDS}");
    let said = mcpfier(&["--dry-run", "call", "note", "what=x"]).tools(&file).run();
    assert!(said.stdout.contains("work/local-local  (this caller's own)"), "{}", said.stdout);
}
