//! `confirm` of a command: a text, or a map.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{Confirm, Unasked};

use super::approve::{ApproveKeys, approve};

pub struct ConfirmKeys<'n> {
    /// Of the key itself.
    pub span: Span,
    pub text: Option<Spanned<&'n str>>,
    pub fallback: Unasked,
    pub ttl: Duration,
    pub approve: Option<ApproveKeys<'n>>,
}

impl<'n> ConfirmKeys<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("confirm")?;
        let usual = Self {
            span: field.key_span,
            text: None,
            fallback: Unasked::Refuse,
            ttl: Confirm::TTL,
            approve: None,
        };
        if !matches!(field.node.kind, Kind::Map(_)) {
            let text = reader.text(field.node, "confirm")?;
            return Some(Self { text: Some(text), ..usual });
        }
        const UNASKED: [(&str, Unasked); 2] = [("refuse", Unasked::Refuse), ("allow", Unasked::Allow)];
        let mut fields = Fields::open(reader, field.node, &shape::CONFIRM)?;
        let keys = Self {
            text: fields.required("text").and_then(|field| reader.text(field.node, "text")),
            fallback: fields.one_of("fallback", &UNASKED).unwrap_or_default(),
            ttl: fields.duration("ttl").unwrap_or(Confirm::TTL),
            approve: fields.take("approve").and_then(|field| approve(reader, field)),
            ..usual
        };
        fields.close();
        if keys.ttl.is_zero() {
            let problem =
                Diagnostic::error(Code::BadConfirm, field.node.span, "nobody can answer in no time");
            reader.problems.add(problem.help("write `ttl: 5m`, or leave `ttl` out"));
        }
        Some(keys)
    }
}

impl ConfirmKeys<'_> {
    /// What runs without anybody calling it has nobody who could be asked.
    pub fn check_beside(&self, reader: &Reader<'_>, command: &Node<'_>) {
        if !self.approve.as_ref().is_some_and(ApproveKeys::decides_at_once)
            && let Some(key) = ["schedule", "triggers"].into_iter().find(|key| command.get(key).is_some())
        {
            let message = format!("nobody is there to be asked when `{key}` runs this command");
            let problem = Diagnostic::error(Code::ConfirmWithoutAnybody, self.span, message);
            reader.problems.add(problem.help(format!(
                "remove `confirm`, or have `{key}` on another command that does the same without it"
            )));
        }
    }
}
