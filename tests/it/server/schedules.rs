//! Commands that run by the clock: as whom, what is missed, what overlaps, and which of several servers does it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::house::{House, until};
use crate::support::server::{Server, Wire};

/// Serves a file with a state of its own.
async fn serve(file: &str) -> House {
    serve_in(&place(file)).await
}

fn place(file: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{file}")).expect("a file");
    folder
}

async fn serve_in(folder: &TempDir) -> House {
    let mut command = program(folder.path());
    command.args(["--server", "--port", "0"]);
    House::of(Server::run(Wire::Pipes, tempfile::tempdir().expect("a scratch folder"), command)).await
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").env("XDG_STATE_HOME", folder.join("state"));
    command.arg("--config").arg(folder.join("tools.yaml"));
    command
}

fn said(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = program(folder).args(words).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap_or_default().lines().count()
}

#[tokio::test]
async fn a_command_runs_each_second_as_the_caller_that_its_schedule_names() {
    let folder = place(
        r#"
audit: { file: audit.jsonl }
roles: [{ name: ticker, permissions: [tick] }]
user_roles: { "service:clock": [ticker] }
commands:
  - name: tick
    description: Notes it.
    script: sh
    args: [-c, 'echo "$1" >> ticks', tick, "{{word}}"]
    params: { word: { type: string, description: What, pattern: "^[a-z]+$" } }
    schedule: { cron: "* * * * * *", as: clock, with: { word: tock } }
  - { name: denied, description: Not theirs., script: touch, args: [denied], schedule: { cron: "* * * * * *", as: clock } }
"#,
    );
    let mut house = serve_in(&folder).await;
    let ticks = folder.path().join("ticks");
    until("three seconds have passed", || lines(&ticks) >= 3).await;
    assert!(std::fs::read_to_string(&ticks).unwrap().lines().all(|line| line == "tock"));
    let log = house.server.says("`denied` is due and not run").await;
    assert!(log.contains("`tick` runs as clock for "), "{log}");
    assert!(!folder.path().join("denied").exists());
    let audit = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let records: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let began = records.iter().find(|record| record["event"] == "call.began").expect("a record");
    assert_eq!((&began["via"], &began["caller"]), (&Value::from("schedule"), &Value::from("service:clock")));
}

#[tokio::test]
async fn a_run_that_goes_on_is_not_joined_by_another_unless_the_schedule_says_so() {
    let file = |overlap: &str| {
        format!(
            r#"
commands:
  - name: long
    description: Takes its time.
    shell: sh
    run: echo began >> began; sleep 1000
    timeout: 1h
    schedule: {{ cron: "* * * * * *", as: local, overlap: {overlap} }}
"#
        )
    };
    let skipping = place(&file("skip"));
    let mut house = serve_in(&skipping).await;
    house.server.says("`long` is due and not run: the run before has not ended").await;
    assert_eq!(lines(&skipping.path().join("began")), 1);
    drop(house);
    let killing = place(&file("kill"));
    let mut house = serve_in(&killing).await;
    house.server.says("`long` is due: the run before is cancelled").await;
    until("another one runs", || lines(&killing.path().join("began")) >= 2).await;
}

#[tokio::test]
async fn what_was_missed_while_no_server_ran_is_made_up_for() {
    let folder = place(
        r#"
commands:
  - { name: once, description: One for all., script: sh, args: [-c, "echo . >> once"], schedule: { cron: "0 * * * *", as: local, missed: once } }
  - { name: all, description: One for each., script: sh, args: [-c, "echo . >> all"], schedule: { cron: "0 * * * *", as: local, missed: all, overlap: queue } }
  - { name: skip, description: None., script: sh, args: [-c, "echo . >> skip"], schedule: { cron: "0 * * * *", as: local } }
"#,
    );
    let mut house = serve_in(&folder).await;
    house.server.says("3 schedules are kept").await;
    let kept = || {
        let states = std::fs::read_dir(folder.path().join("state/mcpfier/schedules")).ok()?;
        states
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|end| end == "json"))
    };
    until("what is done is kept", || kept().is_some()).await;
    drop(house);
    // As if it had been gone for five hours and a half.
    let path = kept().unwrap();
    let mut marks: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for mark in marks.as_array_mut().unwrap() {
        let done = mark["done"].as_i64().unwrap();
        mark["done"] = Value::from(done - done.rem_euclid(3600) - 5 * 3600);
    }
    std::fs::write(&path, marks.to_string()).unwrap();
    let mut house = serve_in(&folder).await;
    until("all have run", || lines(&folder.path().join("all")) == 5).await;
    house.server.says("`once` has run for").await;
    assert_eq!(lines(&folder.path().join("once")), 1);
    assert_eq!(lines(&folder.path().join("skip")), 0);
    drop(house);
    // And what is made up for is not made up for again.
    let mut house = serve_in(&folder).await;
    house.server.says("3 schedules are kept").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(lines(&folder.path().join("all")), 5);
}

