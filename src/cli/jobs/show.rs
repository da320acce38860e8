//! One job as people and programs read it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::cli::arguments::Arguments;
use crate::cli::print::Printer;
use crate::engine::JobRecord;
use crate::model::format_duration;

use super::{Trouble, find};

pub(super) fn run(arguments: &Arguments, name: &str, printer: &Printer) -> Result<(), Trouble> {
    let (_, record, _) = find(arguments, name)?;
    let result = record.presented();
    if printer.json {
        let mut document = document(&record);
        if let Some(result) = result {
            document["text"] = json!(result.plain_text());
            document["isError"] = json!(result.is_error);
            document["structured"] = json!(result.structured);
            document["run"] = json!(result.run);
        }
        printer.json_data(&document);
        return Ok(());
    }
    let JobRecord { id, owner, tool, state, created, changed, log_bytes, .. } = &record;
    let took = changed.duration_since(*created).unwrap_or_default();
    let over = if state.is_over() { format!(" after {}", rounded(took)) } else { String::new() };
    printer.talk(&format!(
        "job      {id}\ntool     {tool}\nof       {owner}\nbegan    {} ago\nstate    {}{over}\nlog      {log_bytes} bytes\n",
        age(*created),
        state.as_str()
    ));
    if let Some(result) = result {
        let mut text = result.plain_text();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        printer.data(&text);
    }
    Ok(())
}

pub(super) fn line(record: &JobRecord, width: usize) -> String {
    let JobRecord { id, owner, tool, state, created, last_line, .. } = record;
    let (state, tool, age) = (state.as_str(), tool.as_str(), age(*created));
    let last: String = last_line.chars().take(60).collect();
    let line = format!("{id}  {state:9}  {tool:width$}  {owner}  {age:>8} ago  {last}");
    format!("{}\n", line.trim_end())
}

pub(super) fn document(record: &JobRecord) -> Value {
    let JobRecord { id, owner, tool, state, created, changed, last_line, log_bytes, .. } = record;
    json!({
        "id": id.as_str(),
        "tool": tool.as_str(),
        "caller": owner.as_str(),
        "state": state.as_str(),
        "createdMs": millis(*created),
        "changedMs": millis(*changed),
        "lastLine": last_line,
        "outputBytes": log_bytes,
    })
}

fn millis(moment: SystemTime) -> u64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn age(moment: SystemTime) -> String {
    rounded(moment.elapsed().unwrap_or_default())
}

fn rounded(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format_duration(Duration::from_hours(seconds / 3600)),
        _ => format!("{} days", seconds / 86_400),
    }
}
