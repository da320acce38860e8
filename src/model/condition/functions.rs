//! The functions of conditions: those of CEL, and ours, which ask for facts that are gathered beforehand.

use std::collections::BTreeSet;
use std::sync::Arc;

use cel::common::ast::{Expr, LiteralValue};
use cel::parser::Expression;
use cel::{Context, ExecutionError};

use super::BadCondition;
use super::bounds::children;

pub const FILE_EXISTS: &str = "file_exists";
pub const HAS_ENV: &str = "has_env";
const SEMVER: &str = "semver";
const MATCHES: &str = "matches";

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
    let names: Vec<String> = KNOWN.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Every function exists, and what has to be known beforehand is written out.
pub fn check(expression: &Expression) -> Result<(), BadCondition> {
    if let Expr::Call(call) = &expression.expr {
        let name = call.func_name.as_str();
        let is_operator = name.contains(|character: char| !character.is_alphanumeric() && character != '_')
            || name.starts_with('_');
        let is_of_time = name.starts_with("get") && call.target.is_some();
        if !is_operator && !is_of_time && !KNOWN.contains(&name) {
            return Err(BadCondition::UnknownFunction { name: name.to_owned() });
        }
        check_words(name, call.target.as_deref(), &call.args)?;
    }
    children(expression).into_iter().try_for_each(check)
}

fn check_words(name: &str, target: Option<&Expression>, args: &[Expression]) -> Result<(), BadCondition> {
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

fn literal(expression: &Expression) -> Option<&str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
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

/// Whether a version lies in a range, such as `semver("1.4.0", ">=1.2, <2")`.
fn satisfies(version: Arc<String>, range: Arc<String>) -> Result<bool, ExecutionError> {
    let failed = |text: &str, problem: semver::Error| {
        ExecutionError::function_error(SEMVER, format!("`{text}`: {problem}"))
    };
    let found = semver::Version::parse(version.trim_start_matches('v'));
    let found = found.map_err(|problem| failed(&version, problem))?;
    let wanted = semver::VersionReq::parse(&range).map_err(|problem| failed(&range, problem))?;
    Ok(wanted.matches(&found))
}
