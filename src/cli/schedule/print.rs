//! Schedules as a table and as JSON.

use serde_json::{Value, json};

use crate::model::{Schedule, written_moment};
use crate::serve::schedule::Id;

/// One schedule, and what is known of it.
pub struct Row {
    pub id: Id,
    pub schedule: Schedule,
    pub due: Option<i64>,
    /// The last time that a server ran it for.
    pub ran: Option<i64>,
    /// Whether whom it acts as may.
    pub may: bool,
}

impl Row {
    fn cells(&self) -> [String; 5] {
        let Schedule { cron, zone, acts_as, enabled, .. } = &self.schedule;
        let written = |moment: Option<i64>| moment.map(|moment| written_moment(moment, *zone));
        let due = match enabled {
            true => written(self.due).unwrap_or_else(|| "never".to_owned()),
            false => "disabled".to_owned(),
        };
        let acts_as = if self.may { acts_as.clone() } else { format!("{acts_as} (who may not)") };
        let ran = written(self.ran).unwrap_or_else(|| "never".to_owned());
        [self.id.tool.clone(), format!("{cron} ({zone})"), acts_as, due, ran]
    }
}

pub fn table(rows: &[Row]) -> String {
    let heads = ["TOOL", "CRON", "AS", "NEXT", "LAST"].map(str::to_owned);
    let cells: Vec<[String; 5]> = std::iter::once(heads).chain(rows.iter().map(Row::cells)).collect();
    let mut widths = [0; 5];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 5]| {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    cells.iter().map(line).collect()
}

pub fn document(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        let Schedule { cron, zone, acts_as, with, missed, overlap, enabled, .. } = &row.schedule;
        json!({
            "tool": row.id.tool,
            "number": row.id.index + 1,
            "cron": cron.as_str(),
            "timezone": zone.to_string(),
            "as": acts_as,
            "may": row.may,
            "with": with,
            "missed": missed.word(),
            "overlap": overlap.word(),
            "enabled": enabled,
            "next": row.due,
            "last": row.ran,
        })
    };
    Value::Array(rows.iter().map(row).collect())
}
