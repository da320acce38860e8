//! How often somebody may ask, and what belongs to a tenant.

use std::num::NonZeroU32;
use std::sync::Arc;

use super::glob::name_matches;

/// So many in a minute, and so many of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    pub per_minute: NonZeroU32,
    pub burst: NonZeroU32,
}

/// What the file allows of requests over HTTP. What it does not say is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateLimit {
    pub rate: Option<Rate>,
    /// What `rate` is counted for; each of them must have some left.
    pub per: Vec<RatePer>,
    pub tools: Vec<ToolRate>,
}

/// Who or what shares one count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RatePer {
    /// From where a request comes, whoever sends it; counted before anybody is asked who they are.
    Address,
    Caller,
    /// A caller who is known by a key.
    Key,
    /// A caller who is known otherwise.
    User,
    Tenant,
    /// A tool, whoever calls it.
    Tool,
}

/// How often the tools of a pattern may be called, all together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRate {
    pub pattern: Arc<str>,
    pub rate: Rate,
    /// By each caller, or by all of them together.
    pub is_per_caller: bool,
}

impl ToolRate {
    pub fn is_about(&self, tool: &str) -> bool {
        name_matches(&self.pattern, tool)
    }
}

/// Callers who belong together, and what they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: String,
    /// The tools outside of which nothing is theirs; `None` bounds nothing.
    pub tools: Option<Arc<[String]>>,
    pub rate: Option<Rate>,
}
