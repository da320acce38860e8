//! Declared secrets.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::expansion::NotExpanded;
use crate::config::native::{SOURCES, SecretEntry};
use crate::config::read::Spanned;
use crate::model::{EnvInherit, FedVariables, SecretName, SecretScript, SecretSource, Secrets, Variable};

use super::Place;
use super::secret_words::SecretWords;

/// How long a program may take to print a secret.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long what it printed is taken for the value.
const TTL: Duration = Duration::from_secs(300);

/// The secrets that can be used, and those that this host lacks something for.
pub fn secrets(place: &Place<'_>, entries: &[SecretEntry<'_>]) -> Secrets {
    entries.iter().filter_map(|entry| secret(place, entry, entries)).collect()
}

/// What `env_file` adds for them.
pub fn fed(place: &Place<'_>, secrets: &Secrets) -> FedVariables {
    let variables = secrets.values().filter_map(|source| match source {
        SecretSource::Env(name) => Some((name.clone(), place.expander.variables.of_file(name)?.to_owned())),
        _ => None,
    });
    FedVariables::of(variables)
}

fn secret(
    place: &Place<'_>,
    entry: &SecretEntry<'_>,
    all: &[SecretEntry<'_>],
) -> Option<(SecretName, SecretSource)> {
    let name = entry.name.value.parse::<SecretName>();
    if let Err(error) = &name {
        place.reader.problems.add(Diagnostic::error(Code::BadName, entry.name.span, error.to_string()));
    }
    place.take_missing();
    let source = if has_one_source(place, entry) { source(place, entry, all) } else { None };
    // A source that names a variable which is not set is one all the same.
    let unset = place.take_missing().map(|variable| SecretSource::Unset { variable });
    Some((name.ok()?, source.or(unset)?))
}

fn source(place: &Place<'_>, entry: &SecretEntry<'_>, all: &[SecretEntry<'_>]) -> Option<SecretSource> {
    if let Some(variable) = entry.env {
        return match place.expander.expand(variable) {
            Ok(name) => Some(SecretSource::Env(name.into_owned())),
            Err(NotExpanded { missing }) => missing.map(|variable| SecretSource::Unset { variable }),
        };
    }
    if let Some(file) = entry.file {
        return place.path(file, "file").map(SecretSource::File);
    }
    match entry.store {
        Some(stored) => store(place, stored).map(SecretSource::Store),
        None => script(place, entry, all).map(|script| SecretSource::Script(Box::new(script))),
    }
}

fn has_one_source(place: &Place<'_>, entry: &SecretEntry<'_>) -> bool {
    let sources = [
        ("env", entry.env.is_some()),
        ("file", entry.file.is_some()),
        ("script", entry.script.is_some()),
        ("store", entry.store.is_some()),
    ];
    let found: Vec<&str> = sources.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name).collect();
    let message = match found.as_slice() {
        [_] => return true,
        [] if entry.is_unclear => return false,
        [] => "a secret has to say where its value comes from".to_owned(),
        several => format!("a secret has one source; found `{}`", several.join("` and `")),
    };
    let problem = Diagnostic::error(Code::BadSecretSource, entry.span, message);
    place.reader.problems.add(problem.help(format!("write {SOURCES}")));
    false
}

fn store(place: &Place<'_>, written: Spanned<&str>) -> Option<SecretName> {
    let expanded = match place.expander.expand(written) {
        Ok(name) => name,
        Err(NotExpanded { missing }) => {
            place.missing.replace(missing);
            return None;
        }
    };
    match expanded.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            let problem = Diagnostic::error(Code::BadName, written.span, error.to_string());
            place.reader.problems.add(problem.label("the name in the store"));
            None
        }
    }
}

fn script(place: &Place<'_>, entry: &SecretEntry<'_>, all: &[SecretEntry<'_>]) -> Option<SecretScript> {
    let written = entry.script.as_ref()?;
    let words = SecretWords { place, all };
    // All of them are looked at, so that every problem is told.
    let program = words.program(written.script);
    let args: Vec<Option<String>> = written.args.iter().map(|arg| words.word(arg)).collect();
    let env: Vec<Option<Variable>> = written
        .env
        .iter()
        .map(|variable| {
            let value = words.value(variable.value)?;
            Some(Variable { name: variable.name.to_owned(), value })
        })
        .collect();
    Some(SecretScript {
        program: program?,
        args: args.into_iter().collect::<Option<_>>()?,
        env: env.into_iter().collect::<Option<_>>()?,
        inherit: written.inherit.clone().unwrap_or(EnvInherit::Minimal),
        working_dir: place.base.clone(),
        timeout: written.timeout.unwrap_or(TIMEOUT),
        ttl: written.ttl.unwrap_or(TTL),
    })
}
