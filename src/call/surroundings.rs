//! What a step of a flow sees beside its parameters: what the steps before it have come to, and the
//! item of its round.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::model::{Reference, StepId, StepPart};

/// More of an output is no word any more.
const MOST_TEXT: usize = 128 << 10;

/// What a step sees. Each plan of a step has its own; clones of one note what is asked for together.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Of the steps before it, those that have ended. What others come to is known later.
    pub steps: BTreeMap<StepId, Arc<StepResult>>,
    pub item: Item,
    asked: Arc<Mutex<Vec<Reference>>>,
}

/// What a round of `for_each` is for.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Item {
    #[default]
    None,
    /// The list is not known yet.
    Later,
    Known {
        value: Value,
        is_sensitive: bool,
    },
}

/// How a step has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    Succeeded,
    Failed,
    /// Its condition did not hold, or the flow has ended before its turn.
    Skipped,
}

/// What a step that has ended came to. What cannot be used says why.
#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    pub state: StepState,
    pub stdout: Result<String, String>,
    pub stderr: Result<String, String>,
    pub json: Result<Value, String>,
    pub exit_code: Option<i32>,
    /// One for each item.
    pub items: Vec<Arc<StepResult>>,
}

/// What a reference to a step or an item stands for now.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    Later,
    Known { value: Value, is_sensitive: bool },
    Bad(String),
}

impl Surroundings {
    pub fn new(steps: BTreeMap<StepId, Arc<StepResult>>, item: Item) -> Self {
        Self { steps, item, asked: Arc::default() }
    }

    /// The same with an item.
    pub fn with_item(&self, item: Item) -> Self {
        Self { item, ..self.clone() }
    }

    /// What a reference stands for. It is remembered that somebody asked.
    pub fn look(&self, reference: &Reference) -> Seen {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains(reference) {
            asked.push(reference.clone());
        }
        drop(asked);
        self.see(reference)
    }

    /// Everything that was asked for, each once.
    pub fn asked(&self) -> Vec<Reference> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was asked for and cannot be used, and why.
    pub fn problems(&self) -> Vec<(String, String)> {
        let bad = |reference: &Reference| match self.see(reference) {
            Seen::Bad(problem) => Some((reference.to_string(), problem)),
            Seen::Later | Seen::Known { .. } => None,
        };
        self.asked().iter().filter_map(bad).collect()
    }

    /// Whether something that was asked for is known only later.
    pub fn is_waiting(&self) -> bool {
        self.asked().iter().any(|reference| self.see(reference) == Seen::Later)
    }

    fn see(&self, reference: &Reference) -> Seen {
        match reference {
            Reference::Step { id, part, path } => {
                match self.steps.get(id).map(|step| step.value(*part, path)) {
                    Some(Ok(value)) => Seen::Known { value, is_sensitive: false },
                    Some(Err(problem)) => Seen::Bad(problem),
                    None => Seen::Later,
                }
            }
            Reference::Item { path } => match &self.item {
                Item::Later => Seen::Later,
                Item::None => {
                    Seen::Bad("there is no item here; only steps with `for_each` have one".to_owned())
                }
                Item::Known { value, is_sensitive } => match inside(value, path) {
                    Ok(value) => Seen::Known { value, is_sensitive: *is_sensitive },
                    Err(missing) => Seen::Bad(format!("the item has no `{missing}`")),
                },
            },
            _ => Seen::Known { value: Value::Null, is_sensitive: false },
        }
    }
}

impl StepState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl StepResult {
    /// Of a step that did nothing.
    pub fn skipped() -> Self {
        Self {
            state: StepState::Skipped,
            stdout: Ok(String::new()),
            stderr: Ok(String::new()),
            json: Ok(Value::Null),
            exit_code: None,
            items: Vec::new(),
        }
    }

    /// One part of it, or what is inside of its JSON. `null` counts as absent.
    pub fn value(&self, part: StepPart, path: &[String]) -> Result<Value, String> {
        match part {
            StepPart::Stdout => self.stdout.clone().map(Value::String),
            StepPart::Stderr => self.stderr.clone().map(Value::String),
            StepPart::ExitCode => Ok(json!(self.exit_code)),
            StepPart::Json => {
                let whole = self.json.as_ref().map_err(Clone::clone)?;
                inside(whole, path).map_err(|missing| format!("there is no `{missing}` in what it printed"))
            }
        }
    }

    /// All of it, as conditions and output templates see it. What cannot be used is not there.
    pub fn document(&self) -> Value {
        let mut document = json!({ "state": self.state.word(), "exit_code": self.exit_code });
        if let Value::Object(map) = &mut document {
            let text = |text: &Result<String, String>| text.as_ref().ok().map(|text| json!(text));
            map.extend(text(&self.stdout).map(|text| ("stdout".to_owned(), text)));
            map.extend(text(&self.stderr).map(|text| ("stderr".to_owned(), text)));
            map.extend(self.json.as_ref().ok().map(|json| ("json".to_owned(), json.clone())));
            if !self.items.is_empty() {
                let items: Vec<Value> = self.items.iter().map(|item| item.document()).collect();
                map.insert("items".to_owned(), Value::Array(items));
            }
        }
        document
    }
}

