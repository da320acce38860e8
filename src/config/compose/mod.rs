//! A root file, what it includes, and what was chosen → one value, whose places say where each part
//! was written. What reads it afterwards knows nothing of all this.
//!
//! ```text
//! root ─► + include ─► + profiles ─► + --set ─► extends ─► defaults.container ─► --tags
//! ```
//!
//! A file that uses none of it is passed on as it is.

mod contained;
mod extends;
mod folder;
mod gather;
mod glob;
mod join;
mod merge;
mod profile;
mod set;
mod tags;

use std::path::PathBuf;

use super::choice::{Choice, Typed};
use super::code::Code;
use super::diagnostic::{Diagnostic, Problems};
use super::expansion::Variables;
use super::host::Host;
use super::read::Reader;
use super::source::{Source, SourceId, Span};
use super::sources::Sources;
use super::syntax::{self, Kind, Node};

use gather::Gathering;
use merge::Overlay;
use set::Setting;

pub use extends::lay;
pub use folder::{Folder, may_be_root as may_be_root_of_folder, open as open_folder};
pub use merge::name_of;
pub use profile::names as profile_names;
pub use set::SETTLED;
pub use tags::tags_of;

/// What is laid over a file: known before the file itself is put together, since it may say which
/// variables there are.
pub struct Layers<'n, 's> {
    profiles: Vec<&'n Node<'s>>,
    settings: Vec<Setting>,
    /// The flags of `--tags`, each with its place.
    tags: Vec<(&'n Typed, Span)>,
}

/// The whole, and what it was made of.
pub struct Composed<'s> {
    pub root: Node<'s>,
    /// What each included file says.
    pub parts: Vec<(SourceId, Node<'s>)>,
    /// Texts that could not be read.
    pub raw: Vec<SourceId>,
    pub files: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
    /// It differs from the root as that was written.
    pub is_composed: bool,
}

impl<'n, 's> Layers<'n, 's> {
    pub fn read(choice: &'n Choice, root: &'n Node<'s>, sources: &Sources, problems: &Problems) -> Self {
        let mut layers = Self { profiles: Vec::new(), settings: Vec::new(), tags: Vec::new() };
        if let Some(profiles) = root.get("profiles") {
            profile::check(problems, profiles);
        }
        for typed in &choice.profiles {
            if let Some(place) = Self::place(typed, sources, problems) {
                layers.profiles.extend(profile::chosen(problems, root, typed, place));
            }
        }
        for typed in &choice.sets {
            if let Some(place) = Self::place(typed, sources, problems) {
                layers.settings.extend(Setting::read(problems, place.source, &typed.text));
            }
        }
        for typed in &choice.tags {
            if let Some(place) = Self::place(typed, sources, problems) {
                layers.tags.push((typed, place));
            }
        }
        layers
    }

    /// Makes a source of what was typed.
    fn place(typed: &Typed, sources: &Sources, problems: &Problems) -> Option<Span> {
        let source = Source::typed(typed.origin, &typed.text);
        match sources.add(source, sources.root_folder().to_path_buf()) {
            Ok((id, _)) => Some(Span::new(id, 0..typed.text.len())),
            Err(_) => {
                problems.add(Diagnostic::of_file(Code::TooLarge, "there are too many flags"));
                None
            }
        }
    }

    /// A key of the root, as it will be when everything is laid over it.
    pub fn of_root<'a>(&'a self, root: &'a Node<'s>, key: &str) -> Option<&'a Node<'s>> {
        let set = self.settings.iter().rev().find_map(|setting| setting.of_root(key));
        set.or_else(|| self.profiles.iter().rev().find_map(|profile| profile.get(key)))
            .or_else(|| root.get(key))
    }

    /// Values that were typed and that no excerpt may show.
    pub fn hidden(&self) -> Vec<Span> {
        self.settings.iter().filter_map(Setting::hidden).collect()
    }

    fn lay(&self, problems: &Problems, root: Node<'s>) -> Node<'s> {
        let overlay = Overlay { guard: Some(problems) };
        let profiles = self.profiles.iter().map(|profile| profile::without_unknown(profile));
        let root = profiles.fold(root, |root, profile| overlay.root(&root, &profile));
        let root = self.settings.iter().fold(root, |root, setting| setting.lay(problems, &root));
        if syntax::is_too_heavy(root.weight()) {
            problems.add(syntax::too_large(root.span));
        }
        root
    }
}

/// Puts a native file together.
pub struct Composing<'a, 'n, 's> {
    pub reader: &'a Reader<'a>,
    pub host: &'a Host,
    pub sources: &'s Sources,
    pub variables: &'a Variables<'a>,
    /// Files that belong to it since they lie in its folder.
    pub beside: &'a [PathBuf],
    pub layers: &'a Layers<'n, 's>,
}

impl<'s> Composing<'_, '_, 's> {
    pub fn run(&self, root: &Node<'s>) -> Composed<'s> {
        let Self { reader, host, sources, variables, beside, layers } = self;
        let problems = reader.problems;
        let mut composed = Composed {
            root: root.clone(),
            parts: Vec::new(),
            raw: Vec::new(),
            files: Vec::new(),
            folders: Vec::new(),
            is_composed: false,
        };
        if root.get("include").is_some() || !beside.is_empty() {
            let mut gathering = Gathering::new(host, sources, problems, variables);
            composed.root = gathering.join(root, beside);
            composed.is_composed = true;
            let Gathering { parts, raw, files, folders, .. } = gathering;
            composed.parts = parts.into_iter().map(|part| (part.id, part.root)).collect();
            (composed.raw, composed.files, composed.folders) = (raw, files, folders);
        }
        if !layers.profiles.is_empty() || !layers.settings.is_empty() {
            composed.root = layers.lay(problems, composed.root);
            composed.is_composed = true;
        }
        if extends_something(&composed.root) {
            composed.root = extends::extend(reader, &composed.root);
            composed.is_composed = true;
        }
        if contained::defaults(&composed.root).is_some() {
            composed.root = contained::fill(problems, &composed.root);
            composed.is_composed = true;
        }
        if !layers.tags.is_empty() {
            composed.root = tags::only(problems, &composed.root, &layers.tags);
        }
        composed
    }
}

fn extends_something(root: &Node<'_>) -> bool {
    let commands: &[Node<'_>] = match root.get("commands").map(|commands| &commands.kind) {
        Some(Kind::List(commands)) => commands,
        _ => &[],
    };
    root.get("templates").is_some() || commands.iter().any(|command| command.get("extends").is_some())
}

/// A file of the original has nothing to choose.
pub fn refuse_choice(choice: &Choice, sources: &Sources, problems: &Problems) {
    let Some(typed) = choice.first() else { return };
    let source = Source::typed(typed.origin, &typed.text);
    let Ok((id, _)) = sources.add(source, PathBuf::new()) else { return };
    let message = format!("`{}` needs `version: 1`, which this file does not have", typed.origin);
    let problem = Diagnostic::error(Code::Version, Span::new(id, 0..typed.text.len()), message);
    problems.add(
        problem.help(
            "add `version: 1` at the top of the file; `mcpfier --validate` then says what else it takes",
        ),
    );
}
