//! How long, how deep and how laborious an expression may be.

use cel::common::ast::{EntryExpr, Expr, LiteralValue};
use cel::parser::Expression;
use serde_json::Value;

use super::BadCondition;
use super::judge::ConditionError;

/// Bytes of a text.
pub const LENGTH: usize = 1024;
/// Brackets within brackets. The reader and the interpreter go down a level of the stack for each.
pub const DEPTH: usize = 24;
/// Loops within loops.
pub const LOOPS: usize = 2;
/// What may be looked at in one judgement.
const STEPS: u64 = 100_000;

/// Before it is read: whoever reads it does so by recursion.
pub fn of_text(text: &str) -> Result<(), BadCondition> {
    if text.len() > LENGTH {
        return Err(BadCondition::TooLong { length: text.len() });
    }
    let mut depth = 0_usize;
    let mut deepest = 0;
    let mut runs = Run::default();
    for character in text.chars() {
        match character {
            // What stands in quotes counts too: nobody needs that many there.
            '(' | '[' | '{' | '?' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth).max(runs.longest_with(character));
    }
    if deepest > DEPTH { Err(BadCondition::TooDeep { depth: deepest }) } else { Ok(()) }
}

/// `!!!!x` and `----x` go down a level for each sign as well.
#[derive(Default)]
struct Run(usize);

impl Run {
    fn longest_with(&mut self, character: char) -> usize {
        match character {
            '!' | '-' => self.0 += 1,
            character if character.is_whitespace() => {}
            _ => self.0 = 0,
        }
        self.0
    }
}

/// When it is read: loops multiply.
pub fn of_expression(expression: &Expression) -> Result<(), BadCondition> {
    let loops = loops(expression);
    if loops > LOOPS { Err(BadCondition::TooManyLoops { loops }) } else { Ok(()) }
}

fn loops(expression: &Expression) -> usize {
    let inner = children(expression).into_iter().map(loops).max().unwrap_or_default();
    match &expression.expr {
        Expr::Comprehension(inside) => {
            let of_body = [&inside.loop_cond, &inside.loop_step].into_iter().map(loops).max();
            inner.max(1 + of_body.unwrap_or_default())
        }
        _ => inner,
    }
}

/// What an expression is made of.
pub fn children(expression: &Expression) -> Vec<&Expression> {
    match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Comprehension(inside) => {
            vec![&inside.iter_range, &inside.accu_init, &inside.loop_cond, &inside.loop_step, &inside.result]
        }
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Struct(made) => made.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&Expression> {
    match entry {
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        EntryExpr::StructField(field) => vec![&field.value],
    }
}

/// Before it is judged: no more steps than these for values of this length.
pub fn of_steps(expression: &Expression, values: &[(&str, Value)]) -> Result<(), ConditionError> {
    let longest = values.iter().map(|(_, value)| longest(value)).max().unwrap_or_default();
    let Cost { steps, .. } = cost(expression, longest);
    if steps > STEPS { Err(ConditionError::TooLaborious { steps, most: STEPS }) } else { Ok(()) }
}

/// The longest list, map or text anywhere in a value.
fn longest(value: &Value) -> u64 {
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => count(text.len()),
        Value::Array(items) => items.iter().map(longest).max().unwrap_or_default().max(count(items.len())),
        Value::Object(map) => map.values().map(longest).max().unwrap_or_default().max(count(map.len())),
    }
}

/// At most so many steps, and a result of at most this length.
struct Cost {
    steps: u64,
    length: u64,
}

/// Bytes of a text that are as much work as one step.
const BYTES_A_STEP: u64 = 256;

fn cost(expression: &Expression, longest: u64) -> Cost {
    match &expression.expr {
        Expr::Comprehension(inside) => {
            let range = cost(&inside.iter_range, longest);
            let body =
                cost(&inside.loop_cond, longest).steps.saturating_add(cost(&inside.loop_step, longest).steps);
            let rounds = range.length.saturating_mul(body);
            Cost { steps: range.steps.saturating_add(rounds), length: range.length.max(longest) }
        }
        Expr::Literal(LiteralValue::String(text)) => Cost { steps: 1, length: text.inner().len() as u64 },
        Expr::Literal(_) => Cost { steps: 1, length: 1 },
        Expr::Ident(_) | Expr::Select(_) => Cost { steps: 1, length: longest },
        Expr::List(list) => {
            let parts = list.elements.iter().map(|element| cost(element, longest));
            let (steps, length) = parts.fold((1_u64, list.elements.len() as u64), |(steps, length), part| {
                (steps.saturating_add(part.steps), length.max(part.length))
            });
            Cost { steps, length }
        }
        _ => {
            let parts = children(expression).into_iter().map(|part| cost(part, longest));
            let (steps, length) = parts.fold((1_u64, 0_u64), |(steps, length), part| {
                (steps.saturating_add(part.steps), length.saturating_add(part.length))
            });
            Cost { steps: steps.saturating_add(length / BYTES_A_STEP), length: length.max(1) }
        }
    }
}
