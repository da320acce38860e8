//! A lock as the text of `mcpfier.lock`: JSON with everything in a fixed order, so that a change of
//! one tool is a change of its lines only.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{Catalog, LockedImages};

use super::access::access;
use super::digest::sorted;
use super::entry::Entry;
use super::offers::offers;

/// It lies beside the root file.
pub const FILE_NAME: &str = "mcpfier.lock";

const VERSION: u64 = 1;
const ABOUT: &str = "written by `mcpfier lock`: what the tools were when somebody agreed to them; with `--locked` nothing else is served";

/// Why a text is no lock that can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLock {
    #[error("it is not JSON at line {line}")]
    Syntax { line: usize },
    #[error("it is of a version that this program does not read; expected `\"version\": {VERSION}`")]
    Version,
    #[error("its `{0}` is missing or is not what `mcpfier lock` writes")]
    Shape(&'static str),
    #[error("what it says of the tool `{0}` was changed by hand: it does not fit its digest")]
    Edited(String),
}

/// What the tools of one file are.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    /// The name of the root file.
    pub file: String,
    /// What models are told of the tools as a whole.
    pub(super) instructions: Option<String>,
    /// Who may; nothing where the file says nothing.
    pub(super) access: Value,
    /// Prompts and resources; nothing where the file has none.
    pub(super) offers: Value,
    pub(super) tools: BTreeMap<String, Entry>,
    /// What an engine knew of the images when somebody agreed.
    pub images: LockedImages,
}

impl Lock {
    /// Of a catalog that was loaded as it is written, from a root file with this absolute path.
    pub fn of(catalog: &Catalog, path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let entry = |tool: &crate::model::Tool| Entry::of(tool, folder, &catalog.secrets);
        Self {
            file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            instructions: catalog.server.instructions.clone(),
            access: access(&catalog.access).map_or(Value::Null, |access| sorted(&access)),
            offers: offers(&catalog.offers, folder).map_or(Value::Null, |offers| sorted(&offers)),
            tools: catalog.tools().iter().map(|tool| (tool.name.to_string(), entry(tool))).collect(),
            images: LockedImages::default(),
        }
    }

    /// The number of tools.
    pub fn len(&self) -> usize {
        self.tools.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    pub fn to_text(&self) -> String {
        let tools = self.tools.iter().map(|(name, entry)| (name.clone(), entry.to_json()));
        let mut document = json!({
            "about": ABOUT,
            "version": VERSION,
            "file": self.file,
            "instructions": self.instructions,
            "tools": Value::Object(tools.collect()),
        });
        if let Some(map) = document.as_object_mut().filter(|_| !self.access.is_null()) {
            map.insert("access".to_owned(), self.access.clone());
        }
        if let Some(map) = document.as_object_mut().filter(|_| !self.offers.is_null()) {
            map.insert("offers".to_owned(), self.offers.clone());
        }
        if let Some(map) = document.as_object_mut().filter(|_| !self.images.is_empty()) {
            map.insert("images".to_owned(), json!(self.images.images));
            map.insert("builds".to_owned(), json!(self.images.builds));
        }
        format!("{document:#}\n")
    }

    pub fn parse(text: &str) -> Result<Self, BadLock> {
        let document: Value =
            serde_json::from_str(text).map_err(|error| BadLock::Syntax { line: error.line() })?;
        if document.get("version").and_then(Value::as_u64) != Some(VERSION) {
            return Err(BadLock::Version);
        }
        let file = document.get("file").and_then(Value::as_str).ok_or(BadLock::Shape("file"))?.to_owned();
        let instructions = match document.get("instructions") {
            Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            _ => return Err(BadLock::Shape("instructions")),
        };
        let tools = document.get("tools").and_then(Value::as_object).ok_or(BadLock::Shape("tools"))?;
        let tools: Result<BTreeMap<_, _>, _> = tools.iter().map(entry).collect();
        let images = LockedImages {
            images: digests(&document, "images", |digest| match digest {
                Value::Null => Some(None),
                digest => Some(Some(digest.as_str()?.to_owned())),
            })?,
            builds: digests(&document, "builds", |digest| Some(digest.as_str()?.to_owned()))?,
        };
        let access = document.get("access").map(sorted).unwrap_or_default();
        let offers = document.get("offers").map(sorted).unwrap_or_default();
        Ok(Self { file, instructions, access, offers, tools: tools?, images })
    }
}

/// What has a digest, by its name. A lock of before has none.
fn digests<T>(
    document: &Value,
    key: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<BTreeMap<String, T>, BadLock> {
    let Some(map) = document.get(key) else { return Ok(BTreeMap::new()) };
    let map = map.as_object().ok_or(BadLock::Shape(key))?;
    let read = map.iter().map(|(name, digest)| Some((name.clone(), read(digest)?)));
    read.collect::<Option<_>>().ok_or(BadLock::Shape(key))
}

fn entry((name, value): (&String, &Value)) -> Result<(String, Entry), BadLock> {
    let nothing = Map::new();
    let document = value.as_object().unwrap_or(&nothing);
    match Entry::from_json(document) {
        Some(entry) => Ok((name.clone(), entry)),
        None => Err(BadLock::Edited(name.clone())),
    }
}
