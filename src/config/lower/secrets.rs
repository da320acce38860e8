//! Declared secrets.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::SecretEntry;
use crate::model::{SecretName, SecretSource, Secrets};

use super::Place;

/// The secrets that can be used, and the names of those that cannot.
pub fn secrets(place: &Place<'_>, entries: &[SecretEntry<'_>]) -> Secrets {
    entries.iter().filter_map(|entry| secret(place, entry)).collect()
}

fn secret(place: &Place<'_>, entry: &SecretEntry<'_>) -> Option<(SecretName, SecretSource)> {
    let name = entry.name.value.parse::<SecretName>();
    if let Err(error) = &name {
        place.reader.problems.add(Diagnostic::error(Code::BadName, entry.name.span, error.to_string()));
    }
    let source = match (entry.env, entry.file) {
        (Some(variable), None) => {
            let name = place.expander.expand(variable).ok();
            name.map(|name| SecretSource::Env(name.into_owned()))
        }
        (None, Some(file)) => place.path(file, "file").map(SecretSource::File),
        (None, None) if entry.is_later => None,
        (both, _) => {
            let message = match both {
                Some(_) => "a secret has one source; found `env` and `file`",
                None => "a secret has to say where its value comes from",
            };
            let problem = Diagnostic::error(Code::BadSecretSource, entry.span, message);
            place.reader.problems.add(problem.help("write `{ env: NAME }` or `{ file: PATH }`"));
            None
        }
    };
    Some((name.ok()?, source?))
}
