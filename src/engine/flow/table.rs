//! The result of a flow as text: a table of its steps, what the last of them printed, what failed and how.

use crate::engine::present::seconds;
use crate::model::Tool;

use super::report::{FlowReport, FlowVerdict, StepRecord, StepVerdict};

/// More lines of a table help nobody: those of good steps in the middle are counted instead.
const MOST_LINES: usize = 60;

impl FlowReport {
    /// What somebody who calls it reads.
    pub fn result_text(&self, tool: &Tool) -> String {
        let mut text = String::new();
        let finish = match &self.verdict {
            FlowVerdict::Succeeded => None,
            FlowVerdict::Failed { .. } => self.reason(),
            FlowVerdict::TimedOut { after } => {
                let after = crate::model::format_duration(*after);
                Some(format!("`{}` timed out after {after}; what ran was killed", tool.name))
            }
            FlowVerdict::Cancelled => Some(format!("`{}` was cancelled", tool.name)),
        };
        if let Some(finish) = finish {
            text.push_str(&finish);
            text.push_str("\n\n");
        }
        table(&self.records, 0, &mut text);
        for record in self.shown() {
            text.push_str(&format!("\n{}:\n{}\n", record.id, record.tail));
        }
        text
    }

    /// The steps whose output stands below the table: of a success the last ones, else those that failed.
    fn shown(&self) -> impl Iterator<Item = &StepRecord> {
        let is_success = self.is_success();
        let all = self.records.iter().filter(|record| !record.tail.is_empty());
        all.filter(move |record| match record.verdict {
            StepVerdict::Failed => true,
            StepVerdict::Succeeded => is_success && record.is_last,
            _ => false,
        })
    }
}

fn table(records: &[StepRecord], indent: usize, text: &mut String) {
    let id = records.iter().map(|record| record.id.chars().count()).max().unwrap_or_default();
    let number = records.iter().map(|record| record.number.len()).max().unwrap_or_default();
    let mut left = MOST_LINES;
    let mut omitted = 0;
    for record in records {
        let is_plain = matches!(record.verdict, StepVerdict::Succeeded | StepVerdict::NotReached);
        if is_plain && left == 0 {
            omitted += 1;
            continue;
        }
        left = left.saturating_sub(1);
        let line = format!(
            "{:indent$}{:>number$}  {:<id$}  {:<11}  {}",
            "",
            record.number,
            record.id,
            record.verdict.word(),
            remark(record)
        );
        text.push_str(line.trim_end());
        text.push('\n');
        // What went well inside of a step is its own matter.
        if record.verdict != StepVerdict::Succeeded && !record.inner.is_empty() {
            table(&record.inner, indent + number + 2, text);
        }
    }
    if omitted > 0 {
        text.push_str(&format!("{:indent$}… and {omitted} more that succeeded or were not reached\n", ""));
    }
}

fn remark(record: &StepRecord) -> String {
    let mut remarks = Vec::new();
    // Why something failed says after which time.
    let is_timed = !matches!(record.verdict, StepVerdict::NotReached | StepVerdict::Skipped);
    if is_timed && record.reason.is_empty() {
        remarks.push(seconds(record.duration));
    }
    remarks.extend(record.items.map(|items| format!("{items} items")));
    remarks.extend((record.attempts > 1).then(|| format!("{} tries", record.attempts)));
    let first = record.reason.lines().next().unwrap_or_default();
    remarks.extend((!first.is_empty()).then(|| first.to_owned()));
    remarks.join(" · ")
}
