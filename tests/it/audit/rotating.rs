//! A log in several files that a server has written, what is done to them, and where that is found.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::COMMANDS;
use crate::server::house::{House, answer, call};

/// The files of the log in a folder, the current one last.
fn files(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_aside = |file: &PathBuf| file.file_name().unwrap().to_string_lossy().starts_with("audit.jsonl.0");
    let mut files: Vec<PathBuf> = all.filter(is_aside).collect();
    files.sort();
    files.push(folder.join("audit.jsonl"));
    files
}

fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
}

/// The number of a record.
fn number(line: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap()
}

fn verified(folder: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.args(["audit", "verify", "audit.jsonl", "--key", "audit.key"]).current_dir(folder);
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// Does something to lines of a copy, and gives what the program says of that.
fn after(log: &Path, file: usize, change: impl FnOnce(&mut Vec<String>)) -> String {
    let copy = tempfile::tempdir().unwrap();
    for name in std::fs::read_dir(log).unwrap().map(|entry| entry.unwrap().file_name()) {
        if name.to_string_lossy().starts_with("audit.") {
            std::fs::copy(log.join(&name), copy.path().join(&name)).unwrap();
        }
    }
    let file = &files(copy.path())[file];
    let mut kept = lines(file);
    change(&mut kept);
    match kept.is_empty() {
        true => std::fs::remove_file(file).unwrap(),
        false => std::fs::write(file, kept.join("\n") + "\n").unwrap(),
    }
    let (code, said) = verified(copy.path());
    assert_eq!(code, Some(1), "{said}");
    said
}

#[tokio::test]
async fn what_is_done_to_the_files_of_a_server_is_found_where_it_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("audit.key");
    let made = Command::new(env!("CARGO_BIN_EXE_mcpfier")).args(["audit", "key"]).arg(&key).status();
    assert!(made.unwrap().success());
    let audit =
        "{ file: audit.jsonl, rotate: { size: 16KiB, keep: 50 }, checkpoint: { every: 7, key: audit.key } }";
    let file = format!("version: 1\naudit: {audit}\n{COMMANDS}");
    std::fs::write(folder.path().join("tools.yaml"), file).unwrap();
    let mut house = House::start_in(folder, "tools.yaml", &[]).await;
    for _ in 0..60 {
        let message = call(1, "greet", json!({ "who": "x".repeat(500) }));
        answer(house.plain(&message).send().await.unwrap()).await;
    }
    house.server.signal(nix::sys::signal::Signal::SIGTERM);
    house.server.ended().await;
    let log = house.server.folder.path();
    let files = files(log);
    let (code, said) = verified(log);
    assert!(code == Some(0) && said.contains(": as they were written"), "{said}");
    assert!(files.len() >= 4, "{files:?}");
    let name = |file: usize| files[file].file_name().unwrap().to_string_lossy().into_owned();
    let of = |file: usize| lines(&files[file]).iter().map(|line| number(line)).collect::<Vec<_>>();
    let (middle, next, current) = (of(1), of(2), of(files.len() - 1));

    let said = after(log, 1, |lines| drop(lines.remove(3)));
    let place = format!("missing    {}:4: record {} is missing before this line\n", name(1), middle[3]);
    assert!(said.starts_with(&place), "{said}");

    let said = after(log, 1, |lines| lines.swap(3, 4));
    let place = format!("moved      {}:5: record {} stands in another place\n", name(1), middle[3]);
    assert!(said.starts_with(&place), "{said}");

    let said = after(log, files.len() - 1, |lines| lines.truncate(1));
    let (from, to) = (current[1], current.last().unwrap());
    assert!(
        current.len() > 2
            && said.starts_with(&format!("missing    records {from} to {to} are missing at the end\n")),
        "{said}"
    );

    let said = after(log, 1, Vec::clear);
    let (from, to) = (middle[0], middle.last().unwrap());
    let place = format!("missing    {}:1: records {from} to {to} are missing before this line\n", name(2));
    assert!(said.starts_with(&place), "{said}");

    let said = after(log, 0, Vec::clear);
    let place =
        format!("missing    {}:1: records 1 to {} are missing at the beginning\n", name(1), middle[0] - 1);
    assert!(said.starts_with(&place), "{said}");

    let said = after(log, files.len() - 1, Vec::clear);
    let place =
        format!("missing    records {} to {} are missing at the end\n", current[0], current.last().unwrap());
    assert!(said.starts_with(&place), "{said}");

    let began = lines(&files[2]).iter().position(|line| line.contains("xxx")).unwrap();
    let said = after(log, 2, |lines| lines[began] = lines[began].replacen("xxx", "yyy", 1));
    let place = format!(
        "changed    {}:{}: record {} was changed: its digest is that of something else\n",
        name(2),
        began + 1,
        next[began]
    );
    assert!(said.starts_with(&place), "{said}");
}
