//! `mounts`: what of this host a container sees. Callers may choose a source only within a folder,
//! and what would hand the host over needs a reason.

use std::path::{Component, Path, PathBuf};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::{Scope, Spot};
use crate::config::native::MountEntry;
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::model::{Mount, Piece, Reference, Template};

use super::target;

/// All mounts, or `None` if one of them cannot be; that has been reported.
pub fn mounts(scope: &Scope<'_>, written: &[MountEntry<'_>]) -> Option<Vec<Mount>> {
    let read: Vec<Option<Mount>> = written.iter().map(|entry| mount(scope, entry)).collect();
    read.into_iter().collect()
}

fn mount(scope: &Scope<'_>, entry: &MountEntry<'_>) -> Option<Mount> {
    let target = entry.target.and_then(|written| target::target(scope, written));
    let within = entry.within.map(|written| scope.place.path(written, "within"));
    let source = entry.source.and_then(|written| source(scope, written));
    let within = super::given(within)?;
    let (source, written) = (source?, entry.source?);
    let fixed = source.as_literal().map(PathBuf::from);
    if fixed.is_none() && within.is_none() && !is_confined(scope, &source) {
        report_unconfined(scope, written);
    }
    // What callers choose can be all of the folder that it has to stay in.
    let (handed_over, span) = match (&fixed, entry.within) {
        (None, Some(written)) => (within.as_deref(), written.span),
        _ => (fixed.as_deref(), written.span),
    };
    judge_host_root(scope, entry, handed_over, span);
    Some(Mount { source, target: target?, read_only: entry.read_only, within })
}

/// The source, absolute as far as it is known.
fn source(scope: &Scope<'_>, written: Spanned<&str>) -> Option<Template> {
    let template = scope.template(written, Spot::Mount, true)?;
    let (host, folder) = (scope.place.host, scope.place.folder(written.span));
    if let Some(text) = template.as_literal() {
        if text.is_empty() {
            let problem = Diagnostic::error(Code::BadValue, written.span, "`source` is empty");
            scope.problems.add(problem);
            return None;
        }
        return Some(Template::literal(host.resolve(text, folder).to_string_lossy()));
    }
    let mut pieces = template.pieces().to_vec();
    let before = match pieces.first() {
        Some(Piece::Text(text)) if text.starts_with('/') => String::new(),
        Some(Piece::Text(text)) if text.starts_with("~/") => {
            return Some(below_home(scope, template));
        }
        // Where it leads is known when it is looked up.
        Some(Piece::Value(reference)) if is_path(scope, reference) => String::new(),
        Some(Piece::Text(text)) => {
            let rest = text.trim_start_matches("./").to_owned();
            let before = format!("{}/{rest}", folder.display());
            pieces.remove(0);
            before
        }
        _ => format!("{}/", folder.display()),
    };
    Some(template.with_pieces(std::iter::once(Piece::Text(before)).chain(pieces)))
}

fn below_home(scope: &Scope<'_>, template: Template) -> Template {
    let home = scope.place.host.home.clone().unwrap_or_else(|| PathBuf::from("~"));
    let pieces: Vec<Piece> = template.pieces().to_vec();
    let pieces = pieces.into_iter().enumerate().map(|(at, piece)| match piece {
        Piece::Text(text) if at == 0 => {
            Piece::Text(format!("{}{}", home.display(), text.trim_start_matches('~')))
        }
        piece => piece,
    });
    template.with_pieces(pieces)
}

fn is_path(scope: &Scope<'_>, reference: &Reference) -> bool {
    let Reference::Param { name, .. } = reference else { return false };
    scope.params.find(name.as_str()).is_some_and(|param| param.rule.path.is_some())
}

/// Whether the source is exactly a path that its parameter confines already.
fn is_confined(scope: &Scope<'_>, source: &Template) -> bool {
    let Some(Reference::Param { name, path }) = source.whole() else { return false };
    let param = scope.params.find(name.as_str());
    let rule = param.and_then(|param| param.rule.path.as_ref());
    path.is_empty() && rule.is_some_and(|rule| rule.within.is_some())
}

