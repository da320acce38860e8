//! One test: its call is made ready, run or pretended, and judged.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::call::{BadCall, Call};
use crate::engine::{Consent, Ending, Engine, Outcome, Prepared, Rejection, Watcher};
use crate::model::{Availability, Expectation, ExpectedRun, Principal, Refuser};
use crate::plan::{ExecutionPlan, PlanError};
use crate::policy::stand_in;
use crate::runner::{End, StartError, Stream};
use crate::trial::{
    Finished, Mask, Observed, ObservedEnding, Problem, Status, judge_acceptance, judge_refusal, judge_run,
    judge_words,
};

use super::Stop;
use super::select::Case;
use super::stage::Stage;

/// Runs one test to its end.
pub async fn perform(stage: &Stage, case: &Case, stop: Stop) -> Finished {
    let began = Instant::now();
    let (status, duration) = verdict(stage, case, stop).await;
    let status = mask(stage, case).status(status);
    finished(case, status, duration.unwrap_or_else(|| began.elapsed()))
}

/// The verdict of a test that nobody ran.
pub fn not_run(case: &Case) -> Finished {
    finished(case, Status::NotRun, Duration::ZERO)
}

fn finished(case: &Case, status: Status, duration: Duration) -> Finished {
    let (command, name) = (case.tool.name.to_string(), case.trial.name.clone());
    let (file, line) = (case.trial.file.clone(), case.trial.line);
    Finished { command, name, file, line, status, duration }
}

/// The verdict, and how long the run took if there was one.
async fn verdict(stage: &Stage, case: &Case, stop: Stop) -> (Status, Option<Duration>) {
    let principal = match &case.trial.caller {
        None => stage.principal(),
        Some(caller) => match stand_in(stage.catalog(), caller) {
            // What clients are offered is no matter of permission.
            Ok(principal) => Principal { toolset: None, ..principal },
            Err(problem) => return (status(vec![Problem::new(problem.to_string())]), None),
        },
    };
    let (tool, arguments) = (case.tool.name.to_string(), case.trial.arguments.clone());
    let call = Call { principal: principal.into(), tool, arguments };
    let engine = stage.engine(case.trial.mock.as_ref(), &case.tool);
    let plan = match engine.prepare(call) {
        Ok(plan) => plan,
        Err(rejection) => return (refused(case, &rejection), None),
    };
    let expected = match &case.trial.expectation {
        Expectation::Refusal { by, .. } => {
            let line = shell_words::join(words(stage, &plan));
            return (status(vec![judge_acceptance(*by, &line)]), None);
        }
        Expectation::Plan(expected) => return (status(judge_words(expected, &words(stage, &plan))), None),
        Expectation::Run(expected) => expected,
    };
    let differ = expected.words.as_ref().map(|expected| judge_words(expected, &words(stage, &plan)));
    if let Some(problems) = differ.filter(|problems| !problems.is_empty()) {
        // What would run is not what it should be, so it does not run.
        return (status(problems), None);
    }
    if let (None, Availability::Unavailable { reason }) = (&case.trial.mock, &case.tool.availability) {
        return (Status::Skipped(reason.clone()), None);
    }
    if let (None, Availability::Disabled) = (&case.trial.mock, &case.tool.availability) {
        return (Status::Skipped("it is disabled".to_owned()), None);
    }
    run(&engine, case, &plan, expected, stop).await
}

async fn run(
    engine: &Engine,
    case: &Case,
    plan: &Prepared,
    expected: &ExpectedRun,
    stop: Stop,
) -> (Status, Option<Duration>) {
    // Whoever runs tests has asked for what they run.
    let plan = &plan.clone().confirmed(Consent::Tester);
    match engine.execute(plan, &mut Silence, stop).await {
        Ok(outcome) if outcome.ending == Ending::Ran(End::Cancelled) => (Status::NotRun, None),
        Ok(outcome) => {
            let observed = observed(case, plan, &outcome);
            let duration = Some(outcome.duration);
            (status(judge_run(expected, &observed, &plan.tool.exit_codes)), duration)
        }
        Err(Rejection::Cancelled) => (Status::NotRun, None),
        Err(Rejection::Start(error @ (StartError::Secret { .. } | StartError::WorkingDir { .. }))) => {
            (Status::Skipped(error.to_string()), None)
        }
        Err(rejection) => (status(vec![Problem::new(rejection.to_string())]), None),
    }
}

