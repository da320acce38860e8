//! Where the clients of the official SDKs are, and the scripts that they run.

use std::path::{Path, PathBuf};

use super::skip::skip;

pub fn tools() -> Option<PathBuf> {
    let tools = std::env::var_os("MCPFIER_TEST_TOOLS").map(PathBuf::from);
    let tools = tools.filter(|folder| folder.join("bin/node").exists());
    if tools.is_none() {
        skip("no MCP clients here; tests/run installs them");
    }
    tools
}

pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}
