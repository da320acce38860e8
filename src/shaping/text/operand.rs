//! The values between the braces, and the functions of them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::io::Write;

use serde_json::Value;

use crate::model::{Operand, Operator};

use super::frame::Frame;
use super::{MOST_TEXT, Writer};

impl Writer {
    /// A value that has to be there.
    pub(super) fn value<'f>(
        &mut self,
        operand: &'f Operand,
        frame: &'f Frame<'f>,
    ) -> Result<Cow<'f, Value>, String> {
        self.tested(operand, frame)?.ok_or_else(|| match operand {
            Operand::At(lookup) => format!("`{}` in the template is not there", lookup.written),
            _ => "`lookup` in the template finds nothing".to_owned(),
        })
    }

    /// A value that may be missing, for a test of it.
    pub(super) fn tested<'f>(
        &mut self,
        operand: &'f Operand,
        frame: &'f Frame<'f>,
    ) -> Result<Option<Cow<'f, Value>>, String> {
        self.spend(1)?;
        match operand {
            Operand::Literal(value) => Ok(Some(Cow::Borrowed(value))),
            Operand::At(lookup) => Ok(frame.find(lookup)),
            Operand::Of(Operator::Lookup, values) => self.lookup(values, frame),
            Operand::Of(operator, values) => self.of(*operator, values, frame).map(Cow::Owned).map(Some),
        }
    }

    pub(super) fn truth(&mut self, operand: &Operand, frame: &Frame<'_>) -> Result<bool, String> {
        Ok(self.tested(operand, frame)?.is_some_and(|value| is_true(&value)))
    }

    fn of(&mut self, operator: Operator, values: &[Operand], frame: &Frame<'_>) -> Result<Value, String> {
        let first = || values.first().ok_or("a function without a value");
        match operator {
            Operator::And | Operator::Or => {
                for value in values {
                    if self.truth(value, frame)? == (operator == Operator::Or) {
                        return Ok(Value::Bool(operator == Operator::Or));
                    }
                }
                Ok(Value::Bool(operator == Operator::And))
            }
            Operator::Not => Ok(Value::Bool(!self.truth(first()?, frame)?)),
            Operator::Len => match &*self.value(first()?, frame)? {
                Value::Array(items) => Ok(Value::from(items.len())),
                Value::Object(map) => Ok(Value::from(map.len())),
                Value::String(text) => {
                    self.spend(text.len() / 64)?;
                    Ok(Value::from(text.chars().count()))
                }
                other => Err(format!("`len` needs a text, a list or an object; found {}", kind(other))),
            },
            Operator::Json => {
                let value = self.value(first()?, frame)?;
                self.json(&value).map(Value::from)
            }
            Operator::Lookup => Err("`lookup` cannot stand here".to_owned()),
            _ => self.compared(operator, values, frame).map(Value::Bool),
        }
    }

    fn lookup<'f>(
        &mut self,
        values: &'f [Operand],
        frame: &'f Frame<'f>,
    ) -> Result<Option<Cow<'f, Value>>, String> {
        let [of, at] = values else { return Ok(None) };
        let of = self.value(of, frame)?;
        let at = self.value(at, frame)?;
        let key = match &*at {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.to_string()),
        };
        let inside = |value: &Value| match value {
            Value::Object(map) => map.get(&*key).cloned(),
            Value::Array(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)).cloned(),
            _ => None,
        };
        match of {
            Cow::Borrowed(Value::Object(map)) => Ok(map.get(&*key).map(Cow::Borrowed)),
            Cow::Borrowed(Value::Array(items)) => {
                Ok(key.parse::<usize>().ok().and_then(|index| items.get(index)).map(Cow::Borrowed))
            }
            other => Ok(inside(&other).map(Cow::Owned)),
        }
    }

    fn compared(
        &mut self,
        operator: Operator,
        values: &[Operand],
        frame: &Frame<'_>,
    ) -> Result<bool, String> {
        let [one, other] = values else { return Ok(false) };
        let (one, other) = (self.single(one, frame)?, self.single(other, frame)?);
        let order = match (&*one, &*other) {
            (Value::Number(one), Value::Number(other)) => numbers(one, other),
            (Value::String(one), Value::String(other)) => {
                self.spend(one.len().min(other.len()) / 64)?;
                Some(one.cmp(other))
            }
            (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
            (Value::Null, Value::Null) => Some(Ordering::Equal),
            _ => None,
        };
        Ok(match operator {
            Operator::Eq => order == Some(Ordering::Equal),
            Operator::Ne => order != Some(Ordering::Equal),
            Operator::Gt => order == Some(Ordering::Greater),
            Operator::Lt => order == Some(Ordering::Less),
            Operator::Gte => order.is_some_and(Ordering::is_ge),
            _ => order.is_some_and(Ordering::is_le),
        })
    }

    /// A value to be compared: what is not there is nothing.
    fn single<'f>(&mut self, operand: &'f Operand, frame: &'f Frame<'f>) -> Result<Cow<'f, Value>, String> {
        let value = self.tested(operand, frame)?.unwrap_or(Cow::Owned(Value::Null));
        match &*value {
            Value::Array(_) | Value::Object(_) => {
                Err(format!("only single values are compared; found {}", kind(&value)))
            }
            _ => Ok(value),
        }
    }

    /// As JSON, which ends where a text would be too long anyway.
    pub(super) fn json(&mut self, value: &Value) -> Result<String, String> {
        let mut bounded = Bounded(Vec::new());
        if serde_json::to_writer(&mut bounded, value).is_err() {
            return Err(format!("the template makes a text of more than {} KiB", MOST_TEXT / 1024));
        }
        self.spend(bounded.0.len() / 16)?;
        String::from_utf8(bounded.0).map_err(|error| error.to_string())
    }
}

struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_TEXT {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// As handlebars has it: nothing, `false`, zero and what is empty are false.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn numbers(one: &serde_json::Number, other: &serde_json::Number) -> Option<Ordering> {
    match (one.as_i64(), other.as_i64(), one.as_u64(), other.as_u64()) {
        (Some(one), Some(other), ..) => Some(one.cmp(&other)),
        (.., Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
