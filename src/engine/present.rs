//! An outcome as a result that a model can use: what is shown, what was cut, why it failed.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::model::{Action, Dialect, OutputRules, Tool, format_duration};
use crate::plan::ExecutionPlan;
use crate::runner::{End, Stream};

use super::capture::Chunk;
use super::content::Wanted;
use super::facts::RunFacts;
use super::files::WrittenFile;
use super::{Ending, Outcome, Sanitizer};

/// A result before it is put into a protocol's form.
#[derive(Debug, Clone)]
pub struct Presented {
    pub is_error: bool,
    pub text: Vec<TextPart>,
    /// What the text is, if it is more than plain.
    pub mime: Option<String>,
    pub binary: Option<BinaryPart>,
    /// Blocks of the protocol that the command has made itself, in place of text and bytes. They are checked
    /// and clean.
    pub content: Option<Vec<Value>>,
    /// The command asks before it goes on.
    pub wanted: Option<Wanted>,
    /// What the command wrote beside its output.
    pub files: Vec<WrittenFile>,
    /// Present only if the command declares an output schema, and never on errors.
    pub structured: Option<Value>,
    /// What the tool promises of its output and a run that succeeded did not keep.
    pub broken: Option<String>,
    /// What has to be said of the result that is no part of it.
    pub note: Option<String>,
    /// Of the run that it came of, if it came of one.
    pub run: Option<Box<RunFacts>>,
    /// What else programs are told.
    pub meta: Map<String, Value>,
}

/// A part of the text, in order.
#[derive(Debug, Clone)]
pub enum TextPart {
    /// Our words: clean.
    Said(String),
    /// The command's bytes: to be sanitized while they are written.
    Output(Vec<Bytes>),
}

#[derive(Debug, Clone)]
pub struct BinaryPart {
    pub mime: String,
    pub bytes: Vec<Bytes>,
}

impl Presented {
    /// Whether a part of the output is missing in the text.
    pub fn is_cut(&self) -> bool {
        let is_mark = |part: &TextPart| matches!(part, TextPart::Said(text) if text.starts_with(CUT));
        self.text.iter().any(is_mark)
    }

    /// The text that a model sees.
    pub fn plain_text(&self) -> String {
        let parts = self.text.iter().map(|part| match part {
            TextPart::Said(text) => text.clone(),
            TextPart::Output(chunks) => Sanitizer::clean(&chunks.concat()),
        });
        parts.collect()
    }
}

impl Presented {
    fn of(run: Option<Box<RunFacts>>) -> Self {
        let (text, files) = (Vec::new(), Vec::new());
        Self {
            is_error: false,
            text,
            mime: None,
            binary: None,
            content: None,
            wanted: None,
            files,
            structured: None,
            broken: None,
            note: None,
            run,
            meta: Map::new(),
        }
    }

    /// A refusal, in our words.
    pub fn refusal(text: String) -> Self {
        Self { is_error: true, text: vec![TextPart::Said(text)], ..Self::of(None) }
    }
}

/// Some clients cut longer errors themselves, at the end, where the cause stands.
pub(super) const ERROR_SHOW: usize = 10_000;

impl Outcome {
    pub fn present(&self, plan: &ExecutionPlan) -> Presented {
        let presented = self.presented(self.plan(plan));
        Presented { note: self.note(), ..presented }
    }

    /// Of the plan that it came of.
    fn presented(&self, plan: &ExecutionPlan) -> Presented {
        let tool = plan.tool.as_ref();
        let mut presented = Presented::of(Some(Box::new(RunFacts::of(self))));
        if let Some(flow) = self.flow.as_ref().filter(|flow| !flow.is_own) {
            self.present_flow(flow, plan, &mut presented);
            return presented;
        }
        match self.ending.success(&tool.exit_codes) {
            Some(empty_text) => self.success(plan, empty_text, &mut presented),
            None => {
                presented.is_error = true;
                presented.text = self.failure(tool);
            }
        }
        presented
    }

    fn failure(&self, tool: &Tool) -> Vec<TextPart> {
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
        text
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
            Ending::FlowFailed(_) => {
                let flow = self.flow.as_ref().and_then(|flow| flow.reason());
                flow.unwrap_or_else(|| format!("a step failed · {took}"))
            }
            Ending::TooMuchOutput => {
                format!("too much output: killed after more than {} (limits.output)", limits.output)
            }
            Ending::Ran(End::Success) => format!("exit code 0 · {took}"),
            Ending::Ran(End::Failed(code)) => format!("exit code {code} · {took}"),
            Ending::Ran(End::Signalled(9)) if may_be_short(tool) => {
                format!(
                    "killed by signal 9 · {took}; perhaps for exceeding the limit{memory} (limits.memory), which container engines do not always tell"
                )
            }
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

    /// The bytes that are shown, at most `show`: the beginning and, for the most part, the end.
    pub(super) fn shown(&self, show: usize, rules: &OutputRules, only: Option<Stream>) -> Vec<TextPart> {
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
        let total = self.output.stdout_bytes + self.output.stderr_bytes;
        vec![
            TextPart::Output(first(&chunks, head)),
            cut(omitted, total, rules),
            TextPart::Output(last(&chunks, tail)),
        ]
    }
}

/// Some engines say of a container that it was killed, and not why.
fn may_be_short(tool: &Tool) -> bool {
    tool.limits.memory.is_some() && matches!(tool.action, Action::Container(_))
}

/// A text of ours that is made of the output, at most `output.show` of it: the beginning and the end.
pub(super) fn shown_text(text: String, rules: &OutputRules) -> Vec<TextPart> {
    let (show, bytes) = (rules.show.as_len(), Bytes::from(text));
    if bytes.len() <= show {
        return vec![TextPart::Output(vec![bytes])];
    }
    let (head, tail) = (show / 4, show - show / 4);
    let (total, omitted) = (bytes.len() as u64, (bytes.len() - show) as u64);
    let end = bytes.slice(bytes.len() - tail..);
    vec![TextPart::Output(vec![bytes.slice(..head)]), cut(omitted, total, rules), TextPart::Output(vec![end])]
}

/// What stands where bytes are missing begins with this.
const CUT: &str = "\n[… ";

fn cut(omitted: u64, total: u64, rules: &OutputRules) -> TextPart {
    let (omitted, total) = (grouped(omitted), grouped(total));
    TextPart::Said(format!(
        "{CUT}{omitted} bytes omitted; of {total} bytes, {} are shown (output.show) …]\n",
        rules.show
    ))
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
pub(super) fn seconds(duration: std::time::Duration) -> String {
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
