//! Which records somebody asks for.

use serde_json::Value;

use crate::model::name_matches;

/// What has to hold for a record; what is not set holds for all.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Moments as they are written in records, or beginnings of those.
    pub since: Option<String>,
    pub until: Option<String>,
    /// Patterns.
    pub caller: Option<String>,
    pub tool: Option<String>,
    pub event: Option<String>,
    pub decision: Option<String>,
    pub verdict: Option<String>,
    pub trace: Option<String>,
    /// A call and all that it ran.
    pub call: Option<String>,
    /// Only what was refused or did not succeed.
    pub failed: bool,
}

impl Question {
    pub fn takes(&self, record: &Value) -> bool {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let fits = |wanted: &Option<String>, name: &str| {
            wanted.as_deref().is_none_or(|pattern| name_matches(pattern, text(name)))
        };
        let time = text("time");
        self.since.as_deref().is_none_or(|since| time >= since)
            && self.until.as_deref().is_none_or(|until| time < until)
            && fits(&self.caller, "caller")
            && fits(&self.tool, "tool")
            && fits(&self.event, "event")
            && fits(&self.decision, "decision")
            && fits(&self.verdict, "verdict")
            && fits(&self.trace, "trace")
            && self.call.as_deref().is_none_or(|call| text("call") == call || text("parent") == call)
            && (!self.failed || has_failed(record))
    }
}

fn has_failed(record: &Value) -> bool {
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    let is_refused = text("event").is_some_and(|event| event.ends_with(".refused") || event == "log.gap");
    let is_denied = text("decision").is_some_and(|decision| decision != "allowed");
    is_refused || is_denied || text("verdict").is_some_and(|verdict| verdict != "success")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_question_takes_what_fits_all_of_it() {
        let record = json!({
            "time": "2026-11-21T10:00:00.000001Z", "event": "call.ended", "caller": "key:ci", "tool": "deploy",
            "verdict": "failure", "call": "a-1",
        });
        let some = |text: &str| Some(text.to_owned());
        let all = Question {
            since: some("2026-11-21"),
            until: some("2026-11-22"),
            caller: some("key:*"),
            tool: some("dep*"),
            call: some("a-1"),
            failed: true,
            ..Question::default()
        };
        assert!(all.takes(&record));
        assert!(!Question { until: some("2026-11-21"), ..all.clone() }.takes(&record));
        assert!(!Question { caller: some("user:*"), ..all.clone() }.takes(&record));
        assert!(!Question { decision: some("denied"), ..all.clone() }.takes(&record));
        let failed = Question { failed: true, ..Question::default() };
        assert!(!failed.takes(&json!({ "verdict": "success" })));
        assert!(failed.takes(&json!({ "event": "resource.read", "decision": "denied" })));
        assert!(!failed.takes(&json!({ "event": "resource.read", "decision": "allowed" })));
    }
}
