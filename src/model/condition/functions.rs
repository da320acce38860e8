//! The functions of conditions: those of CEL, and ours, which ask for facts that are gathered beforehand.

use std::collections::BTreeSet;
use std::sync::Arc;

use cel::common::ast::{Expr, LiteralValue};
use cel::parser::Expression;
use cel::{Context, ExecutionError};

use crate::model::requires::{VersionRange, version};

use super::bounds::children;
use super::{BadCondition, LANGUAGE};

pub const FILE_EXISTS: &str = "file_exists";
pub const HAS_ENV: &str = "has_env";
const SEMVER: &str = "semver";
const MATCHES: &str = "matches";

/// What is asked of a moment, for a time zone or without one.
const OF_TIME: [&str; 10] = [
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

/// What people may write, besides operators. Names of operators have signs in them.
const KNOWN: [&str; 15] = [
    FILE_EXISTS,
    HAS_ENV,
    SEMVER,
    MATCHES,
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "int",
    "double",
    "string",
    "bool",
    "timestamp",
    "duration",
    "type",
];

pub fn list() -> String {
    let names: Vec<String> = KNOWN.iter().chain(&OF_TIME).map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Every function exists, and what has to be known beforehand is written out.
pub fn check(expression: &Expression) -> Result<(), BadCondition> {
    if let Expr::Call(call) = &expression.expr {
        let name = call.func_name.as_str();
        let is_operator = name.contains(|character: char| !character.is_alphanumeric() && character != '_')
            || name.starts_with('_');
        let is_of_time = OF_TIME.contains(&name) && call.target.is_some();
        if !is_operator && !is_of_time && !KNOWN.contains(&name) {
            return Err(BadCondition::UnknownFunction { name: name.to_owned() });
        }
        check_words(name, call.target.as_deref(), &call.args)?;
    }
    children(expression).into_iter().try_for_each(check)
}

fn check_words(name: &str, target: Option<&Expression>, args: &[Expression]) -> Result<(), BadCondition> {
    if OF_TIME.contains(&name)
        && let [zone] = args
        && let Some(zone) = literal(zone)
        && !is_zone(zone)
    {
        return Err(BadCondition::UnknownZone { zone: zone.to_owned() });
    }
    let fixed = match (name, args) {
        (FILE_EXISTS, [path]) => (FILE_EXISTS, path),
        (HAS_ENV, [variable]) => (HAS_ENV, variable),
        (MATCHES, [pattern]) if target.is_some() => (MATCHES, pattern),
        (MATCHES, [_, pattern]) => (MATCHES, pattern),
        _ => return Ok(()),
    };
    let (function, word) = fixed;
    let Some(text) = literal(word) else { return Err(BadCondition::NotLiteral { function }) };
    if function == MATCHES
        && let Err(error) = regex::Regex::new(text)
    {
        let problem =
            error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        return Err(BadCondition::BadPattern { pattern: text.to_owned(), problem });
    }
    Ok(())
}

/// Whether the language knows the time there.
fn is_zone(zone: &str) -> bool {
    let mut context = Context::with_env(Arc::clone(&LANGUAGE));
    context.add_variable_from_value("zone", zone.to_owned());
    let asked = LANGUAGE.compile("timestamp(\"2026-01-01T00:00:00Z\").getHours(zone)");
    asked.is_ok_and(|asked| asked.execute(&context).is_ok())
}

fn literal(expression: &Expression) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

pub fn is_used(expression: &Expression, function: &str) -> bool {
    matches!(&expression.expr, Expr::Call(call) if call.func_name == function)
        || children(expression).into_iter().any(|child| is_used(child, function))
}

/// The texts that a function is asked for.
pub fn asked<'e>(expression: &'e Expression, function: &str) -> Vec<&'e str> {
    let mut texts = Vec::new();
    collect(expression, function, &mut texts);
    texts
}

fn collect<'e>(expression: &'e Expression, function: &str, texts: &mut Vec<&'e str>) {
    if let Expr::Call(call) = &expression.expr
        && call.func_name == function
    {
        texts.extend(call.args.iter().filter_map(literal));
    }
    children(expression).into_iter().for_each(|child| collect(child, function, texts));
}

/// Lends ours to a judgement.
pub fn lend(context: &mut Context<'_, '_>, files: &Arc<BTreeSet<String>>, variables: &Arc<BTreeSet<String>>) {
    let (files, variables) = (Arc::clone(files), Arc::clone(variables));
    // None of these names is one of CEL's.
    let _ = context.add_function(FILE_EXISTS, move |path: Arc<String>| files.contains(path.as_str()));
    let _ = context.add_function(HAS_ENV, move |name: Arc<String>| variables.contains(name.as_str()));
    let _ = context.add_function(SEMVER, satisfies);
}

/// Whether a version lies in a range, such as `semver("1.4.0", ">=1.2 <2")`.
fn satisfies(found: Arc<String>, range: Arc<String>) -> Result<bool, ExecutionError> {
    let failed = |problem: String| ExecutionError::function_error(SEMVER, problem);
    let version = version(&found).ok_or_else(|| failed(format!("`{found}` is no version")))?;
    let range = VersionRange::parse(&range).map_err(|problem| failed(problem.to_string()))?;
    Ok(range.has(&version))
}
