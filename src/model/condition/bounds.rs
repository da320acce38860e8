//! How long and how deep an expression may be.

use cel::common::ast::{EntryExpr, Expr};
use cel::parser::Expression;

use super::BadCondition;

/// Bytes of a text.
pub const LENGTH: usize = 1024;
/// Brackets within brackets. The reader and the interpreter go down a level of the stack for each.
pub const DEPTH: usize = 24;
/// Loops within loops.
pub const LOOPS: usize = 2;
/// Operations on what other operations come to, as the sum of many numbers is. Whoever walks an expression
/// goes down the stack for each.
pub const LINKS: usize = 128;

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
    let links = links(expression);
    if links > LINKS {
        return Err(BadCondition::LongChain { links });
    }
    let loops = loops(expression);
    if loops > LOOPS { Err(BadCondition::TooManyLoops { loops }) } else { Ok(()) }
}

/// How deep it is, without going down the stack.
fn links(expression: &Expression) -> usize {
    let (mut deepest, mut open) = (0, vec![(expression, 1)]);
    while let Some((expression, depth)) = open.pop() {
        deepest = deepest.max(depth);
        open.extend(children(expression).into_iter().map(|child| (child, depth + 1)));
    }
    deepest
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
