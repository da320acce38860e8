//! What a user writes in a file with `version: 1`: one struct for each group of keys.
//!
//! Shapes and types of values are checked here, each key on its own; what keys mean together is
//! for `lower`. An absent key is `None`: defaults belong to the model.

mod access;
mod approve;
mod audit;
mod automation;
mod basic;
mod care;
mod command;
mod confirm;
mod container;
mod copies;
mod env;
mod executor;
mod file;
mod flow;
mod http_server;
mod image;
mod jobs;
mod network;
mod oauth;
mod offer;
mod output;
mod quota;
mod rate_limit;
mod requires;
mod retry;
mod reuse;
mod sandbox;
mod scan;
mod secrets;
mod server;
mod server_tls;
mod settings;
mod test;
mod webhook;
mod webhook_parts;
mod webhook_way;
mod working_dir;

pub use access::{Access, Authorization, Imagined, Policy, Role, Roles};
pub use approve::{ApproveKeys, ApproveWebhook};
pub use audit::{AuditKeys, SyslogKeys};
pub use automation::{AutomationKeys, OF_FILES, OF_WEBHOOKS, On, ScheduleKeys, TriggerKeys};
pub use basic::{CallerKeys, User as HttpUser};
pub use care::{CacheKeys, CareKeys, FallbackKeys};
pub use command::Command;
pub use confirm::ConfirmKeys;
pub use container::{Container, MountEntry};
pub use copies::Copies;
pub use env::Variable;
pub use executor::{DockerEntry, ExecutorEntry, TlsEntry};
pub use file::File;
pub use flow::{Dependency, EachKeys, FlowKeys, OnErrorKeys, Step, Work};
pub use http_server::{
    Auth as HttpAuth, Cors as HttpCors, HttpLimits, HttpServer, Key as HttpKey, Previous as PreviousKey,
};
pub use image::{BuildKeys, GpuKeys};
pub use jobs::Jobs;
pub use network::{Allowed, DestinationEntry, Network as NetworkEntry};
pub use oauth::{Introspection as HttpIntrospection, Issuer as HttpIssuer, scopes};
pub use offer::{
    EmbeddedKeys, Made, MadeOf, MessageKeys, OfferKeys, PromptKeys, ResourceKeys, SuggestKeys,
    only as only_made,
};
pub use output::{FormatName, Output};
pub use quota::Quota;
pub use rate_limit::{ConnectionPool, Rate, RateLimit, Tenant, ToolRate};
pub use requires::{OneOf, RequiredExecutable, Requires};
pub use retry::RetryKeys;
pub use sandbox::{SandboxKeys, SandboxSetting};
pub use secrets::{SOURCES, SecretEntry};
pub use server::{Caller, Calls, Server, Warm};
pub use server_tls::{AcmeEntry, CertificateEntry, Mtls, ServerTls};
pub use settings::{Bound, LimitSettings, Settings, cores};
pub use test::{Check, Ending, Expect, MockEntry, Test};
pub use webhook::{AuthType, Pair, Webhook, WebhookAuth};
pub use webhook_parts::{Part, Parts};
pub use webhook_way::{WebhookStream, WebhookTls};
pub use working_dir::WorkingDir;
