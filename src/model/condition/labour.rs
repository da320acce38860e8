//! How laborious a judgement may be: its interpreter has no bound of its own.
//!
//! Before an expression is judged it is reckoned how many steps that takes at most, and how large a value it
//! makes, from the values that it sees.

use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue};
use cel::parser::Expression;
use serde_json::Value;

use super::bounds::children;
use super::judge::ConditionError;

/// What may be looked at in one judgement.
const STEPS: u64 = 100_000;
/// Bytes of a text that are as much work as one step.
const BYTES_A_STEP: u64 = 256;

/// No more steps than may be, with these values.
pub fn check(expression: &Expression, values: &[(&str, &Value)]) -> Result<(), ConditionError> {
    let names = values.iter().map(|(name, value)| (*name, Weight::of(value))).collect();
    let steps = Reckoning { values, names }.reckon(expression).steps;
    if steps > STEPS { Err(ConditionError::TooLaborious { steps, most: STEPS }) } else { Ok(()) }
}

/// How much there is of a value, at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Weight {
    /// Items on its first level.
    count: u64,
    /// Values within values, on all levels.
    nodes: u64,
    bytes: u64,
}

impl Weight {
    const ONE: Self = Self { count: 1, nodes: 1, bytes: 8 };

    fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::ONE,
            Value::String(text) => Self { bytes: length(text.len()), ..Self::ONE },
            Value::Array(items) => Self::holding(items.len(), items.iter().map(Self::of)),
            Value::Object(map) => {
                let keys = map.keys().map(|key| length(key.len())).sum();
                let of_values = Self::holding(map.len(), map.values().map(Self::of));
                Self { bytes: of_values.bytes.saturating_add(keys), ..of_values }
            }
        }
    }

    fn holding(count: usize, parts: impl Iterator<Item = Self>) -> Self {
        let all = parts.fold(Self { nodes: 1, ..Self::default() }, Self::and);
        Self { count: length(count), ..all }
    }

    fn and(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            nodes: self.nodes.saturating_add(other.nodes),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            count: self.count.max(other.count),
            nodes: self.nodes.max(other.nodes),
            bytes: self.bytes.max(other.bytes),
        }
    }

    fn times(self, times: u64) -> Self {
        let Self { count, nodes, bytes } = self;
        Self {
            count: count.saturating_mul(times),
            nodes: nodes.saturating_mul(times),
            bytes: bytes.saturating_mul(times),
        }
    }

    /// What lies in it, whichever part that is.
    fn part(self) -> Self {
        Self { count: self.nodes, ..self }
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// At most so many steps, and a result of at most this weight.
struct Cost {
    steps: u64,
    weight: Weight,
}

struct Reckoning<'a> {
    values: &'a [(&'a str, &'a Value)],
    /// What each name weighs; the variables of loops come last.
    names: Vec<(&'a str, Weight)>,
}

impl<'a> Reckoning<'a> {
    fn reckon(&mut self, expression: &'a Expression) -> Cost {
        match &expression.expr {
            Expr::Comprehension(inside) => self.of_loop(inside),
            Expr::Literal(LiteralValue::String(text)) => {
                Cost { steps: 1, weight: Weight { bytes: length(text.inner().len()), ..Weight::ONE } }
            }
            Expr::Literal(_) | Expr::Unspecified => Cost { steps: 1, weight: Weight::ONE },
            Expr::Ident(name) => Cost { steps: 1, weight: self.weight(name) },
            Expr::Select(select) => {
                let Cost { steps, weight } = self.reckon(&select.operand);
                let known = self.value(expression).map(Weight::of);
                Cost { steps: steps.saturating_add(1), weight: known.unwrap_or(weight.part()) }
            }
            Expr::List(list) => {
                let made = self.of_parts(list.elements.iter());
                let weight = Weight { count: length(list.elements.len()), ..made.weight.and(Weight::ONE) };
                Cost { weight, ..made }
            }
            Expr::Call(call) if call.func_name == "_[_]" => {
                let made = self.of_parts(children(expression).into_iter());
                Cost { weight: made.weight.part(), ..made }
            }
            // One of two values; which one is not known.
            Expr::Call(call) if call.func_name == "_?_:_" => {
                let parts: Vec<Cost> = call.args.iter().map(|part| self.reckon(part)).collect();
                let steps = parts.iter().fold(1, |steps: u64, part| steps.saturating_add(part.steps));
                let weight = parts.iter().fold(Weight::ONE, |weight, part| weight.or(part.weight));
                Cost { steps, weight }
            }
            _ => self.of_parts(children(expression).into_iter()),
        }
    }

    /// Whatever is done with them: no result weighs more than all of them.
    fn of_parts<'e>(&mut self, parts: impl Iterator<Item = &'a Expression>) -> Cost
    where
        'a: 'e,
    {
        let start = Cost { steps: 1, weight: Weight::default() };
        let all = parts.fold(start, |all, part| {
            let Cost { steps, weight } = self.reckon(part);
            Cost { steps: all.steps.saturating_add(steps), weight: all.weight.and(weight) }
        });
        let touched = all.weight.bytes / BYTES_A_STEP;
        Cost { steps: all.steps.saturating_add(touched), ..all }
    }

    fn of_loop(&mut self, inside: &'a ComprehensionExpr) -> Cost {
        let range = self.reckon(&inside.iter_range);
        let rounds = range.weight.count;
        let item = match self.value(&inside.iter_range) {
            Some(Value::Array(items)) => items.iter().map(Weight::of).fold(Weight::ONE, Weight::or),
            _ => range.weight.part(),
        };
        let outside = self.names.len();
        self.names.extend([inside.iter_var.as_str()].map(|name| (name, item)));
        self.names.extend(inside.iter_var2.as_deref().map(|name| (name, item)));
        // What has come together so far is carried on by each round, and what a round adds to it is what it
        // makes of nothing.
        self.names.push((&inside.accu_var, Weight::default()));
        let parts = [&inside.loop_cond, &inside.loop_step].map(|part| self.reckon(part));
        let steps = parts.iter().fold(0, |steps: u64, part| steps.saturating_add(part.steps));
        let added = parts.iter().fold(Weight::default(), |weight, part| weight.or(part.weight));
        self.names.truncate(outside);
        let made = added.times(rounds).and(Weight::ONE);
        let carried = made.bytes / BYTES_A_STEP;
        let steps = rounds.saturating_mul(steps).saturating_add(range.steps).saturating_add(carried);
        Cost { steps, weight: made }
    }

    fn weight(&self, name: &str) -> Weight {
        let known = self.names.iter().rev().find(|(known, _)| *known == name);
        known.map_or(Weight::ONE, |(_, weight)| *weight)
    }

    /// The value that an expression spells, unless a loop gives its name another meaning.
    fn value(&self, expression: &Expression) -> Option<&'a Value> {
        match &expression.expr {
            Expr::Ident(name) => {
                let is_bound = self.names.iter().skip(self.values.len()).any(|(bound, _)| bound == name);
                let (_, value) = self.values.iter().find(|(known, _)| known == name && !is_bound)?;
                Some(value)
            }
            Expr::Select(select) => self.value(&select.operand)?.get(&select.field),
            _ => None,
        }
    }
}
