//! `sandbox` → what a local command may touch, as absolute paths.

use std::path::{Component, Path, PathBuf};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{SandboxKeys, SandboxSetting};
use crate::config::read::Spanned;
use crate::model::{Sandbox, SandboxNetwork, SandboxTmp};

use super::place::Place;

/// `None` where there is to be no sandbox. `usual_folder` is what can be read where the file names nothing.
pub fn sandbox(
    place: &Place<'_>,
    setting: Option<&SandboxSetting>,
    usual_folder: Option<&Path>,
) -> Option<Sandbox> {
    let usual = SandboxKeys::default();
    let SandboxKeys { read, write, network, tmp } = match setting? {
        SandboxSetting::Off => return None,
        SandboxSetting::Usual => &usual,
        SandboxSetting::Keys(keys) => keys,
    };
    let read = read.as_ref().map(|read| paths(place, read, "sandbox.read"));
    let written = write.as_deref().unwrap_or_default();
    let write = paths(place, written, "sandbox.write");
    written.iter().zip(&write).for_each(|(written, path)| warn_of_holes(place, written, path));
    Some(Sandbox {
        read: read.unwrap_or_else(|| usual_folder.iter().map(|folder| folder.to_path_buf()).collect()),
        write,
        network: network.unwrap_or(SandboxNetwork::None),
        tmp: tmp.unwrap_or(SandboxTmp::Private),
    })
}

fn paths(place: &Place<'_>, written: &[Spanned<String>], key: &str) -> Vec<PathBuf> {
    written.iter().filter_map(|path| place.path(borrowed(path), key)).collect()
}

fn borrowed(path: &Spanned<String>) -> Spanned<&str> {
    Spanned { value: &path.value, span: path.span }
}

/// Where a command may write decides what can be run outside of its sandbox.
fn warn_of_holes(place: &Place<'_>, written: &Spanned<String>, path: &Path) {
    let folder = without_parents(path);
    let is_in = |path: &Path| path.starts_with(&folder);
    let parts = place.reader.sources.iter();
    let mut files = parts.filter(|part| !part.is_typed()).map(|part| place.host.cwd.join(&part.path));
    let what = match files.any(|file| is_in(&without_parents(&file))) {
        true => "this file, and with it what runs without a sandbox".to_owned(),
        false if place.host.home.as_deref().is_some_and(is_in) => "your whole home".to_owned(),
        false => return,
    };
    let message = format!("`{}` lets the command change {what}", written.value);
    let problem = Diagnostic::warning(Code::SandboxHole, written.span, message);
    place.reader.problems.add(problem.help("name the folder that it has to write, such as `./out`"));
}

/// A path without `..`, as it is where no symbolic link is on the way.
fn without_parents(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => (),
            other => plain.push(other),
        }
    }
    plain
}
