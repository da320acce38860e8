//! What a flow results in: a table of its steps, or what its `output` makes of what they came to.

use serde_json::{Map, Value, json};

use crate::engine::present::{ERROR_SHOW, shown_text};
use crate::engine::{Outcome, Presented};
use crate::model::ByteSize;
use crate::plan::ExecutionPlan;
use crate::shaping;

use super::report::FlowReport;

impl Outcome {
    /// The result of a flow that does not end as its own action does.
    pub(in crate::engine) fn present_flow(
        &self,
        flow: &FlowReport,
        plan: &ExecutionPlan,
        presented: &mut Presented,
    ) {
        let table = || flow.result_text(&plan.tool);
        let made = match flow.is_success() {
            true => self.made_of(flow, plan, presented),
            false => Err(None),
        };
        let Err(problem) = made else { return };
        presented.is_error = true;
        let mut text = table();
        if let Some(problem) = &problem {
            text.push_str(&format!("\n{problem}\n"));
        }
        let mut rules = plan.tool.output.clone();
        rules.show = ByteSize(rules.show.0.min(ERROR_SHOW as u64));
        presented.text = shown_text(text, &rules);
        presented.broken = problem;
    }

    /// The text and the value of a flow that has succeeded. The error says what was promised and not kept.
    fn made_of(
        &self,
        flow: &FlowReport,
        plan: &ExecutionPlan,
        presented: &mut Presented,
    ) -> Result<(), Option<String>> {
        let rules = &plan.tool.output;
        let steps = Map::from_iter([("steps".to_owned(), flow.steps())]);
        let made = match &rules.template {
            Some(template) => Some(self.text_of(template, None, plan, steps.clone()).map_err(Some)?),
            None => None,
        };
        let mut value = None;
        if rules.format.is_structured() {
            let read = match &made {
                Some(text) => shaping::read(&rules.format, text.as_bytes()).map_err(Some)?,
                None => Some(Value::Object(steps)),
            };
            value = read.map(|read| shaping::shaped(rules, read)).transpose().map_err(Some)?;
        }
        let text = match (made, &value) {
            (Some(text), _) => text,
            (None, Some(value)) if rules.select.is_some() => {
                serde_json::to_string_pretty(value).map_err(|error| Some(error.to_string()))?
            }
            (None, _) => flow.result_text(&plan.tool),
        };
        if let (Some(schema), Some(value)) = (&rules.schema, value) {
            schema.check(&value).map_err(Some)?;
            presented.structured = Some(schema.wrapped(value));
        }
        presented.mime.clone_from(&rules.mime);
        presented.text = shown_text(text, rules);
        Ok(())
    }
}

impl FlowReport {
    /// All results by step, as templates see them.
    fn steps(&self) -> Value {
        let steps = self.results.iter().map(|(id, result)| (id.to_string(), result.document()));
        json!(steps.collect::<Map<String, Value>>())
    }
}
