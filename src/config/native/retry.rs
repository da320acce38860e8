//! `retry` of a command and of a step: a number of attempts, or a map.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, nearest};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{Backoff, Retry, RetryOn, RetryReason};

/// More tries than these are a mistake, or an attack on whoever is called.
const MOST_ATTEMPTS: i128 = 100;

/// `retry` as it is written, with the place of its key.
#[derive(Debug, Clone)]
pub struct RetryKeys {
    #[allow(dead_code, reason = "for those who judge it beside other keys of a command")]
    pub span: Span,
    pub retry: Retry,
}

impl RetryKeys {
    /// Reads the key `retry`. What is wrong in it has been reported, and the rest of it holds.
    pub fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("retry")?;
        let retry = match field.node.kind {
            Kind::Map(_) => map(reader, field)?,
            Kind::Scalar(_) => Retry { attempts: attempts(reader, field.node, "retry")?, ..usual() },
            _ => {
                let expected = "a number of attempts, or a map such as `{ attempts: 3, delay: 1s }`";
                reader.wrong_type(field.node, "`retry`", expected);
                return None;
            }
        };
        Some(Self { span: field.key_span, retry })
    }
}

/// What holds where a file says nothing.
fn usual() -> Retry {
    Retry {
        attempts: NonZeroU32::MIN.saturating_add(2),
        backoff: Backoff::Exponential,
        delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(30),
        on: RetryOn::Safe,
    }
}

fn map<'n>(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Retry> {
    const BACKOFFS: [(&str, Backoff); 3] =
        [("fixed", Backoff::Fixed), ("linear", Backoff::Linear), ("exponential", Backoff::Exponential)];
    let mut fields = Fields::open(reader, field.node, &shape::RETRY)?;
    let usual = usual();
    let tries = fields.take("attempts").and_then(|field| attempts(reader, field.node, "attempts"));
    let backoff = fields.one_of("backoff", &BACKOFFS);
    let delay = fields.duration("delay");
    let longest = fields.take("max_delay");
    let max_delay = longest.and_then(|field| reader.duration(field.node, "max_delay"));
    let on = fields.take("on").and_then(|field| on(reader, field));
    fields.close();
    let delay = delay.unwrap_or(usual.delay);
    if let (Some(longest), Some(max_delay)) = (longest, max_delay)
        && max_delay < delay
    {
        let message = "`max_delay` is shorter than `delay`, the first wait";
        let problem = Diagnostic::error(Code::BadRetry, longest.node.span, message);
        reader.problems.add(problem.help("make it longer, or remove it"));
    }
    Some(Retry {
        attempts: tries.unwrap_or(usual.attempts),
        backoff: backoff.unwrap_or(usual.backoff),
        delay,
        // A long first wait is meant.
        max_delay: max_delay.unwrap_or(usual.max_delay.max(delay)),
        on: on.unwrap_or(usual.on),
    })
}

fn attempts(reader: &Reader<'_>, node: &Node<'_>, key: &str) -> Option<NonZeroU32> {
    let attempts = reader.integer(node, key, 1..=MOST_ATTEMPTS)?;
    u32::try_from(attempts).ok().and_then(NonZeroU32::new)
}

fn on(reader: &Reader<'_>, field: Field<'_>) -> Option<RetryOn> {
    let written = reader.texts(field.node, "on")?;
    if written.is_empty() {
        let message = "`on` names no ending: there would never be another try";
        let problem = Diagnostic::error(Code::BadRetry, field.node.span, message);
        reader.problems.add(problem.help("name some, such as `[timeout]`, or remove `retry`"));
        return None;
    }
    let reasons = written.iter().filter_map(|text| match reason(text.value) {
        Ok(reason) => Some(reason),
        Err(help) => {
            let message = format!("`{}` is no ending after which there could be another try", text.value);
            reader.problems.add(Diagnostic::error(Code::BadRetry, text.span, message).help(help));
            None
        }
    });
    Some(RetryOn::These(reasons.collect()))
}

/// An error says what to write.
fn reason(text: &str) -> Result<RetryReason, String> {
    const WORDS: [(&str, RetryReason); 3] = [
        ("failure", RetryReason::Failure),
        ("timeout", RetryReason::Timeout),
        ("unanswered", RetryReason::Unanswered),
    ];
    let number = |text: &str| text.trim().parse::<u16>().ok();
    if let Some(code) = text.strip_prefix("exit:") {
        let code = number(code).filter(|code| *code <= 255).map(i32::from);
        return code.map(RetryReason::Exit).ok_or("an exit code is a number from 0 to 255".to_owned());
    }
    if let Some(status) = text.strip_prefix("http:") {
        let status = number(status).filter(|status| (100..=599).contains(status));
        return status.map(RetryReason::Http).ok_or("a status code is a number from 100 to 599".to_owned());
    }
    if let Some((_, reason)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Ok(*reason);
    }
    Err(match nearest(text, WORDS.iter().map(|(word, _)| *word)) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "expected `failure`, `timeout`, `unanswered`, `exit:CODE` or `http:STATUS`".to_owned(),
    })
}
