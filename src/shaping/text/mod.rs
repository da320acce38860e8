//! A template and a result → a text, bounded in its length and in the work that it takes.
//!
//! What a template means is what handlebars means by it, in its strict way: what is not there is an error,
//! unless a test asks whether it is. Values are put in as they are: nothing is escaped, and nothing in a
//! value is expanded again. A text is itself, nothing is the empty text, everything else is JSON.

mod frame;
mod operand;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::model::{Block, Operand, Passage, TextTemplate};

use frame::Frame;

/// How long a text may become.
const MOST_TEXT: usize = 256 * 1024;
/// Passages and values that are looked at for one text.
const MOST_WORK: usize = 2_000_000;

/// Makes the text. `root` is everything that the template sees, but for `result`, which may be large; what is
/// in its `params` can be named without it. The error is for whoever called.
pub fn render(
    template: &TextTemplate,
    root: &Map<String, Value>,
    result: Option<&Value>,
) -> Result<String, String> {
    let mut writer = Writer { text: String::new(), work: 0 };
    writer.passages(template.passages(), &Frame::root(root, result))?;
    Ok(writer.text)
}

struct Writer {
    text: String,
    work: usize,
}

impl Writer {
    fn passages(&mut self, passages: &[Passage], frame: &Frame<'_>) -> Result<(), String> {
        for passage in passages {
            self.spend(1)?;
            match passage {
                Passage::Text(text) => self.put(text)?,
                Passage::Put(operand) => self.put_value(operand, frame)?,
                Passage::Block(block) => self.block(block, frame)?,
            }
        }
        Ok(())
    }

    fn put_value(&mut self, operand: &Operand, frame: &Frame<'_>) -> Result<(), String> {
        match &*self.value(operand, frame)? {
            Value::Null => Ok(()),
            Value::String(text) => self.put(text),
            other => {
                let text = self.json(other)?;
                self.put(&text)
            }
        }
    }

    fn block(&mut self, block: &Block, frame: &Frame<'_>) -> Result<(), String> {
        match block {
            Block::If { test, holds, then, otherwise } => {
                let test = self.truth(test, frame)?;
                self.passages(if test == *holds { then } else { otherwise }, frame)
            }
            Block::With { of, names, body, otherwise } => {
                let value = self.tested(of, frame)?;
                match value.filter(|value| operand::is_true(value)) {
                    Some(value) => self.passages(body, &Frame::with(frame, &value, names)),
                    None => self.passages(otherwise, frame),
                }
            }
            Block::Each { over, names, body, otherwise } => {
                let value = self.tested(over, frame)?;
                match value.as_deref() {
                    Some(Value::Array(items)) if !items.is_empty() => {
                        for (index, item) in items.iter().enumerate() {
                            self.spend(1)?;
                            self.passages(body, &Frame::item(frame, item, index, items.len(), names))?;
                        }
                        Ok(())
                    }
                    Some(Value::Object(map)) if !map.is_empty() => {
                        for (index, (key, item)) in map.iter().enumerate() {
                            self.spend(1)?;
                            self.passages(body, &Frame::entry(frame, key, item, index, map.len(), names))?;
                        }
                        Ok(())
                    }
                    Some(Value::Array(_) | Value::Object(_) | Value::Null) | None => {
                        self.passages(otherwise, frame)
                    }
                    Some(other) => Err(format!(
                        "`{{{{#each}}}}` needs a list or an object; found {}",
                        operand::kind(other)
                    )),
                }
            }
        }
    }

    fn put(&mut self, text: &str) -> Result<(), String> {
        if self.text.len() + text.len() > MOST_TEXT {
            return Err(format!("the template makes a text of more than {} KiB", MOST_TEXT / 1024));
        }
        self.text.push_str(text);
        Ok(())
    }

    /// Counts what has been done.
    fn spend(&mut self, work: usize) -> Result<(), String> {
        self.work = self.work.saturating_add(work);
        if self.work > MOST_WORK {
            return Err(format!("the template looks at more than {MOST_WORK} values"));
        }
        Ok(())
    }
}
