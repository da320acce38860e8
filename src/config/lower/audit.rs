//! `audit` → [`AuditRules`].

use std::path::PathBuf;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{AuditKeys, SyslogKeys};
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::model::{AuditKind, AuditRules, ByteSize, Checkpoint, Rotation, Syslog};

use super::Place;

/// A smaller file would be little but its beginning.
const SMALLEST: u64 = 16 << 10;

pub fn audit(place: &Place<'_>, written: AuditKeys<'_>) -> AuditRules {
    let AuditKeys { span, file, stdout, syslog, chain, on_failure, sync, mask, every, key, .. } = written;
    let chain = chain.unwrap_or(true);
    if file.is_none() && !stdout && syslog.is_none() {
        let message = "`audit` does not say where records are written";
        bad(place, span, message, "give it a `file`, `stdout: true` or `syslog: true`");
    }
    if let (Some(key), false) = (&key, chain) {
        let message = "`checkpoint.key` signs a chain, and `chain` is `false`";
        bad(place, key.span, message, "leave `chain` out");
    }
    let (rotation, checkpoint) = (Rotation::default(), Checkpoint::default());
    AuditRules {
        file: path(place, file, "file"),
        stdout,
        syslog: syslog.map(|written| lower_syslog(place, written)),
        chain,
        on_failure: on_failure.unwrap_or_default(),
        sync,
        rotation: Rotation {
            size: written.rotate_size.map_or(rotation.size, |size| sized(place, size)),
            keep: written.rotate_keep.and_then(|keep| usize::try_from(keep).ok()).unwrap_or(rotation.keep),
        },
        include: written.include.unwrap_or_else(|| AuditKind::ALL.to_vec()),
        mask: mask.into_iter().map(|pattern| pattern.value.to_owned()).collect(),
        checkpoint: Checkpoint {
            every: every.map_or(checkpoint.every, u64::from),
            key: path(place, key, "checkpoint.key"),
        },
    }
}

fn bad(place: &Place<'_>, span: Span, message: impl Into<String>, help: &str) {
    place.reader.problems.add(Diagnostic::error(Code::BadAudit, span, message.into()).help(help.to_owned()));
}

/// A record that may or may not be written is none: a path that is not known is an error.
fn path(place: &Place<'_>, written: Option<Spanned<&str>>, key: &str) -> Option<PathBuf> {
    let written = written?;
    let path = place.path(written, key);
    if let Some(variable) = place.take_missing() {
        let message = format!("`{key}` of `audit` needs the variable `{variable}`, which is not set");
        bad(place, written.span, message, "set it, or write `${NAME:-a default}`");
    }
    path
}

fn sized(place: &Place<'_>, size: Spanned<ByteSize>) -> ByteSize {
    if size.value.0 < SMALLEST {
        bad(
            place,
            size.span,
            "`rotate.size` is less than 16KiB",
            "records of one call can be as long as that",
        );
    }
    size.value
}

fn lower_syslog(place: &Place<'_>, written: SyslogKeys<'_>) -> Syslog {
    let default = Syslog::default();
    if let Some(tag) = written.tag.filter(|tag| !is_tag(tag.value)) {
        bad(place, tag.span, "`tag` is no name of a program", "up to 32 letters, digits, `-`, `_` and `.`");
    }
    Syslog {
        socket: path(place, written.socket, "syslog.socket").unwrap_or(default.socket),
        facility: written.facility.unwrap_or(default.facility),
        tag: written.tag.map_or(default.tag, |tag| tag.value.to_owned()),
    }
}

fn is_tag(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=32).contains(&text.len()) && text.chars().all(is_name)
}
