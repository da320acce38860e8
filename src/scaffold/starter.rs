//! The file that `mcpfier init` writes: a header with what most files want, and templates.

use super::flow::scalar;
use super::library::Template;

const HEADER: &str = "\
# Commands that mcpfier offers to an assistant as tools.
#
# `version: 1` makes mistakes errors: a misspelt key is told with its line and the nearest spelling.
# Every relative path is relative to the folder of this file.
# yaml-language-server: $schema=mcpfier.schema.json
version: 1

server:
  name: ";

const DEFAULTS: &str = "

# What holds for every command that says nothing else.
defaults:
  timeout: 30s
  limits: { memory: 1GiB, pids: 256, output: 1MiB }

commands:
";

/// A whole configuration of a server called `name`, with the commands of these templates.
pub fn starter(name: &str, templates: &[&Template]) -> String {
    let sections: Vec<String> = templates
        .iter()
        .map(|template| format!("  # {}\n\n{}", template.summary(), template.commands()))
        .collect();
    format!("{HEADER}{}{DEFAULTS}{}", scalar(name), sections.join("\n"))
}
