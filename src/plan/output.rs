//! Planning a result: the arguments that its template names, and the folders in which files may be.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::call::Invocation;
use crate::model::{FileGlob, OutputFormat, OutputRules, Tool};

use super::container::ContainerPlan;
use super::{Facts, Step};

/// What of a call its result is made with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlannedOutput {
    /// The arguments as a template sees them: sensitive ones as `***`, absent ones as nothing.
    pub params: Map<String, Value>,
    pub files: Vec<PlannedFiles>,
}

/// Files that are handed over if the run has written them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFiles {
    /// Of this host. Nothing outside of it is looked at.
    pub folder: PathBuf,
    /// The parts of the pattern below it.
    pub parts: Vec<String>,
}

impl PlannedOutput {
    pub(super) fn of(invocation: &Invocation, step: &Step, facts: &Facts) -> Self {
        let rules = &invocation.tool().output;
        let params = if rules.template.is_some() { params(invocation, facts) } else { Map::new() };
        Self { params, files: rules.files.iter().filter_map(|glob| files(glob, step)).collect() }
    }
}

fn params(invocation: &Invocation, facts: &Facts) -> Map<String, Value> {
    let tool = invocation.tool();
    let value = |name: &str| invocation.value(name).filter(|value| !value.is_null());
    let shown = tool.params.iter().map(|param| {
        let shown = match value(param.name.as_str()) {
            Some(_) if invocation.is_sensitive(param) => Value::from("***"),
            Some(value) => facts.resolved(param, value),
            None => Value::Null,
        };
        (param.name.to_string(), shown)
    });
    shown.collect()
}

fn files(glob: &FileGlob, step: &Step) -> Option<PlannedFiles> {
    match step {
        Step::Process(process) => {
            let folder = process.working_dir.clone();
            let parts = glob.below(&folder)?.to_vec();
            Some(PlannedFiles { folder, parts })
        }
        Step::Container(container) => in_container(glob, container),
        _ => None,
    }
}

/// Below which mount a pattern lies: the innermost, if the container may write there.
fn in_container(glob: &FileGlob, container: &ContainerPlan) -> Option<PlannedFiles> {
    let below = |target: &Path| glob.below(target).map(<[String]>::to_vec);
    let found = container.mounts.iter().filter_map(|mount| Some((mount, below(Path::new(&mount.target))?)));
    let (mount, parts) = found.min_by_key(|(_, parts)| parts.len())?;
    (!mount.read_only).then(|| PlannedFiles { folder: mount.source.clone(), parts })
}

/// The aspects of a result that are not the usual ones, as a plan shows them.
pub(super) fn lines(tool: &Tool, planned: &PlannedOutput) -> Vec<String> {
    let rules = &tool.output;
    let mut lines = Vec::new();
    let form = match &rules.format {
        OutputFormat::Text | OutputFormat::Json | OutputFormat::Lines | OutputFormat::Binary => None,
        OutputFormat::Regex(pattern) => Some(format!("regex  {}", pattern.text())),
        OutputFormat::Csv(form) if !form.header => Some("csv, without a header".to_owned()),
        format @ (OutputFormat::Csv(_) | OutputFormat::Yaml | OutputFormat::Mcp) => {
            Some(format.name().to_owned())
        }
    };
    lines.extend(form);
    if let Some(select) = &rules.select {
        lines.push(format!("select  {}", select.text()));
    }
    if let Some(template) = &rules.template {
        let first = template.source().lines().next().unwrap_or_default();
        let more = if template.source().trim_end().lines().count() > 1 { " …" } else { "" };
        lines.push(format!("template  {first}{more}"));
    }
    for files in &planned.files {
        let path = files.parts.iter().fold(files.folder.clone(), |path, part| path.join(part));
        lines.push(format!("files  {}", path.display()));
    }
    lines
}

/// The same for programs; `None` where there is nothing but the usual.
pub(super) fn to_json(tool: &Tool, planned: &PlannedOutput) -> Option<Value> {
    let OutputRules { format, select, template, .. } = &tool.output;
    if lines(tool, planned).is_empty() {
        return None;
    }
    let mut map = Map::from_iter([("format".to_owned(), json!(format.name()))]);
    if let OutputFormat::Regex(pattern) = format {
        map.insert("pattern".to_owned(), json!(pattern.text()));
    }
    if let Some(select) = select {
        map.insert("select".to_owned(), json!(select.text()));
    }
    if let Some(template) = template {
        map.insert("template".to_owned(), json!(template.source()));
    }
    if !planned.files.is_empty() {
        let paths = planned.files.iter().map(|files| {
            let path = files.parts.iter().fold(files.folder.clone(), |path, part| path.join(part));
            path.display().to_string()
        });
        map.insert("files".to_owned(), paths.collect());
    }
    Some(Value::Object(map))
}
