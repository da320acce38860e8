//! One call against what is expected of it.

use std::time::Duration;

use serde_json::Value;

use crate::model::{
    ExitCodes, ExpectedEnding, ExpectedRun, ExpectedWords, Refuser, TextCheck, format_duration,
};

use super::Problem;
use super::text::{check_json, check_text, difference};
use super::visible::{excerpt, visible};

/// What was seen of a call that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub ending: ObservedEnding,
    /// The result is an error.
    pub is_error: bool,
    /// How it ended, in words.
    pub reason: String,
    pub stdout: String,
    pub stderr: String,
    /// Bytes of both that were not kept.
    pub omitted: u64,
    /// What a model is shown.
    pub result: String,
    pub structured: Option<Value>,
    pub duration: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObservedEnding {
    Code(i32),
    TimedOut,
    /// Killed for something else, or lost.
    Other,
}

/// Judges the words that would run.
pub fn judge_words(expected: &ExpectedWords, actual: &[String]) -> Vec<Problem> {
    let fits = |(checks, word): (&Vec<TextCheck>, &String)| check_text("", checks, word).is_empty();
    if expected.len() == actual.len() && expected.iter().zip(actual).all(fits) {
        return Vec::new();
    }
    let wanted: Vec<String> = expected
        .iter()
        .enumerate()
        .map(|(index, checks)| match actual.get(index) {
            // A word that fits is shown as it is, so that it is no difference.
            Some(word) if check_text("", checks, word).is_empty() => word.clone(),
            _ => described(checks),
        })
        .collect();
    let lines = |words: &[String]| words.iter().map(|word| visible(word)).collect::<Vec<_>>().join("\n");
    let problem = Problem::new("`argv` differs, a word a line (- expected, + found)");
    vec![problem.showing(difference(&lines(&wanted), &lines(actual)))]
}

fn described(checks: &[TextCheck]) -> String {
    let described = checks.iter().map(|check| match check {
        TextCheck::Equals(text) => text.clone(),
        TextCheck::Contains(text) => format!("<contains {text}>"),
        TextCheck::Lacks(text) => format!("<lacks {text}>"),
        TextCheck::Matches(pattern) => format!("<matches {pattern}>"),
        TextCheck::Json(_) => "<JSON>".to_owned(),
    });
    described.collect::<Vec<_>>().join(" ")
}

/// Judges a call that was accepted although a refusal is expected. `would_run` is its command line.
pub fn judge_acceptance(by: Refuser, would_run: &str) -> Problem {
    let missing = match by {
        Refuser::Parameters => "the arguments are accepted; they were expected to be invalid",
        Refuser::Policy => "the call is allowed; it was expected to be denied",
    };
    Problem::new(missing).showing(vec![format!("would run: {}", visible(would_run))])
}

/// Judges a refusal; `expected` is who should have refused, with which words.
pub fn judge_refusal(
    expected: Option<(Refuser, Option<&str>)>,
    by: Option<Refuser>,
    text: &str,
) -> Vec<Problem> {
    let shown = || excerpt(text);
    match expected {
        Some((wanted, says)) if by == Some(wanted) => match says {
            Some(says) if !text.contains(says) => {
                vec![Problem::new(format!("the refusal does not say `{says}`")).showing(shown())]
            }
            _ => Vec::new(),
        },
        Some((wanted, _)) => {
            vec![Problem::new(format!("the call was refused, but not as `{wanted}`")).showing(shown())]
        }
        None => vec![Problem::new("the call was refused").showing(shown())],
    }
}

/// Judges a run.
pub fn judge_run(expected: &ExpectedRun, observed: &Observed, codes: &ExitCodes) -> Vec<Problem> {
    let ExpectedRun { words: _, ending, stdout, stderr, result, structured, duration_under } = expected;
    let mut problems: Vec<Problem> = judge_ending(ending, observed, codes).into_iter().collect();
    problems.extend(judge_wholeness(stdout.iter().chain(stderr), observed.omitted));
    problems.extend(check_text("`stdout`", stdout, &observed.stdout));
    problems.extend(check_text("`stderr`", stderr, &observed.stderr));
    problems.extend(check_text("`result`", result, &observed.result));
    match (structured, &observed.structured) {
        (Some(check), Some(value)) => problems.extend(check_json("`structured`", check, value)),
        (Some(_), None) => problems.push(Problem::new("there is no structured result")),
        (None, _) => {}
    }
    if let Some(limit) = duration_under.filter(|limit| observed.duration >= *limit) {
        let took = format_duration(Duration::from_millis(
            u64::try_from(observed.duration.as_millis()).unwrap_or(u64::MAX),
        ));
        problems.push(Problem::new(format!("it took {took}; expected less than {}", format_duration(limit))));
    }
    problems
}

