//! The structured value of a run: what it printed, read as its tool promises.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::{OutputFormat, TextTemplate};
use crate::plan::ExecutionPlan;
use crate::runner::Stream;
use crate::shaping;

use super::{Outcome, Sanitizer};

impl Outcome {
    /// The value that the command printed: after `format`, `select` and the types of the schema, before it is
    /// checked and wrapped. `None` if its format is text or binary. The error is for whoever called.
    pub fn value(&self, plan: &ExecutionPlan) -> Result<Option<Value>, String> {
        let rules = &self.plan(plan).tool.output;
        if !rules.format.is_structured() {
            return Ok(None);
        }
        let value = {
            let stdout = self.whole_stdout()?;
            shaping::read(&rules.format, &stdout)?
        };
        let Some(mut value) = value else { return Ok(None) };
        // What was escaped in the bytes is plain in the value.
        if let Some(redactor) = &self.output.redactor {
            redactor.clean_value(&mut value);
        }
        shaping::shaped(rules, value).map(Some)
    }

    /// Whether the command has kept its promise, where nobody wants the value.
    pub(super) fn check_promise(&self, format: &OutputFormat) -> Result<(), String> {
        match format {
            OutputFormat::Text | OutputFormat::Binary | OutputFormat::Lines => Ok(()),
            format => shaping::check(format, &self.whole_stdout()?),
        }
    }

    /// The text that a template makes of this; `more` is what it sees beside (`steps` of a flow).
    pub(super) fn text_of(
        &self,
        template: &TextTemplate,
        value: Option<&Value>,
        plan: &ExecutionPlan,
        more: Map<String, Value>,
    ) -> Result<String, String> {
        let mut root = more;
        root.insert("params".to_owned(), Value::Object(plan.output.params.clone()));
        root.insert("vars".to_owned(), Value::Object(template.vars.clone()));
        root.insert("exit_code".to_owned(), self.ending.exit_code().into());
        for (name, stream) in [("stdout", Stream::Stdout), ("stderr", Stream::Stderr)] {
            if template.sees(name) {
                let text = Sanitizer::clean(&self.output.joined(stream));
                root.insert(name.to_owned(), Value::from(text.trim_end_matches('\n')));
            }
        }
        shaping::render(template, &root, value)
    }

    pub(super) fn whole_stdout(&self) -> Result<Cow<'_, [u8]>, String> {
        if self.output.omitted > 0 {
            return Err("the output is longer than `limits.output`, so it is no whole document".to_owned());
        }
        let mut chunks = self.output.chunks().filter(|chunk| chunk.stream == Stream::Stdout);
        match (chunks.next(), chunks.next()) {
            (None, _) => Ok(Cow::Borrowed(&[])),
            (Some(only), None) => Ok(Cow::Borrowed(&only.bytes)),
            _ => Ok(Cow::Owned(self.output.joined(Stream::Stdout))),
        }
    }
}
