//! `vars`, `${…}` and `env_file`: what a file says with the words of its host.

use std::path::{Path, PathBuf};

use mcpfier::config::{Code, Host, Loaded, Style, check, check_bytes, load_bytes};
use mcpfier::model::{Action, Argument, Availability, Tool, Workload};

use super::host::TestHost;

/// A file with one command, below what is said at its root.
fn file(root: &str, keys: &str) -> String {
    format!("version: 1\n{root}\ncommands:\n  - name: say\n    description: d\n    script: echo\n{keys}")
}

fn with(variables: &[(&str, &str)]) -> TestHost {
    let mut host = TestHost::new();
    let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    host.host.environment.extend(owned);
    host
}

fn say(loaded: &Loaded) -> &Tool {
    let tool = loaded.catalog.as_ref().and_then(|catalog| catalog.tool("say"));
    tool.unwrap_or_else(|| panic!("{}", loaded.report.render(Style::Plain)))
}

fn process(tool: &Tool) -> &Workload {
    let Action::Process(workload) = &tool.action else { panic!("a process") };
    workload
}

fn words(tool: &Tool) -> Vec<&str> {
    let literal = |argument: &'_ Argument| match argument {
        Argument::Word(_) => true,
        _ => false,
    };
    assert!(process(tool).script.args().iter().all(literal));
    let text = |argument| match argument {
        Argument::Word(template) => template.as_literal().expect("a literal"),
        _ => "",
    };
    process(tool).script.args().iter().map(text).collect()
}
