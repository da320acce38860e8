//! `tests` of a command → the calls to make and what is expected of each.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Check, Command, Ending, Expect, Imagined, MockEntry, Test};
use crate::config::read::{Field, Lines, Reader, Spanned};
use crate::config::source::Span;
use crate::config::syntax::{Kind as Written, Node};
use crate::model::{
    Expectation, ExpectedEnding, ExpectedRun, JsonCheck, Kind, Mock, Refuser, StandIn, TextCheck, Tool,
    Trial, TrialSet,
};

use super::json;
use super::trial_arguments::{arguments, check_arguments};

/// The tests of a command. One that cannot be made has been reported and is left out.
pub fn trials(reader: &Reader<'_>, lines: &Lines, tool: &Tool, command: &Command<'_>) -> TrialSet {
    let mut set = TrialSet { tool: tool.name.clone(), trials: Vec::new() };
    let Some(field) = command.tests else { return set };
    let mut names: HashMap<String, Span> = HashMap::new();
    for test in Test::read_all(reader, field) {
        let Some(mut trial) = trial(reader, lines, tool, &test) else { continue };
        trial.name = match test.name.filter(|name| !name.value.trim().is_empty()) {
            Some(name) => {
                note_name(reader, name.value, name.span, &mut names);
                trial.name
            }
            None => unused_name(trial.name, test.span, &mut names),
        };
        set.trials.push(trial);
    }
    set
}

fn note_name(reader: &Reader<'_>, name: &str, span: Span, names: &mut HashMap<String, Span>) {
    match names.get(name) {
        Some(first) => {
            let message = format!("there are two tests of the name `{name}`");
            let problem = Diagnostic::error(Code::DuplicateTest, span, message);
            reader.problems.add(problem.other(*first, "the first is here"));
        }
        None => drop(names.insert(name.to_owned(), span)),
    }
}

/// A name that we made, with a number if it is taken.
fn unused_name(name: String, span: Span, names: &mut HashMap<String, Span>) -> String {
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains_key(name));
    let free = free.unwrap_or(name);
    names.insert(free.clone(), span);
    free
}

fn trial(reader: &Reader<'_>, lines: &Lines, tool: &Tool, test: &Test<'_>) -> Option<Trial> {
    let with = arguments(reader, tool, test.with);
    let expectation = expectation(reader, test);
    if let Some(expectation) = &expectation
        && !matches!(expectation, Expectation::Refusal { by: Refuser::Parameters, .. })
    {
        check_arguments(reader, tool, test, &with);
    }
    if let (Some(mock), Some(Expectation::Refusal { by, .. })) = (&test.mock, &expectation) {
        let message = format!("nothing runs in a test that expects `{by}`, so `mock` has no effect");
        let problem = Diagnostic::warning(Code::PointlessMock, mock.key_span, message);
        reader.problems.add(problem.help("remove it"));
    }
    let name = test.name.map(|name| name.value.trim()).filter(|name| !name.is_empty());
    Some(Trial {
        name: name.map_or_else(|| described(tool, &with), str::to_owned),
        file: reader.sources.name_of_part(test.span).map(str::to_owned),
        line: lines.of(reader, test.span),
        expectation: expectation?,
        mock: test.mock.as_ref().map(mock),
        arguments: with,
        caller: test.caller.as_ref().map(|caller| Box::new(caller_of(reader, caller))),
    })
}

fn caller_of(reader: &Reader<'_>, written: &Imagined<'_>) -> StandIn {
    let texts = |texts: &[Spanned<&str>]| texts.iter().map(|text| text.value.to_owned()).collect();
    let claims = written.claims.map(|field| {
        if !matches!(field.node.kind, Written::Map(_)) {
            reader.wrong_type(field.node, "`claims`", "a map of claims");
        }
        json::object(reader, field.node)
    });
    StandIn {
        id: written.id.map_or_else(|| "local".to_owned(), |id| id.value.to_owned()),
        roles: texts(&written.roles),
        scopes: texts(&written.scopes),
        claims: claims.unwrap_or_default(),
        tenant: written.tenant.map(|tenant| tenant.value.to_owned()),
        address: None,
    }
}

