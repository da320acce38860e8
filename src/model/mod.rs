//! What a tool is: pure values, without I/O, clock or environment.
//!
//! `config` makes these from what a user wrote, everything to its left in the house reads them.
//! Nothing here has an `Option` that stands for a default: defaults are filled in when a value is
//! made.

mod access;
mod action;
mod api_key;
mod audit;
mod automation;
mod breaker;
mod cache;
mod catalog;
mod condition;
mod confirm;
mod container;
mod copies;
mod counted;
mod date;
mod destination;
mod discovery;
mod executor;
mod fallback;
mod fed;
mod flow;
mod glob;
mod hex;
mod hmac;
mod host_network;
mod http;
mod http_server;
mod image;
mod issuer;
mod jobs;
mod limits;
mod name;
mod nearest;
mod offer;
mod output;
mod own_folder;
mod param_header;
mod params;
mod password;
mod principal;
mod quota;
mod rate;
mod requires;
mod retry;
mod reuse;
mod safe;
mod sandbox;
mod scan;
mod secret;
mod server;
mod stand_in;
mod template;
mod tls;
mod tool;
mod trial;
mod trusted_proxy;
mod units;

pub use access::{Access, Authorization, ConfirmRule, DenyRule, PLAN_PARTS, Role, RoleClaim, UserRoles};
pub use action::{Action, Argument, EnvInherit, Program, Script, Stdin, Variable, Workload};
pub use api_key::{ApiKey, BadFingerprint, Fingerprint, SecretKey};
pub use audit::{AuditKind, AuditRules, Checkpoint, OnUnrecorded, Rotation, Syslog};
pub use automation::{
    Automation, BadCron, BadFilling, BadZone, Change, Cron, FileTrigger, Filling, Given, Missed, Occasion,
    Overlap, Schedule, SignedBy, Trigger, Unfilled, UnknownActor, Watched, Webhook, Zone, actor,
    written_moment,
};
pub use breaker::Breaker;
pub use cache::{CacheCaps, CacheRules, CacheScope, CacheStore};
pub use catalog::Catalog;
pub use condition::{BadCondition, Condition, ConditionError, Judgement, Name, Sight, When, moment};
pub use confirm::{APPROVAL_FIELDS, APPROVER_PARAMS, ApprovalCall, Approver, Confirm, Unasked};
pub use container::{ContainerWorkload, Inside, Lockdown, Mount, Network, Pull, Tmpfs};
pub use copies::{Copies, Store};
pub use counted::counted;
pub use date::parse_moment;
pub use destination::{Destination, DestinationHost};
pub use discovery::{CALL_TOOL, Discovery, SEARCH_TOOLS, Search};
pub use executor::{ClientCertificate, EngineHost, EngineTls, Executor, FOUND_ENGINE, SshHost, host_of};
pub use fallback::{Fallback, FallbackWith};
pub use fed::FedVariables;
pub use flow::{
    Flow, FlowResult, FlowStep, ForEach, MOST_ITEMS, MOST_NESTED_FLOWS, MOST_STEPS, OnError, StepWork,
};
pub use glob::{is_pattern, name_matches};
pub use hex::hex;
pub use hmac::{hmac, signed, webhook_signature};
pub use host_network::host_network;
pub use http::{
    BadUrl, ClientStyle, HostName, HttpAction, HttpAuth, HttpBody, HttpPart, HttpStream, HttpTimes, HttpTls,
    JsonTemplate, Method, OAuth2, Origin, PartContent, Realm, StatusCodes, TlsVersion, UrlTemplate, is_dots,
    is_loopback, is_metadata, is_public, percent_encoded, realm,
};
pub use http_server::{
    Auth, BasicUser, ConnectionPool, Cors, HttpLimits, HttpServer, ProxyHeaders, UnsetCredential,
};
pub use image::{BUILT, Build, Gpus, LockedImages, Verify};
pub use issuer::{
    Algorithm, BadServiceUrl, ClaimNames, Endpoints, Introspection, Issuer, ServiceUrl, is_scope,
};
pub use jobs::{Detach, JobRules, OWN_TOOLS};
pub use limits::{Enforcement, Limits};
pub use name::{BadName, ParamName, RESERVED, SecretName, StepId, ToolName};
pub use nearest::nearest;
pub use offer::{
    BadUri, Directory, Offers, Prompt, PromptContent, PromptMessage, PromptRole, PromptText,
    RESERVED_SCHEMES, Resource, ResourceSource, Suggest, UriTemplate,
};
pub use output::{
    BadGlob, BadPattern, BadSelect, BadText, Block, CsvForm, ExitCodes, FileGlob, Local, Lookup, OnOverflow,
    Operand, Operator, OutputFormat, OutputRules, OutputSchema, Passage, RowPattern, Select, Start,
    TextTemplate,
};
pub use param_header::{BadParamHeader, ParamHeader, check_param_headers};
pub use params::{Kind, Param, ParamRule, Params, PathRule, Presence, SchemaError};
pub use password::{BadPasswordHash, PasswordHash, PasswordKind};
pub use principal::{AuthMethod, CallerId, Permissions, Principal};
pub use quota::Quota;
pub use rate::{Rate, RateLimit, RatePer, Tenant, ToolRate};
pub use requires::{
    Asked, BadRange, ClientFeature, EngineKind, HostFindings, MOST_SAID, NeededEngine, NeededFile,
    NeededProgram, NeededVersion, Requires, VersionPattern, VersionQuestion, VersionRange, circle,
    first_line,
};
pub use retry::{Backoff, Retry, RetryOn, RetryReason};
pub use reuse::Reuse;
pub use safe::{KEY_FILE_VARIABLE, KEY_VARIABLE, SEALED, key_file, safe_folder, sealed_file};
pub use sandbox::{Sandbox, SandboxNetwork, SandboxTmp};
pub use scan::{Scan, Scanner, Severity, WhenAbsent};
pub use secret::{BadSecretText, SecretScript, SecretSource, SecretText, Secrets};
pub use server::{CallCaps, ServerSettings, WarmCaps};
pub use stand_in::StandIn;
pub use template::{BadTemplate, Piece, Reference, StepPart, Template};
pub use tls::{
    Acme, BadSubject, CertificateName, CertificateUser, ClientCertificates, Identity, KeyPair, Subject, Tls,
};
pub use tool::{Annotations, Availability, Concurrency, Dialect, Tool};
pub use trial::{
    Expectation, ExpectedEnding, ExpectedRun, ExpectedWords, JsonCheck, Mock, Refuser, TextCheck, Trial,
    TrialSet,
};
pub use trusted_proxy::{NotAProxy, TrustedProxy};
pub use units::{BadUnit, ByteSize, Cores, format_duration, parse_duration};