fn report_unconfined(scope: &Scope<'_>, source: Spanned<&str>) {
    let message = "callers choose what is mounted here, anywhere on this host";
    let problem = Diagnostic::error(Code::UnconfinedMount, source.span, message);
    scope
        .problems
        .add(problem.help("add `within: FOLDER` to the mount; neither `..` nor a symbolic link leaves it"));
}

fn judge_host_root(scope: &Scope<'_>, entry: &MountEntry<'_>, path: Option<&Path>, span: Span) {
    let danger = path.and_then(|path| host_root(path, scope.place.host.home.as_deref()));
    match (danger, entry.allow) {
        (None, None) => {}
        (None, Some(reason)) => {
            let message = "this mount needs no `allow`";
            let problem = Diagnostic::warning(Code::Allowance, reason.span, message);
            scope.problems.add(problem.help("remove it"));
        }
        (Some(danger), Some(reason)) if !reason.value.trim().is_empty() => {
            let message = format!("this mount is allowed to hand over {danger} ({})", reason.value);
            scope.problems.add(Diagnostic::note(Code::HostMount, span, message));
        }
        (Some(danger), _) => {
            let message = format!("this mount hands over {danger}");
            let problem = Diagnostic::error(Code::HostMount, span, message);
            scope.problems.add(problem.help(
                "mount only the folder that is needed; if it has to be, say why: `allow: REASON` in this mount",
            ));
        }
    }
}

/// Names of sockets through which engines are commanded.
const SOCKETS: [&str; 5] = ["docker.sock", "podman.sock", "containerd.sock", "crio.sock", "buildkitd.sock"];
/// Folders that are the host, or hold what rules it.
const ROOTS: [&str; 19] = [
    "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root",
    "/run", "/sbin", "/srv", "/sys", "/usr", "/var", "/var/lib",
];
/// Folders of which nothing belongs into a container.
const TREES: [&str; 8] =
    ["/boot", "/dev", "/proc", "/run", "/sys", "/var/run", "/var/lib/docker", "/var/lib/containers"];

/// What a container would get hold of with this path, if that is the host.
pub fn host_root(path: &Path, home: Option<&Path>) -> Option<String> {
    let path = without_parents(path);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if SOCKETS.contains(&name) {
        return Some(format!(
            "`{name}`, the socket of a container engine: whoever talks to it is root of this host"
        ));
    }
    if path == Path::new("/") {
        return Some("the whole file system of this host".to_owned());
    }
    if ROOTS.iter().any(|root| path == Path::new(root)) {
        return Some(format!("`{}` of this host as a whole", path.display()));
    }
    if let Some(tree) = TREES.iter().find(|tree| path.starts_with(tree)) {
        return Some(format!("`{}`, a part of `{tree}`, which rules this host", path.display()));
    }
    (home == Some(path.as_path())).then(|| "the whole home folder, with all keys in it".to_owned())
}

/// `..` by name: what it means for links is looked up elsewhere.
fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hands_the_host_over_is_known() {
        let danger = |path: &str| host_root(Path::new(path), Some(Path::new("/home/me")));
        for path in [
            "/",
            "/etc",
            "/etc/",
            "/srv/..",
            "/proc/1/root",
            "/dev/sda",
            "/var/run",
            "/var/run/docker.sock",
            "/run/user/1000/podman/podman.sock",
            "/home/me/.docker/run/docker.sock",
            "/home/me",
            "/home/me/x/..",
        ] {
            assert!(danger(path).is_some(), "{path}");
        }
        for path in ["/srv/data", "/etc/ssl/certs", "/home/me/project", "/var/lib/tool", "/usr/share/dict"] {
            assert_eq!(danger(path), None, "{path}");
        }
    }
}