/// The arguments as a name: `pattern=TODO limit=5`.
fn described(tool: &Tool, with: &Map<String, Value>) -> String {
    const LONGEST: usize = 60;
    if with.is_empty() {
        return "without arguments".to_owned();
    }
    let words = with.iter().map(|(name, value)| {
        let is_sensitive = tool.params.find(name).is_some_and(|param| param.rule.sensitive);
        match value {
            _ if is_sensitive => format!("{name}=***"),
            Value::String(text) => format!("{name}={}", text.escape_debug()),
            value => format!("{name}={value}"),
        }
    });
    let text = words.collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn mock(entry: &MockEntry<'_>) -> Mock {
    Mock {
        stdout: entry.stdout.unwrap_or_default().to_owned(),
        stderr: entry.stderr.unwrap_or_default().to_owned(),
        exit_code: entry.exit_code.unwrap_or(0),
        delay: entry.delay.unwrap_or(Duration::ZERO),
    }
}

/// `None` if it contradicts itself; that has been reported.
fn expectation(reader: &Reader<'_>, test: &Test<'_>) -> Option<Expectation> {
    let expect = &test.expect;
    let ending = one_ending(reader, expect)?.copied();
    let refusal = |by, says: Option<&str>| Expectation::Refusal { by, says: says.map(str::to_owned) };
    let ending = match ending {
        Some((field, Ending::Invalid(says))) => {
            return alone(reader, expect, &field).then(|| refusal(Refuser::Parameters, says));
        }
        Some((field, Ending::Denied(says))) => {
            return alone(reader, expect, &field).then(|| refusal(Refuser::Policy, says));
        }
        Some((_, Ending::Code(code))) => Some(ExpectedEnding::Code(code)),
        Some((_, Ending::TimedOut)) => Some(ExpectedEnding::TimedOut),
        Some((_, Ending::Fails(says))) => Some(ExpectedEnding::Failure(says.map(str::to_owned))),
        None => None,
    };
    let words = expect.argv.as_ref();
    let words = words.map(|(_, words)| words.iter().map(|word| text_checks(reader, word)).collect());
    let says_only_words = ending.is_none() && after_start(expect).is_none() && test.mock.is_none();
    match words {
        Some(words) if says_only_words => Some(Expectation::Plan(words)),
        words => {
            let ending = ending.unwrap_or(ExpectedEnding::Success);
            Some(Expectation::Run(Box::new(run(reader, expect, words, ending)?)))
        }
    }
}

fn run(
    reader: &Reader<'_>,
    expect: &Expect<'_>,
    words: Option<Vec<Vec<TextCheck>>>,
    ending: ExpectedEnding,
) -> Option<ExpectedRun> {
    let texts = |key: &str| {
        let checks = expect.texts.iter().filter(|(field, _)| field.key == key);
        checks.flat_map(|(_, checks)| text_checks(reader, checks)).collect()
    };
    let structured = match expect.structured {
        Some(field) => Some(json_check(reader, field.node)?),
        None => None,
    };
    Some(ExpectedRun {
        words,
        ending,
        stdout: texts("stdout"),
        stderr: texts("stderr"),
        result: texts("result"),
        structured,
        duration_under: expect.duration_under.map(|(_, duration)| duration),
    })
}

/// The one way in which the call is expected to end, if there is one. `None` if there are two.
fn one_ending<'e, 'n>(
    reader: &Reader<'_>,
    expect: &'e Expect<'n>,
) -> Option<Option<&'e (Field<'n>, Ending<'n>)>> {
    let mut endings = expect.endings.iter();
    let first = endings.next();
    if let (Some((first, _)), Some((second, _))) = (first, endings.next()) {
        let message = format!("a call cannot end with `{}` and with `{}`", first.key, second.key);
        let problem = Diagnostic::error(Code::BadExpectation, second.key_span, message);
        let problem = problem.other(first.key_span, format!("`{}` is expected here", first.key));
        reader.problems.add(problem.help("remove one, or make two tests of it"));
        return None;
    }
    Some(first)
}

/// Whether a refusal is all that is expected: nothing runs, so nothing else can come of it.
fn alone(reader: &Reader<'_>, expect: &Expect<'_>, refusal: &Field<'_>) -> bool {
    let words = expect.argv.as_ref().map(|(field, _)| (field.key, field.key_span));
    let Some((key, span)) = words.or_else(|| after_start(expect)) else { return true };
    let message = format!("nothing runs in a test that expects `{}`, so there is no `{key}`", refusal.key);
    let problem = Diagnostic::error(Code::BadExpectation, span, message);
    reader
        .problems
        .add(problem.other(refusal.key_span, "the call is expected to be refused").help("remove one"));
    false
}

/// What can only be seen of a call that runs, beside its end.
fn after_start(expect: &Expect<'_>) -> Option<(&'static str, Span)> {
    let field = expect.texts.first().map(|(field, _)| field).or(expect.structured.as_ref());
    let duration = expect.duration_under.map(|(span, _)| ("duration_under", span));
    field.map(|field| (field.key, field.key_span)).or(duration)
}

fn text_checks(reader: &Reader<'_>, checks: &[Check<'_>]) -> Vec<TextCheck> {
    let check = |check: &Check<'_>| {
        Some(match check {
            Check::Equals(text) => TextCheck::Equals((*text).to_owned()),
            Check::Contains(text) => TextCheck::Contains((*text).to_owned()),
            Check::Lacks(text) => TextCheck::Lacks((*text).to_owned()),
            Check::Matches(pattern) => TextCheck::Matches(pattern.clone()),
            Check::Json(node) => TextCheck::Json(json_check(reader, node)?),
        })
    };
    checks.iter().filter_map(check).collect()
}

/// A map whose keys are all JSON pointers names places; everything else is the whole value.
fn json_check(reader: &Reader<'_>, node: &Node<'_>) -> Option<JsonCheck> {
    let entries = node.entries();
    let is_pointer = |key: &str| key.is_empty() || key.starts_with('/');
    let pointers = entries.iter().filter(|entry| is_pointer(&entry.key.text)).count();
    if pointers == 0 {
        return json::value(reader, node, &Kind::Any).map(JsonCheck::Whole);
    }
    if let Some(other) = entries.iter().find(|entry| !is_pointer(&entry.key.text)) {
        let message = format!("`{}` is no JSON pointer, and other keys here are", other.key.text);
        let problem = Diagnostic::error(Code::BadExpectation, other.key.span, message);
        reader.problems.add(problem.help(format!(
            "write `/{}`; for a value whose own keys begin with `/` write it at the pointer `\"\"`",
            other.key.text
        )));
        return None;
    }
    let at = entries
        .iter()
        .map(|entry| Some((entry.key.text.to_string(), json::value(reader, &entry.value, &Kind::Any)?)));
    Some(JsonCheck::At(at.collect::<Option<_>>()?))
}
