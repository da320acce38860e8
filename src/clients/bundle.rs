//! The manifest of a bundle (`.mcpb`): our binary and one file, to be installed by a double click.

use serde_json::{Value, json};

use crate::model::Catalog;

use super::table::Platform;

/// The form of the manifest that is written.
const MANIFEST_VERSION: &str = "0.3";
/// Where the configuration is in the bundle.
pub const CONFIG: &str = "server/config.yaml";

/// What a bundle is called and what it runs on.
pub struct Bundle<'b> {
    /// Of a-z, A-Z, 0-9, `-` and `_`.
    pub name: &'b str,
    pub version: &'b str,
    pub author: &'b str,
    pub platform: Platform,
}

impl Bundle<'_> {
    /// Where the binary is in the bundle.
    pub fn binary(&self) -> &'static str {
        if self.platform == Platform::Windows { "server/mcpfier.exe" } else { "server/mcpfier" }
    }

    pub fn manifest(&self, catalog: &Catalog) -> Value {
        let tools: Vec<Value> = catalog
            .offered()
            .map(|tool| json!({ "name": tool.name.as_str(), "description": tool.description }))
            .collect();
        let inside = |path: &str| format!("${{__dirname}}/{path}");
        json!({
            "manifest_version": MANIFEST_VERSION,
            "name": self.name,
            "display_name": catalog.server.name,
            "version": self.version,
            "description": described(&tools),
            "author": { "name": self.author },
            "server": {
                "type": "binary",
                "entry_point": self.binary(),
                "mcp_config": {
                    "command": inside(self.binary()),
                    "args": ["--mcp", "--config", inside(CONFIG)],
                    "env": {},
                },
            },
            "tools": tools,
            "compatibility": { "platforms": [self.platform_name()] },
        })
    }

    fn platform_name(&self) -> &'static str {
        match self.platform {
            Platform::Linux => "linux",
            Platform::Macos => "darwin",
            Platform::Windows => "win32",
        }
    }
}

fn described(tools: &[Value]) -> String {
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool.get("name")?.as_str()).collect();
    match names.as_slice() {
        [] => "Offers no tools".to_owned(),
        names => format!("Offers {}", names.join(", ")),
    }
}
