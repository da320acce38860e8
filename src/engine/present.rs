//! An outcome as a result that a model can use: what is shown, what was cut, why it failed.

use bytes::Bytes;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::model::{Action, Dialect, OutputFormat, OutputRules, Tool, format_duration};
use crate::plan::ExecutionPlan;
use crate::runner::{End, Stream};

use super::capture::Chunk;
use super::{Ending, Outcome, Sanitizer};

/// A result before it is put into a protocol's form.
#[derive(Debug)]
pub struct Presented {
    pub is_error: bool,
    pub text: Vec<TextPart>,
    pub binary: Option<BinaryPart>,
    /// Present only if the command declares an output schema, and never on errors.
    pub structured: Option<Value>,
    /// What has to be said of the result that is no part of it.
    pub note: Option<String>,
    /// Facts about the run for programs.
    pub meta: Map<String, Value>,
}

/// A part of the text, in order.
#[derive(Debug)]
pub enum TextPart {
    /// Our words: clean.
    Said(String),
    /// The command's bytes: to be sanitized while they are written.
    Output(Vec<Bytes>),
}

#[derive(Debug)]
pub struct BinaryPart {
    pub mime: String,
    pub bytes: Vec<Bytes>,
}

impl Presented {
    /// The text that a model sees.
    pub fn plain_text(&self) -> String {
        let parts = self.text.iter().map(|part| match part {
            TextPart::Said(text) => text.clone(),
            TextPart::Output(chunks) => Sanitizer::clean(&chunks.concat()),
        });
        parts.collect()
    }
}

/// Some clients cut longer errors themselves, at the end, where the cause stands.
const ERROR_SHOW: usize = 10_000;

impl Outcome {
    pub fn present(&self, plan: &ExecutionPlan) -> Presented {
        let tool = self.plan(plan).tool.as_ref();
        let presented = self.presented(tool);
        Presented { note: self.note(), ..presented }
    }

    fn presented(&self, tool: &Tool) -> Presented {
        let meta = self.meta();
        match self.ending.success(&tool.exit_codes) {
            Some(empty_text) => self.success(tool, empty_text, meta),
            None => self.failure(tool, meta),
        }
    }

    fn success(&self, tool: &Tool, empty_text: Option<&str>, meta: Map<String, Value>) -> Presented {
        let mut presented =
            Presented { is_error: false, text: Vec::new(), binary: None, structured: None, note: None, meta };
        let rules = &tool.output;
        match rules.format {
            _ if self.output.is_empty() => presented.text.push(TextPart::Said(match empty_text {
                Some(text) => text.to_owned(),
                None if tool.dialect == Dialect::Original => String::new(),
                None => "(no output)".to_owned(),
            })),
            OutputFormat::Text => presented.text = self.shown(rules.show.as_len(), rules, None),
            OutputFormat::Binary => presented.binary = Some(self.binary(rules)),
            OutputFormat::Json | OutputFormat::Lines => match self.structured(rules) {
                Ok(structured) => {
                    presented.text = self.shown(rules.show.as_len(), rules, Some(Stream::Stdout));
                    presented.structured = structured;
                }
                Err(problem) => {
                    presented.is_error = true;
                    presented.text = self.shown(ERROR_SHOW.min(rules.show.as_len()), rules, None);
                    presented.text.push(TextPart::Said(format!("\n{problem}")));
                }
            },
        }
        presented
    }

    fn failure(&self, tool: &Tool, meta: Map<String, Value>) -> Presented {
        let rules = &tool.output;
        let show = ERROR_SHOW.min(rules.show.as_len());
        let mut text = self.shown(show, rules, None);
        let reason = self.reason(tool);
        match (tool.dialect, self.ending.exit_code()) {
            (Dialect::Original, Some(code)) => {
                let said = format!("Command execution failed: exit status {code}\nOutput: ");
                text.insert(0, TextPart::Said(said));
            }
            (Dialect::Original, None) if self.ending.http_status().is_some() => {
                let said = format!("Command execution failed: {reason}\nOutput: ");
                text.insert(0, TextPart::Said(said));
            }
            _ if self.output.is_empty() => text = vec![TextPart::Said(reason)],
            _ => text.push(TextPart::Said(format!("{}{reason}", self.line_break()))),
        }
        Presented { is_error: true, text, binary: None, structured: None, note: None, meta }
    }

