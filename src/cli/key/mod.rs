//! `mcpfier key`: keys and passwords of callers over HTTP. A key is shown once; the file gets its
//! fingerprint.

mod change;
mod create;
mod list;
mod password;

use crate::auth::new_key;
use crate::model::Fingerprint;

use super::arguments::{Arguments, KeyAction};
use super::exit::Exit;
use super::print::Printer;

pub fn run(arguments: &Arguments, action: Option<&KeyAction>, printer: &Printer) -> Exit {
    match action {
        Some(KeyAction::Create { name, permissions, roles, tenant, expires }) => {
            let (tenant, expires) = (tenant.as_deref(), expires.as_deref());
            create::create(create::Wanted { name, permissions, roles, tenant, expires }, printer)
        }
        Some(KeyAction::List) => list::list(arguments, printer),
        Some(KeyAction::Rotate { name, keep_until }) => {
            change::rotate(arguments, name, keep_until.as_deref(), printer)
        }
        Some(KeyAction::Revoke { name }) => change::revoke(arguments, name, printer),
        Some(KeyAction::HashPassword) => password::hash(printer),
        Some(KeyAction::Other(_)) | None => {
            printer
                .error("expected `key create NAME`, `list`, `rotate NAME`, `revoke NAME` or `hash-password`");
            Exit::USAGE
        }
    }
}

/// A new key, and what stands for it in the file.
fn fresh(printer: &Printer) -> Option<(String, Fingerprint)> {
    let mut random = [0; 32];
    if getrandom::fill(&mut random).is_err() {
        printer.error("the system gives no random numbers");
        return None;
    }
    let key = new_key(&random);
    let fingerprint = Fingerprint::of(&key);
    Some((key, fingerprint))
}
