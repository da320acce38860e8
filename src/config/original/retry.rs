//! `webhook.retry` of an original file: `max_retries`, `backoff`, `delay`, `status_codes`.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader};
use crate::config::shape;
use crate::config::syntax::{Node, scalar};
use crate::model::{Backoff, Retry, RetryOn, RetryReason, parse_duration};

/// Where a file says nothing: what passes by itself.
pub const STATUS_CODES: [u16; 4] = [429, 502, 503, 504];
const MAX_DELAY: Duration = Duration::from_secs(30);
const MOST_RETRIES: i128 = 99;

/// `None` if nothing is tried again. What could not be read has been reported.
pub fn retry<'n>(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Retry> {
    let mut fields = Fields::open(reader, node, &shape::ORIGINAL_RETRY)?;
    let warn = |node: &Node<'_>, message: String| {
        reader.problems.add(Diagnostic::warning(Code::BadValue, node.span, message));
    };
    let retries = fields.take("max_retries").map_or(0, |field| {
        let retries = field.node.as_text().and_then(scalar::integer);
        retries.filter(|retries| (0..=MOST_RETRIES).contains(retries)).unwrap_or_else(|| {
            warn(
                field.node,
                format!("`max_retries` is no whole number up to {MOST_RETRIES}; nothing is tried again"),
            );
            0
        })
    });
    let backoff = fields.take("backoff").map_or(Backoff::Exponential, |field| {
        match field.node.as_text().unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "exponential" => Backoff::Exponential,
            "linear" => Backoff::Linear,
            "fixed" | "constant" => Backoff::Fixed,
            other => {
                warn(field.node, format!("`{other}` is no way to wait; `exponential` is used"));
                Backoff::Exponential
            }
        }
    });
    let delay = fields.take("delay").map_or(Duration::from_secs(1), |field| {
        let text = field.node.as_text().unwrap_or_default();
        // A bare number counts as seconds, as everywhere in these files.
        let seconds = || text.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()));
        parse_duration(text).ok().or_else(seconds).unwrap_or_else(|| {
            warn(field.node, "`delay` is no duration; `1s` is used".to_owned());
            Duration::from_secs(1)
        })
    });
    let codes = fields.take("status_codes").and_then(|field| reader.list(field.node, "status_codes"));
    let codes = codes.map(|codes| {
        let code = |node: &Node<'_>| {
            let code = node.as_text().and_then(|code| code.parse::<u16>().ok());
            if code.is_none() {
                warn(node, "this is no status code; it is ignored".to_owned());
            }
            code.map(RetryReason::Http)
        };
        codes.iter().filter_map(code).collect::<Vec<_>>()
    });
    fields.close();
    let usual = || STATUS_CODES.map(RetryReason::Http).into_iter().chain([RetryReason::Unanswered]).collect();
    let attempts = u32::try_from(retries).ok().filter(|retries| *retries > 0)?.saturating_add(1);
    Some(Retry {
        attempts: NonZeroU32::new(attempts)?,
        backoff,
        delay,
        max_delay: MAX_DELAY.max(delay),
        on: RetryOn::These(codes.unwrap_or_else(usual)),
    })
}
