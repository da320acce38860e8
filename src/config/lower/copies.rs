//! `server.http.sessions` → [`Copies`].

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Reader, Spanned};
use crate::model::{Copies, Store};

/// A longer name makes every request of its sessions longer.
const LONGEST: usize = 40;

pub fn copies(reader: &Reader<'_>, written: &native::Copies<'_>) -> Copies {
    Copies { store: written.store.and_then(|text| store(reader, text)), copy: copy(reader, written.copy) }
}

/// The address is not repeated: it may hold a password.
fn store(reader: &Reader<'_>, text: Spanned<&str>) -> Option<Store> {
    if text.value.is_empty() {
        return None;
    }
    let store = Store::of(text.value);
    if store.is_none() {
        let message = "`sessions.store` is not the address of a Redis";
        let problem = Diagnostic::error(Code::BadStore, text.span, message);
        reader.problems.add(problem.help("write `redis://HOST:6379`, or `rediss://HOST:6379` for TLS"));
    }
    store
}

fn copy(reader: &Reader<'_>, text: Option<Spanned<&str>>) -> Option<String> {
    let text = text.filter(|text| !text.value.is_empty())?;
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '-';
    if text.value.len() <= LONGEST && text.value.chars().all(is_name) {
        return Some(text.value.to_owned());
    }
    let message = format!("`sessions.copy` cannot be `{}`", text.value);
    let problem = Diagnostic::error(Code::BadCopy, text.span, message);
    let help = format!("expected up to {LONGEST} letters, digits and dashes, which headers can hold");
    reader.problems.add(problem.help(help));
    None
}