/// Output as the text of a word: without newlines at its end, as `$( )` has it.
pub fn output_text(bytes: &[u8], omitted: u64) -> Result<String, String> {
    if omitted > 0 {
        return Err(format!("the output was cut, {omitted} bytes of it were not kept (limits.output)"));
    }
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let bytes = bytes.get(..end).unwrap_or_default();
    if bytes.len() > MOST_TEXT {
        let most = MOST_TEXT >> 10;
        return Err(format!("the output is {} bytes long; at most {most} KiB can be handed on", bytes.len()));
    }
    if bytes.contains(&0) {
        return Err("the output contains a NUL character".to_owned());
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| "the output is no text in UTF-8".to_owned())
}

/// What is at a path in a value; `null` has everything in it, and all of that is `null`.
fn inside(value: &Value, path: &[String]) -> Result<Value, String> {
    let step = |value: &'_ Value, segment: &String| -> Option<Value> {
        match value {
            Value::Null => Some(Value::Null),
            Value::Object(map) => map.get(segment).cloned(),
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?).cloned(),
            _ => None,
        }
    };
    let Some((first, rest)) = path.split_first() else { return Ok(value.clone()) };
    let start = step(value, first).ok_or_else(|| first.clone())?;
    rest.iter().try_fold(start, |value, segment| step(&value, segment).ok_or_else(|| segment.clone()))
}

/// How a reference prints while it stands for nothing yet.
pub fn later_text(reference: &Reference) -> String {
    let (what, path) = match reference {
        Reference::Step { id, part, path } => {
            let part = match part {
                StepPart::Stdout => "output",
                StepPart::Stderr => "errors",
                StepPart::Json => "json",
                StepPart::ExitCode => "exit code",
            };
            (format!("{part} of {id}"), path.as_slice())
        }
        Reference::Item { path } => ("item".to_owned(), path.as_slice()),
        other => (other.to_string(), [].as_slice()),
    };
    match path {
        [] => format!("<{what}>"),
        path => format!("<{what}: {}>", path.join(".")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Piece, Template};

    fn reference(text: &str) -> Reference {
        match Template::parse(&format!("{{{{{text}}}}}")).unwrap().pieces() {
            [Piece::Value(reference)] => reference.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn output_is_a_text_only_if_all_of_it_is_there_and_it_is_one() {
        assert_eq!(output_text(b"a\nb\n\r\n", 0), Ok("a\nb".to_owned()));
        assert_eq!(output_text(b"\n", 0), Ok(String::new()));
        for (bytes, omitted, says) in [
            (b"a\0b".to_vec(), 0, "NUL"),
            (b"\xff".to_vec(), 0, "UTF-8"),
            (b"abc".to_vec(), 7, "cut, 7 bytes"),
            (vec![b'x'; MOST_TEXT + 1], 0, "at most 128 KiB"),
        ] {
            let said = output_text(&bytes, omitted).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
        assert!(output_text(&[vec![b'x'; MOST_TEXT], b"\n\n".to_vec()].concat(), 0).is_ok());
    }

    #[test]
    fn what_steps_came_to_is_known_later_or_bad() {
        let build = StepResult {
            json: Ok(json!({ "a": [1, { "b": "x" }], "none": null })),
            stdout: Err("the output was cut".to_owned()),
            exit_code: Some(3),
            ..StepResult::skipped()
        };
        let steps = BTreeMap::from([("build".parse().unwrap(), Arc::new(build))]);
        let item = Item::Known { value: json!({ "host": "h" }), is_sensitive: true };
        let surroundings = Surroundings::new(steps, item);
        let known = |value| Seen::Known { value, is_sensitive: false };
        assert_eq!(surroundings.look(&reference("steps.build.json.a.1.b")), known(json!("x")));
        assert_eq!(surroundings.look(&reference("steps.build.json.none.x")), known(Value::Null));
        assert_eq!(surroundings.look(&reference("steps.build.exit_code")), known(json!(3)));
        assert_eq!(surroundings.look(&reference("steps.other.stdout")), Seen::Later);
        let host = Seen::Known { value: json!("h"), is_sensitive: true };
        assert_eq!(surroundings.look(&reference("item.host")), host);
        assert_eq!(surroundings.problems(), []);
        surroundings.look(&reference("steps.build.stdout"));
        surroundings.look(&reference("steps.build.json.c"));
        surroundings.look(&reference("steps.build.json.c"));
        let problems = surroundings.problems();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert_eq!(problems[0], ("steps.build.stdout".to_owned(), "the output was cut".to_owned()));
        assert!(problems[1].1.contains("no `c`"), "{problems:?}");
    }

    #[test]
    fn what_is_not_known_yet_prints_as_what_it_will_be() {
        for (text, printed) in [
            ("steps.build.stdout", "<output of build>"),
            ("steps.build.json", "<json of build>"),
            ("steps.build.json.a.b", "<json of build: a.b>"),
            ("steps.build.exit_code", "<exit code of build>"),
            ("steps.build.stderr", "<errors of build>"),
            ("item", "<item>"),
            ("item.host", "<item: host>"),
        ] {
            assert_eq!(later_text(&reference(text)), printed);
        }
    }
}
