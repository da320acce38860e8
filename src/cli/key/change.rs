//! `mcpfier key rotate` and `revoke`: the file is changed where the key stands, and only if what comes
//! out lets in who it should.

use serde_json::json;

use crate::cli::arguments::Arguments;
use crate::cli::exit::Exit;
use crate::cli::print::Printer;
use crate::cli::{replace, session};
use crate::config::{self, KeyEdit, Loaded};
use crate::model::{ApiKey, Fingerprint, parse_moment};

use super::fresh;

pub fn rotate(arguments: &Arguments, name: &str, keep_until: Option<&str>, printer: &Printer) -> Exit {
    if let Some(day) = keep_until.filter(|day| parse_moment(day).is_none()) {
        printer.error(&format!("`{day}` is no day; write `2027-01-01` or `2027-01-01T12:00:00Z`"));
        return Exit::USAGE;
    }
    let Some((key, new)) = fresh(printer) else { return Exit::FAILURE };
    let file = match change(arguments, name, KeyEdit::Rotate { new, keep_until }, printer) {
        Ok(file) => file,
        Err(exit) => return exit,
    };
    if printer.json {
        let document =
            json!({ "name": name, "key": key, "key_hash": new.to_string(), "previous_until": keep_until });
        printer.json_data(&document);
        return Exit::OK;
    }
    printer.talk("The new key, which is shown this once:\n\n");
    printer.data(&format!("{key}\n"));
    let before = match keep_until {
        Some(day) => format!("the one before lets in until {day}"),
        None => "the one before lets nobody in any more".to_owned(),
    };
    printer.talk(&format!("\n{file} is changed: {before}.\n"));
    Exit::OK
}

pub fn revoke(arguments: &Arguments, name: &str, printer: &Printer) -> Exit {
    match change(arguments, name, KeyEdit::Revoke, printer) {
        Ok(_) if printer.json => printer.json_data(&json!({ "name": name, "revoked": true })),
        Ok(file) => printer.data(&format!("the key of `{name}` is taken out of {file}\n")),
        Err(exit) => return exit,
    }
    Exit::OK
}

/// The name of the file that was changed.
fn change(arguments: &Arguments, name: &str, edit: KeyEdit<'_>, printer: &Printer) -> Result<String, Exit> {
    let host = session::host();
    let found = session::found(arguments.config.as_deref(), &host, printer)?;
    let path = &found.path;
    let fails = |problem: String| {
        printer.error(&format!("{} is not changed: {problem}", path.display()));
        Exit::FAILURE
    };
    let text = std::fs::read_to_string(path).map_err(|error| fails(error.to_string()))?;
    let choice = session::choice(arguments, &host);
    let before = keys(&config::load(path, &host, &choice))
        .ok_or_else(|| fails("it has errors; `mcpfier --validate` says which".to_owned()))?;
    let changed = config::edit_key(path, &text, name, edit).map_err(|problem| fails(problem.to_string()))?;
    let after = keys(&config::load_bytes(path, changed.clone().into_bytes(), &host));
    if !after.is_some_and(|after| is_right(&before, &after, name, edit)) {
        return Err(fails("the key cannot be changed as text; change it in an editor".to_owned()));
    }
    replace::replace(path, &changed).map_err(|error| fails(error.to_string()))?;
    Ok(path.display().to_string())
}

fn keys(loaded: &Loaded) -> Option<Vec<ApiKey>> {
    let catalog = loaded.catalog.as_ref()?;
    Some(catalog.server.http.auth.as_ref().map(|auth| auth.api_keys.clone()).unwrap_or_default())
}

/// Whether everybody else has the keys that they had, and this caller those that they should.
fn is_right(before: &[ApiKey], after: &[ApiKey], name: &str, edit: KeyEdit<'_>) -> bool {
    let others = |keys: &[ApiKey]| -> Vec<ApiKey> {
        keys.iter().filter(|key| key.principal.name != name).cloned().collect()
    };
    let own: Vec<Fingerprint> =
        after.iter().filter(|key| key.principal.name == name).map(|key| key.fingerprint).collect();
    let is_own_right = match edit {
        KeyEdit::Revoke => own.is_empty(),
        KeyEdit::Rotate { new, keep_until } => {
            own.first() == Some(&new) && own.len() == 1 + usize::from(keep_until.is_some())
        }
    };
    is_own_right && others(before) == others(after)
}