/// What is missing in the middle of an output could be anything: only what is there can be told.
fn judge_wholeness<'c>(mut checks: impl Iterator<Item = &'c TextCheck>, omitted: u64) -> Option<Problem> {
    let is_affected = omitted > 0 && checks.any(|check| !matches!(check, TextCheck::Contains(_)));
    is_affected.then(|| {
        Problem::new(format!(
            "{omitted} bytes of the output were not kept (limits.output); only `contains` can be told of the rest"
        ))
    })
}

fn judge_ending(expected: &ExpectedEnding, observed: &Observed, codes: &ExitCodes) -> Option<Problem> {
    let wanted = match expected {
        ExpectedEnding::Success if !observed.is_error => return None,
        ExpectedEnding::Success => "success".to_owned(),
        ExpectedEnding::Code(code) => {
            let code = i32::from(*code);
            let is_success = codes.success(code).is_some();
            if observed.ending == ObservedEnding::Code(code) && !(is_success && observed.is_error) {
                return None;
            }
            format!("exit code {code}")
        }
        ExpectedEnding::TimedOut if observed.ending == ObservedEnding::TimedOut => return None,
        ExpectedEnding::TimedOut => "a timeout".to_owned(),
        ExpectedEnding::Failure(says) if observed.is_error => {
            return says.as_deref().filter(|says| !observed.result.contains(says)).map(|says| {
                Problem::new(format!("the failure does not say `{says}`")).showing(excerpt(&observed.result))
            });
        }
        ExpectedEnding::Failure(_) => "a failure".to_owned(),
    };
    let problem = Problem::new(format!("{}; expected {wanted}", observed.reason));
    Some(problem.showing(excerpt(&observed.result)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(ending: ObservedEnding, is_error: bool) -> Observed {
        Observed {
            ending,
            is_error,
            reason: "so it ended".to_owned(),
            stdout: String::new(),
            stderr: String::new(),
            omitted: 0,
            result: "what is shown".to_owned(),
            structured: None,
            duration: Duration::from_millis(20),
        }
    }

    #[test]
    fn an_end_is_judged_by_what_is_expected_of_it() {
        use ExpectedEnding::{Code, Failure, Success, TimedOut};
        use ObservedEnding as Seen;
        for (expected, ending, is_error, holds) in [
            (Success, Seen::Code(0), false, true),
            (Success, Seen::Code(0), true, false),
            (Code(0), Seen::Code(0), false, true),
            // A success whose output is not what its format says.
            (Code(0), Seen::Code(0), true, false),
            (Code(3), Seen::Code(3), true, true),
            (Code(3), Seen::Code(4), true, false),
            (TimedOut, Seen::TimedOut, true, true),
            (TimedOut, Seen::Other, true, false),
            (Failure(None), Seen::Other, true, true),
            (Failure(None), Seen::Code(0), false, false),
            (Failure(Some("shown".to_owned())), Seen::Other, true, true),
            (Failure(Some("memory".to_owned())), Seen::Other, true, false),
        ] {
            let judged = judge_ending(&expected, &observed(ending, is_error), &ExitCodes::default());
            assert_eq!(judged.is_none(), holds, "{expected:?} {ending:?} {is_error}");
        }
    }

    #[test]
    fn of_an_output_that_was_cut_only_what_is_there_is_told() {
        let (holds, lacks) = (TextCheck::Contains("a".to_owned()), TextCheck::Lacks("b".to_owned()));
        assert_eq!(judge_wholeness([&holds].into_iter(), 7), None);
        assert_eq!(judge_wholeness([&holds, &lacks].into_iter(), 0), None);
        assert!(judge_wholeness([&holds, &lacks].into_iter(), 7).is_some());
    }

    #[test]
    fn words_are_compared_one_by_one() {
        let equal = |word: &str| vec![TextCheck::Equals(word.to_owned())];
        let words = ["rm".to_owned(), "/tmp/x".to_owned()];
        let pattern = regex::Regex::new("x$").unwrap();
        assert_eq!(judge_words(&vec![equal("rm"), vec![TextCheck::Matches(pattern)]], &words), []);
        let judged = judge_words(&vec![equal("rm"), equal("--"), equal("/tmp/x")], &words);
        assert_eq!(judged[0].detail, ["  rm", "- --", "  /tmp/x"]);
    }
}
