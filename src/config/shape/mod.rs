//! Shapes: which keys each map of a file may hold, declared once.
//!
//! Readers open a map with its shape, which knows the keys that are built and those that come
//! later; the JSON Schema, the hover texts of editors and the reference are made of the same
//! tables. So a key cannot be read and stay unknown to editors, or be documented and not be read:
//! in debug builds [`Fields`](super::read::Fields) refuses a key that its shape does not have, and
//! at the end a built key that nobody asked for.
//!
//! To add a key:
//!
//! 1. Put a line into the table of its map, in the order in which it is read:
//!    `Key::new("tags", Kind::ListOf(&Kind::Text), "Words to …").default("[]").examples(&["[git, slow]"]),`
//!    The description is what a person sees on hover: whole sentences, what it does and when one
//!    wants it. Default and examples are YAML, as one would write them; they have to fit the kind.
//!    What is no value ("the folder of the file") is said with `otherwise`.
//! 2. If it was among the `Key::later`, remove it there.
//! 3. Read it: `fields.text("tags")`, `fields.take("tags")`, …
//! 4. A map of its own gets a table of its own (`pub static TAGS: Shape`), the kind
//!    `Kind::Group(&TAGS)`, and `Fields::open(reader, node, &shape::TAGS)`. Where names are
//!    chosen by the file: `Kind::MapOf(Names::…, &…)`.
//! 5. `UPDATE_SCHEMAS=1 cargo test schemas` writes `schemas/config.schema.json` and
//!    `docs/reference/configuration.md` anew.
//!
//! A new way to say what a command does (beside `script` and `run`), and whatever keys mean for one
//! another, goes into `schema/rules.rs`. A kind of value that is not there yet goes into
//! [`Kind`], `schema/kind.rs` and `schema/reference.rs`.

mod access;
mod allow;
mod annotations;
mod argument;
mod audit;
mod automation;
mod care;
mod command;
mod concurrency;
mod container;
mod copies;
mod executor;
mod http_server;
mod jobs;
mod key;
mod limits;
mod oauth;
mod offer;
mod original;
mod output;
mod param;
mod quota;
mod rate_limit;
mod requires;
mod retry;
mod root;
mod sandbox;
mod secret;
mod server;
mod server_tls;
mod settings;
mod step;
mod test;
mod toolset;
mod webhook;
mod working_dir;

pub use access::{AUTHORIZATION, ENTERPRISE, ORIGINAL_AUTHORIZATION, POLICY, RBAC, ROLE, TEST_CALLER};
pub use allow::ALLOWANCE;
pub use annotations::ANNOTATIONS;
pub use argument::{CONDITION, LITERAL};
pub use audit::{AUDIT, AUDIT_CHECKPOINT, AUDIT_ROTATE, AUDIT_SYSLOG};
pub use automation::{SCHEDULE, TRIGGER};
pub use care::{APPROVE, APPROVE_WEBHOOK, BREAKER, CACHE, CONFIRM, FALLBACK, INVALIDATE_ON};
pub use command::{CHANGE, COMMAND, TEMPLATE};
pub use concurrency::CONCURRENCY;
pub use container::{BUILD, CONTAINER, DESTINATION, MOUNT, NETWORK, REUSE, SCAN, TMPFS, VERIFY};
pub use copies::COPIES;
pub use executor::{DOCKER, EXECUTOR, TLS};
pub use http_server::{
    API_KEY, CORS, HTTP_AUTH, HTTP_LIMITS, HTTP_SERVER, PREVIOUS_KEY, SECURITY_HEADERS, SIMPLE_AUTH,
};
pub use jobs::JOBS;
pub use key::{Key, Kind, Names, Stage};
pub use limits::LIMITS;
pub use oauth::{CLAIMS, INTROSPECTION, JWT, OAUTH, OAUTH21};
pub use offer::{EMBEDDED, MESSAGE, OFFER_AUTHORIZATION, PROMPT, RESOURCE, SUGGEST};
pub use original::{
    ORIGINAL_AUTH, ORIGINAL_COMMAND, ORIGINAL_COMPOSITE, ORIGINAL_RESOURCES, ORIGINAL_RETRY, ORIGINAL_ROOT,
    ORIGINAL_SERVER, ORIGINAL_STEP, ORIGINAL_WEBHOOK,
};
pub use output::OUTPUT;
pub use param::{ITEM, PARAM, SCHEMA, TYPES};
pub use quota::{QUOTA, SERVER_QUOTA};
pub use rate_limit::{BASIC_AUTH, BASIC_USER, CONNECTION_POOL, RATE, RATE_LIMIT, TENANT, TOOL_RATE};
pub use requires::{MACHINES, REQUIRED_EXECUTABLE, REQUIRES, SYSTEMS};
pub use retry::RETRY;
pub use root::ROOT;
pub use sandbox::SANDBOX;
pub use secret::SECRET;
pub use server::{CALLS, SERVER, SERVER_CACHE, STDIO, WARM};
pub use server_tls::{ACME, CERTIFICATE_USER, MTLS, SERVER_TLS};
pub use settings::DEFAULTS;
pub use step::{ALTERNATIVE, DEPENDENCY, FOR_EACH, STEP};
pub use test::{CHECKS, EXPECT, MOCK, TEST};
pub use toolset::{DISCOVERY, TOOLSET};
pub use webhook::{WEBHOOK, WEBHOOK_AUTH, WEBHOOK_PART, WEBHOOK_STREAM, WEBHOOK_TLS};
pub use working_dir::WORKING_DIR;

/// A map whose keys are known.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the JSON Schema and its heading in the reference.
    pub name: &'static str,
    /// For sentences: "a command", "`limits`".
    pub what: &'static str,
    pub description: &'static str,
    /// In the order in which they are read; more than one table where shapes share keys.
    pub tables: &'static [&'static [Key]],
}

impl Shape {
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> + Clone {
        self.tables.iter().copied().flatten()
    }

    /// The keys that can be written today.
    pub fn built(&self) -> impl Iterator<Item = &'static Key> + Clone {
        self.keys().filter(|key| key.stage == Stage::Built)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys().map(|key| key.name)
    }

    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub fn is_later(&self, name: &str) -> bool {
        self.find(name).is_some_and(|key| key.stage == Stage::Later)
    }
}

/// Whether a key at the root belongs to native files alone.
pub fn is_native_key(key: &str) -> bool {
    ROOT.has(key) && !ORIGINAL_ROOT.has(key)
}

/// Whether a key of a command belongs to native files alone.
pub fn is_native_command_key(key: &str) -> bool {
    COMMAND.has(key) && !ORIGINAL_COMMAND.has(key)
}

/// Whether a key of `server` belongs to native files alone.
pub fn is_native_server_key(key: &str) -> bool {
    SERVER.has(key) && !ORIGINAL_SERVER.has(key)
}