fn status(problems: Vec<Problem>) -> Status {
    if problems.is_empty() { Status::Passed } else { Status::Failed(problems) }
}

/// The words of the command line, as a plan prints them.
fn words(stage: &Stage, plan: &ExecutionPlan) -> Vec<String> {
    let printed = plan.to_json(&stage.catalog().secrets);
    let words = printed.get("argv").and_then(|argv| argv.as_array()).into_iter().flatten();
    words.filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn refused(case: &Case, rejection: &Rejection) -> Status {
    let text = rejection.to_string();
    if lacks_means(rejection) {
        return Status::Skipped(text);
    }
    let expected = match &case.trial.expectation {
        Expectation::Refusal { by, says } => Some((*by, says.as_deref())),
        Expectation::Plan(_) | Expectation::Run(_) => None,
    };
    status(judge_refusal(expected, refuser(rejection), &text))
}

/// Whether this host cannot do what the command asks for.
fn lacks_means(rejection: &Rejection) -> bool {
    let Rejection::Plan(problems) = rejection else { return false };
    let is_of_call = |problem: &PlanError| {
        matches!(problem.cause(), PlanError::Argument { .. } | PlanError::Call(_) | PlanError::Denied(_))
    };
    problems.iter().all(|problem| !is_of_call(problem))
}

fn refuser(rejection: &Rejection) -> Option<Refuser> {
    if rejection.denied().is_some() {
        return Some(Refuser::Policy);
    }
    match rejection {
        Rejection::BadCall(BadCall::Arguments { .. }) | Rejection::Plan(_) => Some(Refuser::Parameters),
        _ => None,
    }
}

fn observed(case: &Case, plan: &ExecutionPlan, outcome: &Outcome) -> Observed {
    let presented = outcome.present(plan);
    let text = |stream| String::from_utf8_lossy(&outcome.output.joined(stream)).into_owned();
    let pretended = case.trial.mock.as_ref().map_or(Duration::ZERO, |mock| mock.delay);
    Observed {
        ending: match (&outcome.ending, outcome.ending.exit_code()) {
            (_, Some(code)) => ObservedEnding::Code(code),
            (Ending::Ran(End::TimedOut { .. }), _) => ObservedEnding::TimedOut,
            _ => ObservedEnding::Other,
        },
        is_error: presented.is_error,
        reason: outcome.reason(&plan.tool),
        stdout: text(Stream::Stdout),
        stderr: text(Stream::Stderr),
        omitted: outcome.output.omitted,
        result: presented.plain_text(),
        structured: presented.structured,
        duration: outcome.duration.max(pretended),
    }
}

/// What must not be read in a report: declared secrets, and values of sensitive parameters.
fn mask(stage: &Stage, case: &Case) -> Mask {
    // Shorter ones are found in every text.
    const SHORTEST: usize = 3;
    let values = stage.secrets();
    let secrets = values.iter().map(|value| (value.reveal().to_owned(), "[redacted]"));
    let sensitive = case.trial.arguments.iter().filter_map(|(name, value)| {
        let param = case.tool.params.find(name)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (param.rule.sensitive && text.len() >= SHORTEST).then_some((text, "***"))
    });
    Mask::new(secrets.chain(sensitive))
}

/// Nobody watches: what is not as expected is shown when the run has ended.
struct Silence;

impl Watcher for Silence {
    fn output(&mut self, _: Stream, _: &Bytes) {}
}
