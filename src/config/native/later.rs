//! Keys that are known and whose feature is not built yet, and keys that mark a native file.

/// At the root of a file.
pub(super) const ROOT: [&str; 18] = [
    "include",
    "profiles",
    "executors",
    "prompts",
    "resources",
    "upstreams",
    "roles",
    "user_roles",
    "policies",
    "telemetry",
    "analytics",
    "audit",
    "schedules",
    "templates",
    "tags",
    "composite_tools",
    "proxies",
    "tenants",
];

/// Of a command.
pub(super) const COMMAND: [&str; 22] = [
    "container",
    "steps",
    "depends_on",
    "when",
    "else",
    "confirm",
    "retry",
    "cache",
    "schedule",
    "triggers",
    "sandbox",
    "requires",
    "run_on",
    "tests",
    "mock",
    "authorization",
    "finally",
    "cleanup_timeout",
    "extends",
    "enabled",
    "tags",
    "deprecated",
];

/// Of `webhook`.
pub(super) const WEBHOOK: [&str; 6] = ["multipart", "tls", "proxy", "retry", "stream", "breaker"];

/// Types of authentication.
pub(super) const WEBHOOK_AUTH: [&str; 2] = ["oauth", "oauth2"];

/// Of `server`.
pub(super) const SERVER: [&str; 6] = ["http", "transport", "metrics", "cache", "shared_socket", "approvals"];

/// Of `output`.
pub(super) const OUTPUT: [&str; 4] = ["pattern", "select", "template", "files"];

/// Of a parameter.
pub const PARAM: [&str; 2] = ["complete", "ask"];

/// Of a secret.
pub(super) const SECRET: [&str; 5] = ["command", "keyring", "store", "vault", "field"];

/// Keys of commands that are supported and that the original does not know.
const NATIVE_COMMAND: [&str; 17] = [
    "allow",
    "title",
    "shell",
    "run",
    "params",
    "env_inherit",
    "working_dir",
    "stdin",
    "kill_grace",
    "limits",
    "limits_enforcement",
    "concurrency",
    "lock",
    "exit_codes",
    "annotations",
    "output",
    "expose",
];

/// What the original reads or documents of a command.
pub const ORIGINAL_COMMAND_KEYS: [&str; 12] = [
    "name",
    "script",
    "args",
    "description",
    "container",
    "timeout",
    "env",
    "webhook",
    "resources",
    "security",
    "network",
    "authorization",
];

/// What the original reads or documents at the root, beside `commands` and `server`.
pub const ORIGINAL_KEYS: [&str; 4] = ["analytics", "composite_tools", "proxies", "tenants"];

/// Whether a key at the root belongs to native files alone.
pub fn is_native_key(key: &str) -> bool {
    let is_known = ROOT.contains(&key) || matches!(key, "defaults" | "secrets" | "vars" | "env_file");
    is_known && !ORIGINAL_KEYS.contains(&key)
}

/// Whether a key of a command belongs to native files alone.
pub fn is_native_command_key(key: &str) -> bool {
    !ORIGINAL_COMMAND_KEYS.contains(&key) && (NATIVE_COMMAND.contains(&key) || COMMAND.contains(&key))
}

/// Whether a key of `server` belongs to native files alone.
pub fn is_native_server_key(key: &str) -> bool {
    matches!(key, "name" | "instructions" | "calls" | "drain" | "stdio")
}