    /// A newline, unless the output ended with one.
    fn line_break(&self) -> &'static str {
        let last = self.output.chunks().last().and_then(|chunk| chunk.bytes.last());
        if last == Some(&b'\n') { "" } else { "\n" }
    }

    /// Why it failed, in one line that names the limit that was hit.
    pub fn reason(&self, tool: &Tool) -> String {
        let tool = self.story.instead.last().map_or(tool, |instead| &instead.plan.tool);
        format!("{}{}", self.own_reason(tool), self.story.behind())
    }

    fn own_reason(&self, tool: &Tool) -> String {
        let limits = &tool.limits;
        let took = seconds(self.duration);
        let memory = limits.memory.map(|memory| format!(" of {memory}")).unwrap_or_default();
        let pids = limits.pids.map(|pids| format!(" of {pids}")).unwrap_or_default();
        match &self.ending {
            Ending::TooMuchOutput => {
                format!("too much output: killed after more than {} (limits.output)", limits.output)
            }
            Ending::Ran(End::Success) => format!("exit code 0 · {took}"),
            Ending::Ran(End::Failed(code)) => format!("exit code {code} · {took}"),
            Ending::Ran(End::Signalled(signal)) => format!("killed by signal {signal} · {took}"),
            Ending::Ran(End::TimedOut { after }) if matches!(tool.action, Action::Http(_)) => {
                format!("timed out after {}: the call was given up", format_duration(*after))
            }
            Ending::Ran(End::TimedOut { after }) => {
                format!("timed out after {} and was killed", format_duration(*after))
            }
            Ending::Ran(End::Cancelled) => format!("cancelled after {took}"),
            Ending::Ran(End::OutOfMemory) => {
                format!(
                    "out of memory: exceeded the limit{memory} (limits.memory) and was killed after {took}"
                )
            }
            Ending::Ran(End::TooManyProcesses) => {
                format!(
                    "too many processes: exceeded the limit{pids} (limits.pids) and was killed after {took}"
                )
            }
            Ending::Ran(End::Answered { status, phrase, .. }) => {
                let gap = if phrase.is_empty() { "" } else { " " };
                format!("HTTP status {status}{gap}{phrase} · {took}")
            }
            Ending::Ran(End::Unanswered { problem, .. }) => format!("no answer: {problem} · {took}"),
            Ending::Ran(End::Lost) if matches!(tool.action, Action::Container(_)) => {
                format!(
                    "lost after {took}: the container engine went away; what it left is removed once it is back"
                )
            }
            Ending::Ran(End::Lost) => {
                format!("lost after {took}: the process that watched it was killed; nothing of it is left")
            }
        }
    }

    fn meta(&self) -> Map<String, Value> {
        let output = &self.output;
        let mut run = json!({
            "id": self.id.to_string(),
            "exitCode": self.ending.exit_code(),
            "signal": self.ending.signal(),
            "httpStatus": self.ending.http_status(),
            "durationMs": u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            "stdoutBytes": output.stdout_bytes,
            "stderrBytes": output.stderr_bytes,
            "truncated": output.omitted > 0,
        });
        if let Some(run) = run.as_object_mut() {
            run.extend(self.story.meta());
        }
        Map::from_iter([("mcpfier/run".to_owned(), run)])
    }

    fn binary(&self, rules: &OutputRules) -> BinaryPart {
        let mime = rules.mime.clone().unwrap_or_else(|| "application/octet-stream".to_owned());
        let stdout = self.output.chunks().filter(|chunk| chunk.stream == Stream::Stdout);
        BinaryPart { mime, bytes: stdout.map(|chunk| chunk.bytes.clone()).collect() }
    }

    /// The bytes that are shown, at most `show`: the beginning and, for the most part, the end.
    fn shown(&self, show: usize, rules: &OutputRules, only: Option<Stream>) -> Vec<TextPart> {
        let chunks: Vec<&Chunk> =
            self.output.chunks().filter(|chunk| only.is_none_or(|only| chunk.stream == only)).collect();
        let kept: usize = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        if kept <= show && self.output.omitted == 0 {
            return vec![TextPart::Output(chunks.into_iter().map(|chunk| chunk.bytes.clone()).collect())];
        }
        // Where bytes are missing in the middle, the cut has to be there.
        let kept_head: usize = self.output.head.iter().map(|chunk| chunk.bytes.len()).sum();
        let head = (show / 4).min(if self.output.omitted > 0 { kept_head } else { usize::MAX });
        let tail = show.min(kept).saturating_sub(head);
        let omitted = self.output.omitted + (kept.saturating_sub(head + tail)) as u64;
        let cut = format!("\n[… {} bytes omitted; {} …]\n", grouped(omitted), self.cut_reason(rules));
        vec![
            TextPart::Output(first(&chunks, head)),
            TextPart::Said(cut),
            TextPart::Output(last(&chunks, tail)),
        ]
    }

    fn cut_reason(&self, rules: &OutputRules) -> String {
        let total = self.output.stdout_bytes + self.output.stderr_bytes;
        format!("of {} bytes, {} are shown (output.show)", grouped(total), rules.show)
    }

    /// JSON or lines, checked against the declared schema.
    fn structured(&self, rules: &OutputRules) -> Result<Option<Value>, String> {
        if rules.format == OutputFormat::Lines && rules.schema.is_none() {
            return Ok(None);
        }
        if self.output.omitted > 0 {
            return Err("the output is longer than `limits.output`, so it is no whole document".to_owned());
        }
        let stdout = self.output.joined(Stream::Stdout);
        let value = match rules.format {
            OutputFormat::Json => serde_json::from_slice(&stdout)
                .map_err(|error| format!("the command promised JSON on stdout, but wrote none: {error}"))?,
            _ => Value::Array(Sanitizer::clean(&stdout).lines().map(|line| json!(line)).collect()),
        };
        match &rules.schema {
            None => Ok(None),
            Some(schema) => fitting(schema, value).map(Some),
        }
    }
}

