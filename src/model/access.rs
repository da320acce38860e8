//! Who may, as a file says it: roles, who has them, and what is denied whoever asks.
//!
//! Pure values. What they mean together for one caller and one tool is decided in `policy`.

use std::sync::Arc;

use super::condition::Condition;
use super::glob::name_matches;
use super::name::ToolName;
use super::principal::Permissions;

/// What a file says beside its callers and its commands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Access {
    /// In the order of the file, each name once. No circle leads through `inherits`.
    pub roles: Vec<Role>,
    pub user_roles: Vec<UserRoles>,
    pub role_claims: Vec<RoleClaim>,
    pub policies: Vec<DenyRule>,
    pub confirms: Vec<ConfirmRule>,
    /// The file says who a caller on stdio is and what they may. Otherwise that one may everything that
    /// no policy denies.
    pub judges_local: bool,
}

/// A name for what several callers may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    pub permissions: Permissions,
    /// Roles that come with it.
    pub inherits: Vec<String>,
    pub description: Option<String>,
}

/// The roles of a caller whom the file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRoles {
    /// `ann@example.com`, a user however they are known; or `key:ci`, a caller of that method alone.
    pub user: String,
    pub roles: Vec<String>,
}

/// A claim of a token whose values stand for roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleClaim {
    /// Names of members, from the outermost: `realm_access.roles`.
    pub path: Vec<String>,
    /// By value of the claim.
    pub roles: Vec<(String, Vec<String>)>,
}

/// Calls that are denied, whatever else a caller may.
#[derive(Debug, Clone, PartialEq)]
pub struct DenyRule {
    pub name: String,
    /// The commands that it is about.
    pub commands: Permissions,
    pub deny: Condition,
    /// What a denied caller is told.
    pub message: Option<Arc<str>>,
}

/// Calls that somebody has to agree to, whoever makes them.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfirmRule {
    pub name: String,
    /// The commands that it is about.
    pub commands: Permissions,
    pub confirm: Condition,
    /// What is asked.
    pub message: Option<Arc<str>>,
}

/// What a tool asks of its callers, and what it lends them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authorization {
    /// All of them.
    pub required_roles: Vec<String>,
    /// All of them, by the same patterns as tools.
    pub required_permissions: Vec<String>,
    /// Commands that run in it whether its caller may call them or not.
    pub grants: Vec<ToolName>,
    /// It runs only where its call is recorded.
    pub audit: bool,
}

/// What rules see of a plan. All of it is always there, so that a rule can ask any plan for any; what a plan
/// does not have is `null`.
pub const PLAN_PARTS: [&str; 18] = [
    "kind",
    "executor",
    "program",
    "argv",
    "env",
    "stdin",
    "working_dir",
    "sandbox",
    "timeout",
    "image",
    "user",
    "network",
    "mounts",
    "method",
    "url",
    "headers",
    "body",
    "steps",
];

impl Authorization {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn lends(&self, tool: &ToolName) -> bool {
        self.grants.contains(tool)
    }
}

impl Access {
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }
}

impl Permissions {
    /// Nothing at all.
    pub fn none() -> Self {
        Self::Tools(Arc::default())
    }

    /// Of a caller for whom these are written: without any everything, unless they have roles, which then
    /// say it.
    pub fn of_caller(written: Option<Vec<String>>, has_roles: bool) -> Self {
        match written {
            Some(patterns) => Self::of(patterns),
            None if has_roles => Self::none(),
            None => Self::All,
        }
    }

    /// What either lets, each pattern once.
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Tools(one), Self::Tools(two)) => {
                let more = two.iter().filter(|pattern| !one.contains(pattern));
                let mut all: Vec<String> = one.to_vec();
                all.extend(more.cloned());
                if all.len() == one.len() { self.clone() } else { Self::Tools(all.into()) }
            }
        }
    }

    /// The pattern by which a tool is let.
    pub fn pattern_of(&self, tool: &str) -> Option<&str> {
        match self {
            Self::All => Some("*"),
            Self::Tools(patterns) => {
                patterns.iter().find(|pattern| name_matches(pattern, tool)).map(String::as_str)
            }
        }
    }

    /// As they are written.
    pub fn patterns(&self) -> Vec<&str> {
        match self {
            Self::All => vec!["*"],
            Self::Tools(patterns) => patterns.iter().map(String::as_str).collect(),
        }
    }
}
