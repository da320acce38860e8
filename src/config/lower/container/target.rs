//! Paths in the container: absolute, and no two things in one place.

use std::collections::BTreeMap;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::Container;
use crate::config::read::Spanned;
use crate::model::{Mount, Tmpfs};

use super::TMP;

/// Folders that the kernel fills in every container.
const OF_KERNEL: [&str; 2] = ["/proc", "/sys"];

/// An absolute path in the container.
pub fn path(scope: &Scope<'_>, written: Spanned<&str>, key: &str) -> Option<String> {
    let text = super::fixed(scope, written, key)?;
    match normal(&text) {
        Ok(path) => Some(path),
        Err(reason) => {
            let message = format!("`{text}` cannot be a path in the container: {reason}");
            scope.problems.add(Diagnostic::error(Code::BadTarget, written.span, message));
            None
        }
    }
}

/// Where something is put.
pub fn target(scope: &Scope<'_>, written: Spanned<&str>) -> Option<String> {
    let path = path(scope, written, "target")?;
    let reason = match path.as_str() {
        "/" => "it is the root of the image".to_owned(),
        path => match OF_KERNEL.iter().find(|own| is_below(path, own)) {
            Some(own) => format!("`{own}` is the kernel's"),
            None => return Some(path.to_owned()),
        },
    };
    let message = format!("nothing can be put at `{path}`: {reason}");
    scope.problems.add(Diagnostic::error(Code::BadTarget, written.span, message));
    None
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Without what means nothing: doubled slashes, `.`, a slash at the end.
fn normal(text: &str) -> Result<String, &'static str> {
    if !text.starts_with('/') {
        return Err("it has to begin with `/`");
    }
    if text.split('/').any(|part| part == "..") {
        return Err("`..` has no place in it");
    }
    if text.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    Ok(format!("/{}", parts.join("/")))
}

/// Folders in memory: those that are written, or one at `/tmp` if nothing else is there.
pub fn tmpfs(scope: &Scope<'_>, written: &Container<'_>, mounts: &Option<Vec<Mount>>) -> Vec<Tmpfs> {
    let Some(list) = &written.tmpfs else {
        let is_taken = mounts.iter().flatten().any(|mount| mount.target == TMP);
        return if is_taken { Vec::new() } else { vec![Tmpfs { target: TMP.to_owned(), size: None }] };
    };
    let read = list
        .iter()
        .filter_map(|entry| Some(Tmpfs { target: target(scope, entry.target)?, size: entry.size }));
    read.collect()
}

/// Two things in one place hide one another.
pub fn report_duplicates(scope: &Scope<'_>, written: &Container<'_>) {
    let mounts = written.mounts.iter().filter_map(|mount| mount.target);
    let tmpfs = written.tmpfs.iter().flatten().map(|tmpfs| tmpfs.target);
    let files = written.files.iter().map(|(path, _)| *path);
    let mut taken = BTreeMap::new();
    for place in mounts.chain(tmpfs).chain(files) {
        let Ok(path) = normal(place.value) else { continue };
        if let Some(first) = taken.insert(path.clone(), place.span) {
            let message = format!("two things are put at `{path}`, of which one hides the other");
            let problem = Diagnostic::error(Code::DuplicateTarget, place.span, message);
            scope.problems.add(problem.other(first, "the first is here"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_absolute_and_have_one_form() {
        for (text, expected) in [("/", "/"), ("/a//b/./c/", "/a/b/c"), ("/tmp", "/tmp")] {
            assert_eq!(normal(text).as_deref(), Ok(expected));
        }
        for text in ["", "a", "./a", "~/a", "/a/../b", "/a\nb"] {
            assert!(normal(text).is_err(), "{text:?}");
        }
    }
}
