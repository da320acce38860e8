//! Whether an expression can be true at all while some of its names have no value yet: to see that costs less
//! than to judge it in vain.

use cel::common::ast::Expr;
use cel::parser::Expression;

/// That it is false, or fails. Of what is not certain the answer is no.
pub fn cannot_hold(expression: &Expression, missing: &[&str]) -> bool {
    match &expression.expr {
        Expr::Call(call) => match call.func_name.as_str() {
            "_&&_" => call.args.iter().any(|part| cannot_hold(part, missing)),
            "_||_" => call.args.iter().all(|part| cannot_hold(part, missing)),
            _ => fails(expression, missing),
        },
        _ => fails(expression, missing),
    }
}

/// That it has no value, whatever the others are.
fn fails(expression: &Expression, missing: &[&str]) -> bool {
    match &expression.expr {
        Expr::Ident(name) => missing.contains(&name.as_str()),
        Expr::Select(select) => fails(&select.operand, missing),
        Expr::Call(call) => match call.func_name.as_str() {
            // One side can do without the other.
            "_&&_" | "_||_" => call.args.iter().all(|part| fails(part, missing)),
            "_?_:_" => call.args.first().is_some_and(|asked| fails(asked, missing)),
            _ => call.target.as_deref().into_iter().chain(&call.args).any(|part| fails(part, missing)),
        },
        Expr::Comprehension(inside) => fails(&inside.iter_range, missing),
        _ => false,
    }
}
