//! Who calls, how that is known, and which tools that is about.

use core::net::IpAddr;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::glob::name_matches;
use super::quota::Quota;
use super::rate::Rate;

/// A caller, as policy and audit know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub name: String,
    pub method: AuthMethod,
    /// Who says that this is their name, where several issuers do: a name of one is not the same name of another.
    pub issuer: Option<Arc<str>>,
    pub roles: Vec<String>,
    /// What they may beside what their roles let them.
    pub permissions: Permissions,
    /// What the bearer of a token may ask for; `None` where there are no scopes.
    pub scopes: Option<Vec<String>>,
    /// What the issuer of a token says of them.
    pub claims: Map<String, Value>,
    pub tenant: Option<String>,
    /// Tools outside of which nothing is theirs, whatever their permissions and roles say.
    pub within: Option<Arc<[String]>>,
    /// Tags of what they are offered among all that; `None`: everything.
    pub toolset: Option<Arc<[String]>>,
    /// How often they may ask, in place of what holds for everybody.
    pub rate: Option<Rate>,
    /// How many calls they have, in place of what holds for everybody.
    pub quota: Option<Quota>,
    /// From where; `None` on stdio, at the shell and over a socket in the file system.
    pub address: Option<IpAddr>,
}

impl Principal {
    /// The caller on stdio and at the shell when the file names none.
    pub fn local() -> Self {
        Self::of(AuthMethod::Local, "local".to_owned(), Permissions::All)
    }

    /// A caller over HTTP where the file asks nobody who they are.
    pub fn anonymous() -> Self {
        Self::of(AuthMethod::Anonymous, "anonymous".to_owned(), Permissions::All)
    }

    /// A caller of whom nothing more is known.
    pub fn of(method: AuthMethod, name: String, permissions: Permissions) -> Self {
        Self {
            name,
            method,
            issuer: None,
            roles: Vec::new(),
            permissions,
            scopes: None,
            claims: Map::new(),
            tenant: None,
            within: None,
            toolset: None,
            rate: None,
            quota: None,
            address: None,
        }
    }

    /// Which of these scopes their token has not. Who has none to show needs none.
    pub fn lacks<'a>(&self, scopes: &'a [String]) -> Vec<&'a str> {
        let Some(own) = &self.scopes else { return Vec::new() };
        scopes.iter().filter(|scope| !own.contains(scope)).map(String::as_str).collect()
    }

    /// Whether a tool is among those that can be theirs at all.
    pub fn is_within(&self, tool: &str) -> bool {
        self.within.as_ref().is_none_or(|tools| tools.iter().any(|pattern| name_matches(pattern, tool)))
    }

    /// Whether a tool with these tags is among those that they are offered.
    pub fn is_offered(&self, tags: &[String]) -> bool {
        self.toolset.as_ref().is_none_or(|wanted| wanted.iter().any(|tag| tags.contains(tag)))
    }

    /// Tells callers apart: the key `ci` is not the user `ci`, and of several issuers each has its own `ci`.
    pub fn id(&self) -> CallerId {
        let method = self.method.as_str();
        let id = match &self.issuer {
            // No address has these brackets, so nobody gets such an id by a name.
            Some(issuer) => [method, "<", issuer, ">:", &self.name].concat(),
            None => [method, ":", &self.name].concat(),
        };
        CallerId(id.into())
    }

    /// Whether a name of `user_roles` is this caller's. A bare one means people: those who say a name and prove it.
    /// Keys are named with their method, so that nobody gets the roles of a key by having its name, nor by having
    /// `key:ci` as one: what begins with a method is never a bare name. `token:ann` is the name at whichever issuer;
    /// with the issuer it is that one's.
    pub fn is_meant_by(&self, user: &str) -> bool {
        let is_user = match self.method {
            AuthMethod::Local | AuthMethod::Basic | AuthMethod::Token | AuthMethod::Certificate => true,
            AuthMethod::Key | AuthMethod::Anonymous | AuthMethod::Service => false,
        };
        let with_method = user.split_once(':').filter(|(method, _)| *method == self.method.as_str());
        (is_user && !AuthMethod::begins(user) && user == self.name)
            || with_method.is_some_and(|(_, name)| name == self.name)
            || (self.issuer.is_some() && user == self.id().as_str())
    }
}

/// How it is known who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// On stdio or at the shell: whoever started it.
    Local,
    /// Nobody is asked.
    Anonymous,
    Key,
    /// A name and a password.
    Basic,
    /// A token that an identity provider made.
    Token,
    /// A certificate of the client.
    Certificate,
    /// Nobody can say that they are this: only the file acts as one, by the clock or by a trigger.
    Service,
}

impl AuthMethod {
    pub const ALL: [Self; 7] =
        [Self::Local, Self::Anonymous, Self::Key, Self::Basic, Self::Token, Self::Certificate, Self::Service];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Anonymous => "anonymous",
            Self::Key => "key",
            Self::Basic => "basic",
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Service => "service",
        }
    }

    /// Whether a name says by which method somebody is known: `key:ci`, `token<https://id.example.com>:ann`.
    fn begins(user: &str) -> bool {
        Self::ALL.into_iter().any(|method| {
            let after = user.strip_prefix(method.as_str());
            after.is_some_and(|after| {
                after.starts_with(':') || (after.starts_with('<') && after.contains(">:"))
            })
        })
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A caller's method and name: `key:ci`, and where there are several issuers the one: `token<https://id.example.com>:ann`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallerId(Arc<str>);

impl CallerId {
    /// One that was written down.
    pub fn written(text: &str) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names of tools, as patterns.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Permissions {
    All,
    Tools(Arc<[String]>),
}

impl Permissions {
    /// Of patterns as a file has them.
    pub fn of(patterns: Vec<String>) -> Self {
        if patterns.iter().any(|pattern| pattern == "*") { Self::All } else { Self::Tools(patterns.into()) }
    }

    pub fn allow(&self, tool: &str) -> bool {
        match self {
            Self::All => true,
            Self::Tools(patterns) => patterns.iter().any(|pattern| name_matches(pattern, tool)),
        }
    }
}
