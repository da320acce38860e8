//! Where proposed commands go: to stdout as a whole file, or with `--into` behind those of a file.
//!
//! A file is only written if what comes out loads; then everything that was in it is as it was.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::config;
use crate::model::Dialect;
use crate::scaffold;

use super::exit::Exit;
use super::print::Printer;
use super::{replace, session};

/// What commands need at the root of their file.
#[derive(Clone, Copy, Default)]
pub struct Roots<'a> {
    /// Names and values.
    pub vars: &'a [(String, String)],
    /// Names, and the variables of the environment that hold them.
    pub secrets: &'a [(String, String)],
}

impl Roots<'_> {
    /// A file to which commands can be added.
    fn header(self) -> String {
        let empty = "version: 1\n".to_owned();
        // To an empty file everything can be added.
        let text = self.added_to(&empty).unwrap_or(empty);
        format!("{text}\ncommands:\n")
    }

    fn added_to(self, text: &str) -> Result<String, scaffold::BadTarget> {
        let vars: Vec<(String, Value)> =
            self.vars.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let secrets: Vec<(String, Value)> =
            self.secrets.iter().map(|(name, variable)| (name.clone(), json!({ "env": variable }))).collect();
        scaffold::add_to_root(&scaffold::add_to_root(text, "vars", &vars)?, "secrets", &secrets)
    }
}

/// Prints commands as a whole file, or adds them to `into`. `commands` is the text of their elements.
pub fn deliver(commands: &str, into: Option<&Path>, printer: &Printer) -> Exit {
    deliver_with(Roots::default(), commands, into, printer)
}

/// Like `deliver`, with what the commands need beside them.
pub fn deliver_with(roots: Roots<'_>, commands: &str, into: Option<&Path>, printer: &Printer) -> Exit {
    let Some(file) = into else {
        let text = format!("{}{commands}", roots.header());
        printer.data(&text);
        talk_of_problems(&text, printer);
        return Exit::OK;
    };
    match add(roots, commands, file) {
        Ok(names) => {
            printer.data(&format!("added to {}: {}\n", file.display(), names.join(" ")));
            Exit::OK
        }
        Err(problem) => {
            printer.error(&format!("nothing was added to {}: {problem}", file.display()));
            Exit::FAILURE
        }
    }
}

/// What is wrong with a proposal is known best before somebody serves it.
fn talk_of_problems(text: &str, printer: &Printer) {
    let path = Path::new("proposal.yaml");
    let loaded = config::check_bytes(path, text.as_bytes().to_vec(), &session::host());
    let report = loaded.report.offline();
    if report.errors().chain(report.warnings()).next().is_some() {
        printer.talk(&report.render_problems(printer.style()));
    }
}

fn add(roots: Roots<'_>, commands: &str, file: &Path) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file; `mcpfier init FILE` makes one".to_owned(),
        _ => error.to_string(),
    })?;
    let before = load(file, &text);
    if before.dialect == Dialect::Original {
        return Err(
            "it has no `version: 1`, so it is one of the original, which has no parameters".to_owned()
        );
    }
    let names = names_of(&format!("{}{commands}", roots.header()));
    let taken =
        before.catalog.as_ref().and_then(|catalog| names.iter().find(|name| catalog.tool(name).is_some()));
    if let Some(name) = taken {
        return Err(format!("it has a command `{name}` already"));
    }
    let rooted = roots.added_to(&text).map_err(|problem| problem.to_string())?;
    let result = scaffold::append(&rooted, commands).map_err(|problem| problem.to_string())?;
    let after = load(file, &result);
    let holds = |name: &String| after.catalog.as_ref().is_some_and(|catalog| catalog.tool(name).is_some());
    if !names.iter().all(holds) {
        return Err(match before.catalog {
            Some(_) => "its `commands` cannot be added to as text".to_owned(),
            None => "it has errors; `mcpfier --validate` says which".to_owned(),
        });
    }
    replace::replace(file, &result).map_err(|error| error.to_string())?;
    Ok(names)
}

fn load(file: &Path, text: &str) -> config::Loaded {
    config::load_bytes(file, text.as_bytes().to_vec(), &session::host())
}

fn names_of(text: &str) -> Vec<String> {
    let loaded = load(Path::new("proposal.yaml"), text);
    let tools = loaded.catalog.iter().flat_map(|catalog| catalog.tools());
    tools.map(|tool| tool.name.to_string()).collect()
}
