//! Records of calls, from outside: what there is of each way in, that nothing runs without, and that
//! what is done to them is found.

mod failing;
mod outlets;
mod reading;
mod records;
mod rotating;
mod server;
mod words;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::house::{House, PATIENCE};
use crate::support::program::{Program, mcpfier};

pub const COMMANDS: &str = r#"
commands:
  - name: greet
    description: Greets.
    script: echo
    args: [hello, "{{who}}"]
    env: { PIN: "{{pin}}" }
    params:
      who: { type: string, maxLength: 4000 }
      pin: { type: string, sensitive: true, default: "0000" }
  - name: fail
    description: Fails.
    shell: sh
    run: echo no >&2; exit 3
  - name: both
    description: Two steps.
    steps:
      - { id: first, run: echo one }
      - { id: second, command: greet, with: { who: "{{steps.first.stdout}}" } }
"#;

/// The program with these words, and a file that records.
pub fn recording(words: &[&str], audit: &str) -> Program {
    mcpfier(words).tools(&format!("version: 1\naudit: {audit}\n{COMMANDS}"))
}

/// The records of a log, each of which fits the schema.
pub fn records(log: &Path) -> Vec<Value> {
    fitting(&std::fs::read_to_string(log).unwrap_or_default())
}

/// The same of lines from anywhere.
pub fn fitting(text: &str) -> Vec<Value> {
    let schema = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/audit.schema.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    text.lines()
        .map(|line| {
            let record = serde_json::from_str(line).unwrap();
            let problems: Vec<String> = validator
                .iter_errors(&record)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(problems.is_empty(), "{}\n{record:#}", problems.join("\n"));
            record
        })
        .collect()
}

/// Those of one event.
pub fn of<'r>(records: &'r [Value], event: &str) -> Vec<&'r Value> {
    records.iter().filter(|record| record["event"] == event).collect()
}

/// The records, once there are as many of an event.
pub async fn until(house: &House, event: &str, count: usize) -> Vec<Value> {
    until_in(house.server.folder.path(), event, count).await
}

/// The same of a server in a folder.
pub async fn until_in(folder: &Path, event: &str, count: usize) -> Vec<Value> {
    let (log, begun) = (folder.join("audit.jsonl"), Instant::now());
    loop {
        let records = records(&log);
        if of(&records, event).len() >= count {
            return records;
        }
        assert!(begun.elapsed() < PATIENCE, "no {count} of {event}: {records:#?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
