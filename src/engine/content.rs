//! A result that the command has made itself (`output.format: mcp`): blocks of the protocol, checked one by
//! one before any of it leaves; or questions, after whose answers it is run again.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::model::OutputRules;
use crate::plan::{Step, Word};
use crate::shaping::content;

use super::present::{Presented, TextPart};
use super::{Outcome, Prepared, RunFacts, Sanitizer};

/// The variable in which a command finds what the client has said.
const INPUT: &str = "MCPFIER_INPUT";

const UNASKED: &str = "the command asks for input, and there is no client here that could be asked";

/// A variable may not be longer than 128 KiB on Linux.
const LONGEST: usize = 96 << 10;

/// What a command wants to know before it goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// By names: `{ "method": …, "params": … }`.
    pub questions: Map<String, Value>,
    /// What it wants to be told again.
    pub state: Value,
}

impl Wanted {
    /// What its next run finds: what was answered, and to which questions this client cannot be asked.
    pub fn answered(state: &Value, answers: &Map<String, Value>, unasked: &[String]) -> Value {
        json!({ "responses": answers, "unasked": unasked, "state": state })
    }
}

impl Outcome {
    pub(super) fn present_content(
        &self,
        rules: &OutputRules,
        presented: &mut Presented,
    ) -> Result<(), String> {
        let stdout = self.whole_stdout()?;
        let mut value = serde_json::from_slice(&stdout)
            .map_err(|error| format!("the output is not JSON, which `format: mcp` promises: {error}"))?;
        if let Some(redactor) = &self.output.redactor {
            redactor.clean_value(&mut value);
        }
        let made = content::read(value, rules.show.as_len(), &|text| Sanitizer::clean(text.as_bytes()))?;
        match made {
            content::Made::Asks { questions, state } => {
                // Whoever can ask a client does so, and shows nothing of this.
                presented.is_error = true;
                presented.text = vec![TextPart::Said(UNASKED.to_owned())];
                presented.wanted = Some(Wanted { questions, state });
            }
            content::Made::Result { blocks, structured, is_error, meta } => {
                if let (Some(schema), false) = (&rules.schema, is_error) {
                    let value = structured
                        .as_ref()
                        .ok_or("the output has no `structuredContent`, which `schema` describes")?;
                    schema.check(value)?;
                }
                let texts = blocks.iter().filter_map(|block| block.get("text")?.as_str());
                presented.text = vec![TextPart::Said(texts.collect::<Vec<_>>().join("\n"))];
                presented.structured = structured.filter(|_| !is_error);
                presented.is_error = is_error;
                presented.meta.extend(meta);
                // A command that speaks of a run means one of its own.
                presented.meta.remove(RunFacts::KEY);
                presented.content = Some(blocks);
            }
        }
        Ok(())
    }
}

impl Prepared {
    /// The same with what the client has said to its questions. The error is for whoever called.
    pub fn with_input(mut self, input: &Value) -> Result<Self, String> {
        let text = input.to_string();
        if text.len() > LONGEST {
            return Err(format!("what the client said has {} bytes; a command takes {LONGEST}", text.len()));
        }
        let variables = match &mut Arc::make_mut(&mut self.plan).step {
            Step::Process(process) => &mut process.variables,
            Step::Container(container) => &mut container.variables,
            Step::Http(_) | Step::Flow(_) => {
                return Err("only a command that runs a program can ask the client".to_owned());
            }
        };
        variables.retain(|(name, _)| name != INPUT);
        variables.push((INPUT.to_owned(), Word::Known(text)));
        Ok(self)
    }
}
