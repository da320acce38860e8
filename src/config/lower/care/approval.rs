//! `approve: { webhook: … }`: a request with the call in it, which somebody answers.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::param::LoweredParams;
use crate::config::lower::scope::{Scope, Spot};
use crate::config::lower::webhook;
use crate::config::native::ApproveWebhook;
use crate::config::read::Spanned;
use crate::model::{
    APPROVAL_FIELDS, ApprovalCall, HttpAction, HttpBody, HttpStream, JsonTemplate, Method, Reference,
    SecretName, StatusCodes, Template,
};

/// `None` if it cannot be made.
pub fn approval(
    of_command: &Scope<'_>,
    keys: &ApproveWebhook<'_>,
    proxy: Option<&Spanned<String>>,
) -> Option<ApprovalCall> {
    let mut params = LoweredParams::default();
    params.add_holes(APPROVAL_FIELDS.into_iter(), keys.call.span);
    let scope = Scope::new(of_command.place, &params, of_command.secrets);
    let action = webhook::request(&scope, &keys.call, proxy);
    let signed = keys.secret.map(|written| secret(&scope, written));
    let action = HttpAction {
        method: Method::Post,
        body: HttpBody::Json(body()?),
        success: StatusCodes::of(vec![200..=200, 202..=202]),
        redirects: 0,
        stream: HttpStream::Bytes,
        signed: match signed {
            Some(secret) => Some(secret?),
            None => None,
        },
        ..action?
    };
    Some(ApprovalCall { action, timeout: keys.timeout })
}

/// Each field by its name.
fn body() -> Option<JsonTemplate> {
    let field = |name: &str| {
        let hole = Template::parse(&format!("{{{{{name}}}}}")).ok()?;
        // That name is taken in templates.
        let key = if name == "by" { "caller" } else { name };
        Some((key.to_owned(), JsonTemplate::Text(hole)))
    };
    APPROVAL_FIELDS.into_iter().map(field).collect::<Option<_>>().map(JsonTemplate::Map)
}

/// A declared secret, and nothing else: what stands in a file is none.
fn secret(scope: &Scope<'_>, written: Spanned<&str>) -> Option<SecretName> {
    let template = scope.template(written, Spot::Private, false)?;
    match template.whole() {
        Some(Reference::Secret(name)) => Some(name.clone()),
        _ => {
            let message = "`secret` has to be exactly one `{{secrets.NAME}}`";
            let problem = Diagnostic::error(Code::BadConfirm, written.span, message);
            let help = "declare it under `secrets`, and write `secret: \"{{secrets.NAME}}\"`";
            scope.problems.add(problem.help(help));
            None
        }
    }
}
