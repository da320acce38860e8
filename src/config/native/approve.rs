//! `approve` of `confirm`: who decides outside of the client.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::syntax::Kind;
use crate::model::ApprovalCall;

use super::Webhook;

pub enum ApproveKeys<'n> {
    Shell,
    Command(Spanned<&'n str>),
    Webhook(Box<ApproveWebhook<'n>>),
}

impl ApproveKeys<'_> {
    /// Whether a call that nobody makes again can be approved.
    pub fn decides_at_once(&self) -> bool {
        !matches!(self, Self::Shell)
    }
}

/// A request that somebody answers.
pub struct ApproveWebhook<'n> {
    pub call: Webhook<'n>,
    pub secret: Option<Spanned<&'n str>>,
    pub timeout: Duration,
}

pub fn approve<'n>(reader: &'n Reader<'n>, field: Field<'n>) -> Option<ApproveKeys<'n>> {
    let mut fields = Fields::open(reader, field.node, &shape::APPROVE)?;
    let (cli, command) = (fields.boolean("cli").unwrap_or_default(), fields.text("command"));
    let webhook = fields.take("webhook");
    fields.close();
    match (cli, command, webhook) {
        (true, None, None) => Some(ApproveKeys::Shell),
        (false, Some(command), None) => Some(ApproveKeys::Command(command)),
        (false, None, Some(webhook)) => ApproveWebhook::read(reader, webhook).map(ApproveKeys::Webhook),
        _ => {
            let message =
                "`approve` names who decides: `cli: true`, a `command` or a `webhook`, and only one of them";
            reader.problems.add(Diagnostic::error(Code::BadConfirm, field.node.span, message));
            None
        }
    }
}

impl<'n> ApproveWebhook<'n> {
    fn read(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Box<Self>> {
        let usual = |call| Self { call, secret: None, timeout: ApprovalCall::TIMEOUT };
        if !matches!(field.node.kind, Kind::Map(_)) {
            let url = reader.text(field.node, "webhook")?;
            return Some(Box::new(usual(Webhook::of_url(field.key_span, Some(url)))));
        }
        let mut fields = Fields::open(reader, field.node, &shape::APPROVE_WEBHOOK)?;
        let call = Webhook::read_approval(reader, field.key_span, &mut fields);
        let timeout = fields.duration("timeout").unwrap_or(ApprovalCall::TIMEOUT);
        let keys = Self { secret: fields.text("secret"), timeout, ..usual(call) };
        fields.close();
        if timeout.is_zero() {
            let problem =
                Diagnostic::error(Code::BadConfirm, field.node.span, "nobody can answer in no time");
            reader.problems.add(problem.help("write `timeout: 30s`, or leave `timeout` out"));
        }
        Some(Box::new(keys))
    }
}
