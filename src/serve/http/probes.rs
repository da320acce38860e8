//! Whether the server is there, for those who watch it. Without a key, and without saying more.

use serde_json::json;

use super::answer::{Answer, refusal, whole};

/// The answer for a path of these; `None` if it is none.
pub fn answer(path: &str, is_closing: bool) -> Option<Answer> {
    match path {
        "/livez" => Some(whole(200, "text/plain", "ok\n")),
        "/readyz" if is_closing => Some(refusal(503, "stopping")),
        "/readyz" => Some(whole(200, "text/plain", "ok\n")),
        // As the original has it.
        "/health" => {
            let status =
                json!({ "status": "healthy", "version": env!("CARGO_PKG_VERSION"), "server": "mcpfier" });
            Some(whole(200, "application/json", status.to_string()))
        }
        _ => None,
    }
}