#[tokio::test]
async fn of_two_servers_of_one_file_one_keeps_the_time_and_the_other_takes_over() {
    let folder = place(
        r#"
commands:
  - { name: tick, description: Notes it., shell: sh, run: "echo $PPID >> ticks", schedule: { cron: "* * * * * *", as: local } }
"#,
    );
    let mut first = serve_in(&folder).await;
    first.server.says("1 schedules are kept").await;
    let mut second = serve_in(&folder).await;
    second.server.says("another server of this file keeps its schedules").await;
    drop(first);
    second.server.says("1 schedules are kept").await;
    let before = lines(&folder.path().join("ticks"));
    until("it goes on", || lines(&folder.path().join("ticks")) > before).await;
}

/// For which moments a server says that it runs `tick`.
fn moments(house: &mut House) -> Vec<String> {
    let log = house.server.stderr();
    let moments = log.lines().filter_map(|line| line.split("`tick` runs as local for ").nth(1));
    moments.map(|moment| moment.split(',').next().unwrap_or(moment).to_owned()).collect()
}

/// Waits until servers have said so of so many moments together.
async fn until_run<const N: usize>(mut houses: [&mut House; N], count: usize) {
    let begun = std::time::Instant::now();
    while houses.iter_mut().map(|house| moments(house).len()).sum::<usize>() < count {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "never: {count} runs");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn servers_of_one_file_that_begin_at_once_and_are_killed_run_each_time_once() {
    let folder = place(
        r#"
commands:
  - { name: tick, description: Notes it., shell: sh, run: "echo . >> ticks", schedule: { cron: "* * * * * *", as: local, missed: all, overlap: queue } }
"#,
    );
    let (mut one, mut other) = tokio::join!(serve_in(&folder), serve_in(&folder));
    until_run([&mut one, &mut other], 2).await;
    let is_one = !moments(&mut one).is_empty();
    let (mut keeper, mut waiting) = if is_one { (one, other) } else { (other, one) };
    waiting.server.says("another server of this file keeps its schedules").await;
    assert!(moments(&mut waiting).is_empty());
    keeper.server.signal(nix::sys::signal::Signal::SIGKILL);
    keeper.server.ended().await;
    until_run([&mut waiting], 3).await;
    let mut all = moments(&mut keeper);
    all.extend(moments(&mut waiting));
    let each: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!(each.len(), all.len(), "{all:?}");
    // What passed while nobody kept the time is made up for. What was noted and not begun never runs.
    let seconds = |moment: &String| moment.get(17..19).and_then(|seconds| seconds.parse::<u32>().ok());
    let seconds: Vec<u32> = all.iter().filter_map(seconds).collect();
    assert_eq!(seconds.len(), all.len(), "{all:?}");
    let gaps = seconds.windows(2).map(|pair| (pair[1] + 60 - pair[0]) % 60);
    assert!(gaps.clone().all(|gap| gap <= 2) && gaps.filter(|gap| *gap == 2).count() <= 1, "{all:?}");
}

#[tokio::test]
async fn a_saved_file_changes_what_runs() {
    let file = |cron: &str| {
        format!(
            "version: 1\ncommands:\n  - {{ name: tick, description: Notes it., script: sh, args: [-c, 'echo . >> ticks'], schedule: {{ cron: \"{cron}\", as: local }} }}\n"
        )
    };
    let folder = place("commands: [{ name: other, description: No schedule., script: date }]\n");
    let _house = serve_in(&folder).await;
    let ticks = folder.path().join("ticks");
    std::fs::write(folder.path().join("tools.yaml"), file("* * * * * *")).unwrap();
    until("it runs", || lines(&ticks) >= 2).await;
    std::fs::write(folder.path().join("tools.yaml"), file("0 0 29 2 *")).unwrap();
    let mut last = usize::MAX;
    // It stops some time.
    while last != lines(&ticks) {
        last = lines(&ticks);
        tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    }
}

#[tokio::test]
async fn a_server_on_stdio_keeps_no_time() {
    let commands = "commands:\n  - { name: tick, description: Notes it., script: touch, args: [ticked], schedule: { cron: \"* * * * * *\", as: local } }\n";
    let mut server = Server::start(commands);
    tokio::time::sleep(std::time::Duration::from_millis(2200)).await;
    assert!(!server.folder.path().join("ticked").exists());
    assert!(!server.stderr().contains("schedule"));
}

#[test]
fn schedules_are_shown_and_run_at_a_shell() {
    let folder = place(
        r#"
roles: [{ name: reporter, permissions: [report] }]
user_roles: { "service:nightly": [reporter] }
commands:
  - name: report
    description: The report.
    script: echo
    args: ["depth {{depth}}"]
    params: { depth: { type: integer, description: Levels } }
    schedule: { cron: "30 2 * * *", timezone: Europe/Paris, as: nightly, with: { depth: 2 } }
  - name: other
    description: Not theirs.
    script: echo
    args: [other]
    schedule: [{ cron: "@hourly", as: nightly, enabled: false }, { cron: "@daily", as: local }]
"#,
    );
    let (status, out, error) = said(folder.path(), &["schedule"]);
    assert_eq!((status, error.as_str()), (Some(0), ""));
    let rows: Vec<&str> = out.lines().collect();
    assert!(rows[1].starts_with("report  30 2 * * * (Europe/Paris)  nightly "), "{out}");
    assert!(rows[2].contains("nightly (who may not)") && rows[2].contains("disabled"), "{out}");
    assert!(rows[3].contains("@daily (UTC)") && rows[3].trim_end().ends_with("never"), "{out}");

    let (_, out, _) = said(
        folder.path(),
        &["schedule", "next", "report", "--count", "2", "--from", "2026-03-28T12:00:00Z"],
    );
    assert_eq!(
        out,
        "2026-03-29 03:00:00 +02:00  Europe/Paris  report\n2026-03-30 02:30:00 +02:00  Europe/Paris  report\n"
    );
    let (_, out, _) = said(folder.path(), &["schedule", "list", "--json"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(listed[0]["with"]["depth"], 2);
    assert_eq!((&listed[1]["may"], &listed[1]["next"]), (&Value::from(false), &Value::Null));

    let ran = said(folder.path(), &["schedule", "run", "report"]);
    assert_eq!((ran.0, ran.1.as_str()), (Some(0), "depth 2\n"));
    let (status, _, error) = said(folder.path(), &["schedule", "run", "other"]);
    assert_eq!(status, Some(2), "{error}");
    assert!(error.contains("`other` has 2 schedules; say which: `--number 1`"), "{error}");
    let ran = said(folder.path(), &["schedule", "run", "other", "--number", "2"]);
    assert_eq!((ran.0, ran.1.as_str()), (Some(0), "other\n"));
    let (status, _, error) = said(folder.path(), &["schedule", "run", "other", "--number", "1"]);
    assert_ne!(status, Some(0));
    assert!(error.contains("other"), "{error}");
    for (words, problem) in [
        (vec!["schedule", "run", "reprt"], "did you mean `report`?"),
        (vec!["schedule", "run", "other", "--number", "0"], "has 2 schedules"),
        (vec!["schedule", "next", "--from", "tomorrow"], "is no moment"),
        (vec!["schedule", "strange"], "strange"),
    ] {
        let (status, _, error) = said(folder.path(), &words);
        assert_ne!(status, Some(0), "{words:?}");
        assert!(error.contains(problem), "{words:?}: {error}");
    }
}

#[tokio::test]
async fn a_file_without_schedules_leaves_nothing_behind() {
    let folder = place("commands: [{ name: other, description: No schedule., script: date }]\n");
    let house = serve_in(&folder).await;
    drop(house);
    assert!(!folder.path().join("state").exists());
    let _ = serve("commands: [{ name: other, description: No schedule., script: date }]\n").await;
}
