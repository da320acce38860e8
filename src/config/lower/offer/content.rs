//! What one message of a prompt holds.

use std::path::Path;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::{EmbeddedKeys, Made, MadeOf, only_made};
use crate::config::read::Spanned;
use crate::config::shape;
use crate::config::source::Span;
use crate::model::{PromptContent, PromptText, TextTemplate};

use super::Offering;
use super::holes::text;

/// Larger files are looked at when they are asked for.
const MOST_CHECKED: u64 = 256 * 1024;

pub fn content(offering: &Offering<'_>, scope: &Scope<'_>, made: &Made<'_>) -> Option<PromptContent> {
    match &made.of {
        MadeOf::Text(_) | MadeOf::File(_) => words(offering, scope, made).map(PromptContent::Text),
        MadeOf::Media(written) => {
            let path = offering.file(*written, made.key)?;
            if offering.checks_all {
                check_media(offering, &path, made.key, written.span);
            }
            Some(PromptContent::Media(path))
        }
        MadeOf::Resource(uri) => text(scope, *uri).map(PromptContent::Resource),
        MadeOf::Embedded(keys) => embedded(offering, scope, keys),
        MadeOf::Messages(_) | MadeOf::Directory(_) | MadeOf::Command(_) | MadeOf::Broken => {
            scope.doubt();
            None
        }
    }
}

/// A text that stands here or in a file.
fn words(offering: &Offering<'_>, scope: &Scope<'_>, made: &Made<'_>) -> Option<PromptText> {
    match &made.of {
        MadeOf::Text(written) => text(scope, *written).map(PromptText::Here),
        MadeOf::File(written) => {
            // What it names is not looked at before it is asked for.
            scope.doubt();
            let path = offering.file(*written, made.key)?;
            if offering.checks_all {
                check_text(offering, scope, &path, *written);
            }
            Some(PromptText::File { path, vars: offering.vars() })
        }
        _ => {
            scope.doubt();
            None
        }
    }
}

fn embedded(offering: &Offering<'_>, scope: &Scope<'_>, keys: &EmbeddedKeys<'_>) -> Option<PromptContent> {
    let reader = offering.place.reader;
    let uri = keys.uri.and_then(|uri| text(scope, uri));
    let made = only_made(reader, &keys.made_of, (&shape::EMBEDDED, &["text", "file"]), keys.span)?;
    let mime = keys.mime.map(|mime| mime.value.to_owned());
    Some(PromptContent::Embedded { text: words(offering, scope, made)?, uri: uri?, mime })
}

/// A file that is a template: is it one, and is there what it names?
fn check_text(offering: &Offering<'_>, scope: &Scope<'_>, path: &Path, written: Spanned<&str>) {
    if path.metadata().map_or(true, |found| found.len() > MOST_CHECKED) {
        return;
    }
    let refuse = |message: String| {
        offering.place.reader.problems.add(Diagnostic::error(Code::BadText, written.span, message));
    };
    let Ok(content) = std::fs::read_to_string(path) else {
        return refuse(format!("`{}` is no UTF-8 text that can be read", written.value));
    };
    match TextTemplate::read(&content) {
        Err(error) => refuse(format!("`{}` makes no text: {error}", written.value)),
        Ok(template) => {
            let missing =
                template.names().into_iter().find(|name| match name.path.first().map(String::as_str) {
                    Some("params") => name.path.get(1).is_some_and(|param| !scope.params.is_declared(param)),
                    Some("vars") => name.path.get(1).is_some_and(|var| scope.place.vars.get(var).is_none()),
                    Some(param) => !scope.params.is_declared(param),
                    None => false,
                });
            if let Some(name) = missing {
                refuse(format!("`{}` names `{}`, which it does not see", written.value, name.written));
            }
        }
    }
}

/// Whether a file looks by its name like what it is said to be.
fn check_media(offering: &Offering<'_>, path: &Path, key: &str, span: Span) {
    let endings: &[&str] = match key {
        "image" => &["png", "jpg", "jpeg", "gif", "webp"],
        _ => &["wav", "mp3", "ogg", "oga", "opus", "flac"],
    };
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    if !ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
        let message = format!("`{key}` takes a file that ends in .{}", endings.join(", ."));
        offering.place.reader.problems.add(Diagnostic::error(Code::BadOffer, span, message));
    }
}
