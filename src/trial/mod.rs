//! Tests of a file, judged: what was expected, what came, where they differ.
//!
//! Pure: what was seen of a call comes in as values, verdicts go out, and reports of them as text.
//! Knows neither how calls are made nor where reports go.

mod glob;
mod judge;
mod junit;
mod mask;
mod text;
mod verdict;
mod visible;

pub use glob::matches;
pub use judge::{Observed, ObservedEnding, judge_acceptance, judge_refusal, judge_run, judge_words};
pub use junit::junit;
pub use mask::Mask;
pub use verdict::{Counts, Finished, Problem, Status};
