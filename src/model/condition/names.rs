//! What an expression refers to.

use std::fmt;

use cel::common::ast::Expr;
use cel::parser::Expression;

use super::bounds::children;

/// A name with what is selected from it: `target`, `params.target`, `caller.roles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub root: String,
    pub path: Vec<String>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)?;
        self.path.iter().try_for_each(|segment| write!(f, ".{segment}"))
    }
}

pub fn of(expression: &Expression) -> Vec<Name> {
    let mut names = Vec::new();
    collect(expression, &mut Vec::new(), &mut names);
    names
}

/// `bound` are the variables of loops around it.
fn collect<'e>(expression: &'e Expression, bound: &mut Vec<&'e str>, names: &mut Vec<Name>) {
    if let Some(name) = spelled(expression) {
        if !bound.contains(&name.root.as_str()) && !names.contains(&name) {
            names.push(name);
        }
        return;
    }
    let Expr::Comprehension(inside) = &expression.expr else {
        return children(expression).into_iter().for_each(|child| collect(child, bound, names));
    };
    collect(&inside.iter_range, bound, names);
    let outside = bound.len();
    bound.extend([inside.iter_var.as_str(), inside.accu_var.as_str()]);
    bound.extend(inside.iter_var2.as_deref());
    for part in [&inside.accu_init, &inside.loop_cond, &inside.loop_step, &inside.result] {
        collect(part, bound, names);
    }
    bound.truncate(outside);
}

/// The name that an expression spells, if it is nothing but one.
fn spelled(expression: &Expression) -> Option<Name> {
    match &expression.expr {
        Expr::Ident(root) => Some(Name { root: root.clone(), path: Vec::new() }),
        Expr::Select(select) => {
            let mut name = spelled(&select.operand)?;
            name.path.push(select.field.clone());
            Some(name)
        }
        _ => None,
    }
}