/// Checks against the schema, and wraps what it does not describe as an object.
fn fitting(schema: &Map<String, Value>, value: Value) -> Result<Value, String> {
    let validator: Validator = jsonschema::draft202012::options()
        .offline()
        .build(&Value::Object(schema.clone()))
        .map_err(|error| format!("`output.schema` is not valid: {error}"))?;
    if let Some(error) = validator.iter_errors(&value).next() {
        let place = error.instance_path().to_string();
        return Err(format!("the output does not fit `output.schema` at `{place}`: {error}"));
    }
    if OutputRules::describes_object(schema) { Ok(value) } else { Ok(json!({ "matches": value })) }
}

fn first(chunks: &[&Chunk], mut wanted: usize) -> Vec<Bytes> {
    let mut taken = Vec::new();
    for chunk in chunks {
        let part = chunk.bytes.slice(..wanted.min(chunk.bytes.len()));
        wanted -= part.len();
        taken.push(part);
        if wanted == 0 {
            break;
        }
    }
    taken
}

fn last(chunks: &[&Chunk], mut wanted: usize) -> Vec<Bytes> {
    let mut taken = Vec::new();
    for chunk in chunks.iter().rev() {
        let length = chunk.bytes.len();
        let part = chunk.bytes.slice(length.saturating_sub(wanted)..);
        wanted -= part.len();
        taken.push(part);
        if wanted == 0 {
            break;
        }
    }
    taken.reverse();
    taken
}

/// As precise as it is worth.
fn seconds(duration: std::time::Duration) -> String {
    match duration.as_millis() {
        short @ ..1000 => format!("{short} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
