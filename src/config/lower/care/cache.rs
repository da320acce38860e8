//! How results are remembered.

use std::path::PathBuf;

use crate::config::lower::scope::{Scope, Spot};
use crate::config::native::CacheKeys;
use crate::config::read::Spanned;
use crate::model::{CacheRules, Template, ToolName};

pub fn rules(scope: &Scope<'_>, keys: &CacheKeys<'_>) -> CacheRules {
    let key = keys.key.as_ref().map(|parts| parts.iter().filter_map(|part| key_part(scope, *part)).collect());
    let files = keys.files.iter().filter_map(|file| file_of(scope, *file)).collect();
    // What is no name is told when the commands are looked for.
    let commands = keys.commands.iter().filter_map(|name| name.value.parse::<ToolName>().ok());
    CacheRules {
        ttl: keys.ttl,
        key,
        scope: keys.scope,
        files,
        commands: commands.collect(),
        stale_while_revalidate: keys.stale_while_revalidate,
        max_size: keys.max_size,
        store: keys.store,
    }
}

/// A text without braces is the name of a parameter.
fn key_part(scope: &Scope<'_>, written: Spanned<&str>) -> Option<Template> {
    if written.value.contains("{{") {
        return scope.template(written, Spot::Word, false);
    }
    let whole = format!("{{{{{}}}}}", written.value);
    let named = scope.template(Spanned { value: &whole, span: written.span }, Spot::Word, false)?;
    Some(named)
}

fn file_of(scope: &Scope<'_>, written: Spanned<&str>) -> Option<PathBuf> {
    scope.place.path(written, "files")
}
