//! What a person sees who starts the server by hand.

use std::path::Path;

use serde_json::json;

use crate::model::{Availability, Catalog, counted};

/// What is served and how a client is connected; for stderr, with a newline at the end.
///
/// `binary` and `config` have to be absolute: clients start the server wherever they like. `choice` is
/// what else they have to say.
pub fn greeting(catalog: &Catalog, binary: &Path, config: &Path, choice: &[String]) -> String {
    let name = &catalog.server.name;
    let tools: Vec<&str> = catalog.offered().map(|tool| tool.name.as_str()).collect();
    let mut text = format!("{name} serves {} over stdio", counted_or_none(tools.len(), "tool"));
    if !tools.is_empty() {
        text.push_str(&format!(": {}", tools.join(", ")));
    }
    text.push_str(&format!("\n  from {}\n", config.display()));
    for tool in catalog.tools() {
        if let Availability::Unavailable { reason } = &tool.availability {
            text.push_str(&format!("  hidden: {} ({reason})\n", tool.name));
        }
    }
    text.push_str(&format!(
        "\n{}\nWaiting for JSON-RPC messages on stdin, one a line. Ctrl-D or Ctrl-C ends this.\n",
        connecting(name, binary, config, choice)
    ));
    text
}

/// How clients are told to start this server.
pub fn connecting(name: &str, binary: &Path, config: &Path, choice: &[String]) -> String {
    let config = config.display().to_string();
    let args = [&["--mcp".to_owned(), "--config".to_owned(), config], choice].concat();
    let entry = json!({ "mcpServers": { name: { "command": binary.display().to_string(), "args": args } } });
    // A value with string keys can always be written.
    let entry = serde_json::to_string_pretty(&entry).unwrap_or_default();
    let words = [
        &["claude", "mcp", "add", name, "--"].map(str::to_owned)[..],
        &[binary.display().to_string()],
        &args,
    ];
    let command = shell_words::join(words.concat());
    format!(
        "To connect Claude Desktop, put this into its claude_desktop_config.json:\n\n{entry}\n\n\
         To connect Claude Code, run:\n\n  {command}\n"
    )
}

fn counted_or_none(count: usize, noun: &str) -> String {
    if count == 0 { format!("no {noun}s") } else { counted(count, noun) }
}
