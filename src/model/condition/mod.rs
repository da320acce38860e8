//! Conditions: expressions of CEL, written in the file and judged before anything runs.
//!
//! An expression is bounded when it is read (length, nesting) and once more before each judgement (steps,
//! which depend on the lengths of what a caller gives), since its interpreter has no bounds of its own. So
//! to judge one is fast, deterministic and cannot fail by itself. Knows nothing of calls, plans and clocks.

mod bounds;
mod functions;
mod judge;
mod labour;
mod lacking;
mod moment;
mod names;
mod value;
mod when;

use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::{Env, Program};

pub use judge::{ConditionError, Judgement, Sight};
pub use moment::value as moment;
pub use names::Name;
pub use when::When;

/// The language without extensions: what CEL itself has.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// An expression that is true or false of a call.
#[derive(Clone)]
pub struct Condition(Arc<Read>);

struct Read {
    text: String,
    program: Program,
    /// What it refers to, each once, in the order of the text.
    names: Vec<Name>,
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCondition {
    #[error("it is {length} bytes long; at most {} may be", bounds::LENGTH)]
    TooLong { length: usize },
    #[error("it is nested {depth} deep; at most {} may be", bounds::DEPTH)]
    TooDeep { depth: usize },
    #[error("{links} operations stand on each other; at most {} may", bounds::LINKS)]
    LongChain { links: usize },
    #[error("{problem}")]
    Syntax {
        problem: String,
        /// The first byte that does not fit.
        at: usize,
    },
    #[error(
        "{loops} of `all`, `exists`, `exists_one`, `filter` and `map` stand in each other; at most {} may",
        bounds::LOOPS
    )]
    TooManyLoops { loops: usize },
    #[error("there is no function `{name}`; there are {}", functions::list())]
    UnknownFunction { name: String },
    #[error("`{function}` needs a text that is written out; what it looks for has to be known beforehand")]
    NotLiteral { function: &'static str },
    #[error("`{pattern}` is no regular expression: {problem}")]
    BadPattern { pattern: String, problem: String },
    #[error("there is no time zone `{zone}`; expected one such as `Europe/Paris`, `UTC` or `+02:00`")]
    UnknownZone { zone: String },
    #[error("it is always {0}, and neither true nor false")]
    NotTruth(&'static str),
}

impl Condition {
    /// Reads an expression and sees that it can be judged.
    pub fn read(text: &str) -> Result<Self, BadCondition> {
        bounds::of_text(text)?;
        let program = LANGUAGE.compile(text).map_err(|errors| syntax(text, &errors.errors))?;
        let expression = program.expression();
        bounds::of_expression(expression)?;
        functions::check(expression)?;
        judge::of_constant(expression)?;
        let names = names::of(expression);
        Ok(Self(Arc::new(Read { text: text.to_owned(), program, names })))
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The same in one line, for people.
    pub fn line(&self) -> String {
        let lines: Vec<&str> = self.text().lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines.join(" ")
    }

    /// What it refers to, each once.
    pub fn names(&self) -> &[Name] {
        &self.0.names
    }

    /// Whether it is certain to be false, or to fail, as long as these have no value.
    pub fn cannot_hold_without(&self, missing: &[&str]) -> bool {
        lacking::cannot_hold(self.0.program.expression(), missing)
    }

    /// Whether it asks for names of environment variables.
    pub fn asks_variables(&self) -> bool {
        functions::is_used(self.0.program.expression(), functions::HAS_ENV)
    }

    /// The files and folders whose being there it asks for, as written.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        functions::asked(self.0.program.expression(), functions::FILE_EXISTS).into_iter()
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.0.text).finish()
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

fn syntax(text: &str, errors: &[cel::ParseError]) -> BadCondition {
    let Some(first) = errors.first() else {
        return BadCondition::Syntax { problem: "it cannot be read".to_owned(), at: 0 };
    };
    let (line, column) = first.pos;
    let line = usize::try_from(line).unwrap_or(1).max(1);
    let column = usize::try_from(column).unwrap_or(1).max(1);
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    let within = rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at);
    BadCondition::Syntax { problem: plain(&first.msg), at: before + within }
}

/// What the reader's grammar says, in words. What it would have expected is half of the language.
fn plain(message: &str) -> String {
    let message = message.trim();
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let quoted = message.split('\'').nth(1).unwrap_or_default().trim();
    match message.split(' ').next() {
        _ if quoted == "<EOF>" => "it ends too early".to_owned(),
        Some("mismatched" | "extraneous" | "no") => format!("`{quoted}` cannot stand here"),
        Some("token") if quoted == "=" => "`=` means nothing; two values are compared with `==`".to_owned(),
        Some("token") => format!("`{quoted}` means nothing"),
        Some("missing") => format!("`{quoted}` is missing"),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests;
