//! Which tests are meant.

use std::sync::Arc;

use crate::model::{Catalog, Tool, Trial, TrialSet, nearest};
use crate::trial::matches;

/// A test, and the command that it is of.
pub struct Case {
    pub tool: Arc<Tool>,
    pub trial: Trial,
}

pub struct Selection {
    /// In the order of the file: those of one command stand together.
    pub cases: Vec<Case>,
    /// Commands that have no tests.
    pub untested: Vec<String>,
}

/// The tests of the commands that are named, or the tests that are: `COMMAND` or `COMMAND: TEST`,
/// each a pattern. Without names all of them.
pub fn select(catalog: &Catalog, sets: Vec<TrialSet>, names: &[String]) -> Result<Selection, String> {
    if let Some(unknown) = names.iter().find(|name| !is_known(name, &sets)) {
        return Err(no_match(unknown, &sets));
    }
    let mut selection = Selection { cases: Vec::new(), untested: Vec::new() };
    for TrialSet { tool, trials } in sets {
        let is_named = names.is_empty() || names.iter().any(|name| matches(name, tool.as_str()));
        let Some(found) = catalog.tool(tool.as_str()) else { continue };
        if trials.is_empty() && is_named {
            selection.untested.push(tool.to_string());
        }
        let is_meant =
            |trial: &Trial| is_named || names.iter().any(|name| matches(name, &title(&tool, trial)));
        let meant = trials.into_iter().filter(is_meant);
        selection.cases.extend(meant.map(|trial| Case { tool: Arc::clone(found), trial }));
    }
    Ok(selection)
}

fn title(tool: &impl std::fmt::Display, trial: &Trial) -> String {
    format!("{tool}: {}", trial.name)
}

fn is_known(name: &str, sets: &[TrialSet]) -> bool {
    let of_set = |set: &TrialSet| set.trials.iter().any(|trial| matches(name, &title(&set.tool, trial)));
    sets.iter().any(|set| matches(name, set.tool.as_str()) || of_set(set))
}

fn no_match(name: &str, sets: &[TrialSet]) -> String {
    let help = match nearest(name, sets.iter().map(|set| set.tool.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`mcpfier test --list` lists the tests".to_owned(),
    };
    format!("no command and no test is called `{name}`; {help}")
}
