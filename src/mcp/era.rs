//! Which of the two lives of the protocol a request belongs to, and who we say we are in each.
//!
//! Until 2025-11-25 a session begins with `initialize`. From 2026-07-28 on there is no session:
//! every request carries its version and the client's capabilities. One process serves both, even
//! on one connection.

use rmcp::ErrorData;
use rmcp::model::{Implementation, ProtocolVersion, RequestMetaObject};
use serde_json::json;

use super::context::Context;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Era {
    /// A session that began with `initialize`.
    Handshake,
    /// A request that stands for itself.
    PerRequest,
}

impl Era {
    /// A request that belongs to neither is refused.
    pub(super) fn of(context: &Context) -> Result<Self, ErrorData> {
        match version_of(&context.meta) {
            Some(version) if version >= ProtocolVersion::V_2026_07_28.as_str() => Ok(Self::PerRequest),
            _ if context.opened.is_some() => Ok(Self::Handshake),
            _ => Err(unopened(&context.meta)),
        }
    }
}

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The version that a request names, as it stands there: asked several times of each, and copied by none.
pub(super) fn version_of(meta: &RequestMetaObject) -> Option<&str> {
    meta.get(VERSION)?.as_str()
}

fn unopened(meta: &RequestMetaObject) -> ErrorData {
    let missing = meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).join(", ");
    let text = format!("expected `initialize` first, or these in the request's `_meta`: {missing}");
    ErrorData::invalid_params(text, None)
}

/// Who we say we are.
pub(super) struct Identity {
    implementation: Implementation,
    meta_entry: String,
}

impl Identity {
    pub(super) fn new(name: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let info = json!({ "name": name, "version": version });
        Self {
            implementation: Implementation::new(name, version),
            meta_entry: format!(r#""io.modelcontextprotocol/serverInfo":{info}"#),
        }
    }

    pub(super) fn implementation(&self) -> Implementation {
        self.implementation.clone()
    }

    /// The `_meta` of a result.
    pub(super) fn meta(&self) -> serde_json::Value {
        serde_json::from_str(&format!("{{{}}}", self.meta_entry)).unwrap_or_default()
    }

    /// The entry of a result's `_meta`, key and value.
    pub(super) fn meta_entry(&self) -> &str {
        &self.meta_entry
    }
}
