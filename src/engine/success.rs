//! A successful run as a result: the text, the value, the bytes and the files that its tool promises.

use serde_json::{Map, Value};

use crate::model::{Dialect, OutputFormat, OutputRules};
use crate::plan::ExecutionPlan;
use crate::runner::Stream;

use super::present::{BinaryPart, ERROR_SHOW, Presented, TextPart, shown_text};
use super::{Outcome, Prepared};

/// Shorter outputs are read faster than a thread is found for them.
const MUCH: u64 = 64 * 1024;

impl Outcome {
    /// What [`Outcome::present`] does, beside other calls where it may take a while.
    pub async fn present_aside(self, prepared: &Prepared) -> Presented {
        let rules = &self.plan(prepared).tool.output;
        let is_read = rules.format.is_structured() || rules.template.is_some();
        if !is_read || (self.output.stdout_bytes < MUCH && rules.template.is_none()) {
            return self.present(prepared);
        }
        let prepared = prepared.clone();
        let presented = tokio::task::spawn_blocking(move || self.present(&prepared)).await;
        presented.unwrap_or_else(|_| Presented::refusal("the result could not be made".to_owned()))
    }

    pub(super) fn success(&self, plan: &ExecutionPlan, empty_text: Option<&str>, presented: &mut Presented) {
        let rules = &plan.tool.output;
        presented.files.clone_from(&self.output.files);
        let made = match empty_text.filter(|_| self.output.is_empty()) {
            Some(text) => {
                presented.text.push(TextPart::Said(text.to_owned()));
                self.structured_nothing(rules).map(|value| presented.structured = value)
            }
            None => self.made(plan, presented),
        };
        if let Err(problem) = made {
            presented.is_error = true;
            presented.text = self.shown(ERROR_SHOW.min(rules.show.as_len()), rules, None);
            let gap = if self.output.is_empty() { "" } else { "\n" };
            presented.text.push(TextPart::Said(format!("{gap}{problem}")));
            presented.broken = Some(problem);
            return;
        }
        if self.output.files_left_out > 0 {
            let more = self.output.files_left_out;
            presented.text.push(TextPart::Said(format!(
                "\n[… {more} more files were written than may be handed over (output.files) …]"
            )));
        }
    }

    /// The result of a run that printed something, or whose template says something anyway.
    fn made(&self, plan: &ExecutionPlan, presented: &mut Presented) -> Result<(), String> {
        let rules = &plan.tool.output;
        if rules.format == OutputFormat::Mcp {
            return self.present_content(rules, presented);
        }
        let wants_value = match &rules.template {
            Some(template) => rules.schema.is_some() || template.sees("result"),
            None => rules.schema.is_some() || rules.makes_text(),
        };
        if self.output.is_empty() && rules.template.is_none() && !wants_value {
            let is_original = plan.tool.dialect == Dialect::Original;
            presented.text.push(TextPart::Said(if is_original { "" } else { "(no output)" }.to_owned()));
            return Ok(());
        }
        if rules.format == OutputFormat::Binary && rules.template.is_none() {
            presented.binary = Some(self.binary(rules));
            return Ok(());
        }
        let value = match wants_value {
            true => self.value(plan)?,
            false => self.check_promise(&rules.format).map(|()| None)?,
        };
        if let (Some(schema), Some(value)) = (&rules.schema, &value) {
            schema.check(value)?;
        }
        presented.text = self.text(plan, value.as_ref())?;
        presented.mime.clone_from(&rules.mime);
        if let (Some(schema), Some(value)) = (&rules.schema, value) {
            presented.structured = Some(schema.wrapped(value));
        }
        Ok(())
    }

    /// What a model reads: what the template makes, else what was selected, else what was printed.
    fn text(&self, plan: &ExecutionPlan, value: Option<&Value>) -> Result<Vec<TextPart>, String> {
        let rules = &plan.tool.output;
        match (&rules.template, value) {
            (Some(template), value) => {
                let text = self.text_of(template, value, plan, Map::new())?;
                Ok(shown_text(text, rules))
            }
            (None, Some(Value::String(text))) if rules.makes_text() => Ok(shown_text(text.clone(), rules)),
            (None, Some(value)) if rules.makes_text() => {
                let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
                Ok(shown_text(text, rules))
            }
            _ => {
                let only = rules.format.is_structured().then_some(Stream::Stdout);
                Ok(self.shown(rules.show.as_len(), rules, only))
            }
        }
    }

    /// Where a text stands for an empty output, a schema still promises a value: a list without items, if
    /// that fits.
    fn structured_nothing(&self, rules: &OutputRules) -> Result<Option<Value>, String> {
        let is_list =
            matches!(rules.format, OutputFormat::Lines | OutputFormat::Csv(_) | OutputFormat::Regex(_));
        let nothing = Value::Array(Vec::new());
        let schema = rules.schema.as_ref().filter(|_| is_list && rules.select.is_none());
        Ok(schema.filter(|schema| schema.check(&nothing).is_ok()).map(|schema| schema.wrapped(nothing)))
    }

    fn binary(&self, rules: &OutputRules) -> BinaryPart {
        let mime = rules.mime.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
        let stdout = self.output.chunks().filter(|chunk| chunk.stream == Stream::Stdout);
        BinaryPart { mime, bytes: stdout.map(|chunk| chunk.bytes.clone()).collect() }
    }
}
