//! What a container can talk to: networks, names, devices. Its labels too, which others read.

use core::net::IpAddr;
use std::path::PathBuf;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::{GpuKeys, NetworkEntry};
use crate::config::read::Spanned;
use crate::model::{Gpus, Network};

use super::destinations;
use super::lockdown::lifted;

/// Labels of ours, by which containers without an owner are found.
const OUR_LABELS: &str = "mcpfier.";

pub fn network(scope: &Scope<'_>, written: Option<&NetworkEntry<'_>>) -> Option<Network> {
    let written = match written {
        None => return Some(Network::None),
        Some(NetworkEntry::Only(allowed)) => return destinations::only(scope, allowed),
        Some(NetworkEntry::Name(written)) => *written,
    };
    let name = super::fixed(scope, written, "network")?;
    match name.as_str() {
        "none" => Some(Network::None),
        "bridge" | "default" => {
            lifted(
                scope,
                written.span,
                "the container can talk to the internet, to your network, and to services of this host that listen for it",
            );
            Some(Network::Bridge)
        }
        "host" => {
            refuse(
                scope,
                written,
                "with the network of the host the container can talk to everything that listens on this machine only",
            );
            None
        }
        name if name.starts_with("container:") => {
            refuse(scope, written, "the network of another container is not isolated from it");
            None
        }
        name if is_network(name) => {
            lifted(
                scope,
                written.span,
                &format!(
                    "the container can talk to whatever is in the network `{name}`, and by it perhaps further"
                ),
            );
            Some(Network::Named(name.to_owned()))
        }
        name => {
            let message = format!("`{name}` cannot be the name of a network");
            let problem = Diagnostic::error(Code::BadValue, written.span, message);
            scope.problems.add(
                problem.help("expected `none`, `bridge`, or a name of letters, digits, `_`, `.` and `-`"),
            );
            None
        }
    }
}

fn refuse(scope: &Scope<'_>, written: Spanned<&str>, message: &str) {
    let problem = Diagnostic::error(Code::HostNetwork, written.span, message);
    scope.problems.add(
        problem.help(
            "write `network: bridge`, or the name of a network of the engine's that holds what it needs",
        ),
    );
}

fn is_network(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

pub fn hosts(scope: &Scope<'_>, written: &[(Spanned<&str>, Spanned<&str>)]) -> Vec<(String, IpAddr)> {
    let read = |(name, address): &(Spanned<&str>, Spanned<&str>)| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if name.value.is_empty() || !name.value.chars().all(is_name) {
            bad(scope, name.span, format!("`{}` cannot be the name of a host", name.value));
            return None;
        }
        Some((name.value.to_owned(), self::address(scope, *address, "extra_hosts")?))
    };
    written.iter().filter_map(read).collect()
}

pub fn dns(scope: &Scope<'_>, written: &[Spanned<&str>]) -> Vec<IpAddr> {
    written.iter().filter_map(|server| address(scope, *server, "dns")).collect()
}

fn address(scope: &Scope<'_>, written: Spanned<&str>, key: &str) -> Option<IpAddr> {
    let text = super::fixed(scope, written, key)?;
    let address = text.parse().ok();
    if address.is_none() {
        bad(scope, written.span, format!("`{text}` is no address; `{key}` takes ones such as `10.0.0.7`"));
    }
    address
}

pub fn devices(scope: &Scope<'_>, written: &[Spanned<&str>]) -> Vec<PathBuf> {
    let read = |device: &Spanned<&str>| {
        let path = super::fixed(scope, *device, "devices")?;
        if !path.starts_with("/dev/") || path.contains("..") || path.contains(':') {
            bad(scope, device.span, format!("`{path}` is no device; expected a path such as `/dev/ttyUSB0`"));
            return None;
        }
        lifted(scope, device.span, &format!("the container can use `{path}` of this host as it likes"));
        Some(PathBuf::from(path))
    };
    written.iter().filter_map(read).collect()
}

/// `all`, a number, or ids.
pub fn gpus(scope: &Scope<'_>, written: Option<&GpuKeys<'_>>) -> Option<Option<Gpus>> {
    let (gpus, span) = match written? {
        GpuKeys::Word(word) => {
            let text = super::fixed(scope, *word, "gpus");
            let gpus = text.as_deref().and_then(|text| match text {
                "all" => Some(Gpus::All),
                text => text.parse().ok().filter(|count| *count > 0).map(Gpus::Count),
            });
            if let (None, Some(text)) = (&gpus, &text) {
                let message =
                    format!("`gpus` cannot be `{text}`; expected `all`, how many, or a list of ids");
                bad(scope, word.span, message);
            }
            (gpus, word.span)
        }
        GpuKeys::Ids { span, ids } if ids.is_empty() => {
            bad(scope, *span, "`gpus` is empty; leave it out, or write `all`, how many, or ids".to_owned());
            (None, *span)
        }
        GpuKeys::Ids { span, ids } => {
            let ids = ids.iter().map(|id| gpu(scope, *id)).collect::<Option<Vec<_>>>();
            (ids.map(Gpus::Ids), *span)
        }
    };
    if gpus.is_some() {
        lifted(scope, span, "the container can use graphics cards, whose drivers are the host's");
    }
    Some(gpus)
}

/// An id stands in a list with commas between them.
fn gpu(scope: &Scope<'_>, written: Spanned<&str>) -> Option<String> {
    let id = super::fixed(scope, written, "gpus")?;
    if id.chars().all(|c| c.is_ascii_alphanumeric() || "-_:./".contains(c)) {
        return Some(id);
    }
    bad(scope, written.span, format!("`{id}` is no id of a graphics card, such as `GPU-3faa8c21` or `0`"));
    None
}

pub fn labels(scope: &Scope<'_>, written: &[(Spanned<&str>, Spanned<&str>)]) -> Vec<(String, String)> {
    let read = |(name, value): &(Spanned<&str>, Spanned<&str>)| {
        if name.value.is_empty() || name.value.contains('=') || name.value.starts_with(OUR_LABELS) {
            let message = format!(
                "`{}` cannot be a label; expected a name without `=` that does not begin with `{OUR_LABELS}`",
                name.value
            );
            bad(scope, name.span, message);
            return None;
        }
        let text =
            if value.value.is_empty() { String::new() } else { super::fixed(scope, *value, "labels")? };
        Some((name.value.to_owned(), text))
    };
    written.iter().filter_map(read).collect()
}

fn bad(scope: &Scope<'_>, span: crate::config::source::Span, message: String) {
    scope.problems.add(Diagnostic::error(Code::BadValue, span, message));
}
