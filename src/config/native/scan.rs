//! `scan` of a container: who looks through its image, and what keeps it from running.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::model::{Scan, Scanner, Severity, WhenAbsent};

const SEVERITIES: [(&str, Severity); 4] = [
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("medium", Severity::Medium),
    ("low", Severity::Low),
];
const SCANNERS: [(&str, Scanner); 2] = [("trivy", Scanner::Trivy), ("grype", Scanner::Grype)];
const ABSENT: [(&str, WhenAbsent); 2] = [("refuse", WhenAbsent::Refuse), ("warn", WhenAbsent::Warn)];

pub fn scan(reader: &Reader<'_>, fields: &mut Fields<'_>) -> Option<Spanned<Scan>> {
    let field = fields.take("scan")?;
    let mut fields = Fields::open(reader, field.node, &shape::SCAN)?;
    let block_on = fields.one_of("block_on", &SEVERITIES);
    let with = fields.one_of("with", &SCANNERS);
    let when_absent = fields.one_of("when_absent", &ABSENT);
    fields.close();
    let value = Scan {
        block_on: block_on.unwrap_or(Severity::Critical),
        with,
        when_absent: when_absent.unwrap_or(WhenAbsent::Refuse),
    };
    Some(Spanned { value, span: field.key_span })
}
