//! Verdicts for programs.

use serde_json::{Value, json};

use crate::trial::{Counts, Finished, Status};

use super::report::Results;
use super::select::Selection;

/// All tests, unrun.
pub fn list(selection: &Selection) -> Value {
    let one = |case: &super::select::Case| json!({ "command": case.tool.name.as_str(), "name": case.trial.name, "line": case.trial.line });
    selection.cases.iter().map(one).collect()
}

pub fn document(file: &str, results: &Results) -> Value {
    let Counts { passed, failed, skipped, not_run } = Counts::of(&results.finished);
    json!({
        "file": file,
        "passed": passed,
        "failed": failed,
        "skipped": skipped,
        "notRun": not_run,
        "untested": results.untested,
        "durationMs": millis(results.took),
        "tests": results.finished.iter().map(test).collect::<Vec<_>>(),
    })
}

fn test(finished: &Finished) -> Value {
    let Finished { command, name, file, line, status, duration } = finished;
    let (word, reason, problems) = match status {
        Status::Passed => ("passed", None, &[][..]),
        Status::Failed(problems) => ("failed", None, problems.as_slice()),
        Status::Skipped(reason) => ("skipped", Some(reason), &[][..]),
        Status::NotRun => ("not run", None, &[][..]),
    };
    let problems: Vec<Value> = problems
        .iter()
        .map(|problem| json!({ "message": problem.message, "detail": problem.detail }))
        .collect();
    json!({
        "command": command,
        "name": name,
        "file": file,
        "line": line,
        "status": word,
        "reason": reason,
        "durationMs": millis(*duration),
        "problems": problems,
    })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
