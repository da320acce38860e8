//! What a file says of callers → principals; people with passwords → users.

use std::cell::RefCell;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::model::{
    AuthMethod, BasicUser, PasswordHash, Permissions, Principal, Secrets, Tenant, UnsetCredential,
};

use super::rate_limit::{quota, rate};

/// Knows what callers may belong to.
pub(super) struct Callers<'a> {
    pub reader: &'a Reader<'a>,
    pub tenants: &'a [Tenant],
    pub secrets: &'a Secrets,
    /// To whom `user_roles` gives roles.
    pub with_roles: &'a [&'a str],
    /// What has been found to be only the name of a variable.
    pub unset: RefCell<Vec<UnsetCredential>>,
}

impl Callers<'_> {
    /// `None` if they belong to a tenant that is not there.
    pub(super) fn principal(
        &self,
        method: AuthMethod,
        name: String,
        written: native::CallerKeys<'_>,
    ) -> Option<Principal> {
        let native::CallerKeys { permissions, roles, scopes, tenant, rate: written, quota: allowed, tools } =
            written;
        let found = match tenant {
            Some(tenant) if !self.tenants.is_empty() => Some(self.tenant(tenant)?),
            _ => None,
        };
        Some(Principal {
            scopes: scopes.map(all),
            tenant: tenant.map(|tenant| tenant.value.to_owned()),
            within: found.and_then(|tenant| tenant.tools.clone()),
            toolset: tools.map(|tags| all(tags).into()),
            rate: written.and_then(|written| rate(self.reader, written)),
            quota: allowed.and_then(|allowed| quota(self.reader, allowed)),
            ..self.named(method, name, permissions, roles)
        })
    }

    /// Without permissions of their own they may what their roles let them, wherever these are given.
    pub(super) fn named(
        &self,
        method: AuthMethod,
        name: String,
        permissions: Option<Vec<Spanned<&str>>>,
        roles: Vec<Spanned<&str>>,
    ) -> Principal {
        let caller = Principal { roles: all(roles), ..Principal::of(method, name, Permissions::none()) };
        let has_roles =
            !caller.roles.is_empty() || self.with_roles.iter().any(|user| caller.is_meant_by(user));
        Principal { permissions: Permissions::of_caller(permissions.map(all), has_roles), ..caller }
    }

    fn tenant(&self, name: Spanned<&str>) -> Option<&Tenant> {
        let found = self.tenants.iter().find(|tenant| tenant.id == name.value);
        if found.is_none() {
            let message = format!("there is no tenant `{}`", name.value);
            let problem = Diagnostic::error(Code::UnknownTenant, name.span, message);
            self.reader.problems.add(problem.help("declare it in `tenants`, at the root of the file"));
        }
        found
    }

    pub(super) fn users(&self, written: Vec<native::HttpUser<'_>>) -> Vec<BasicUser> {
        let mut users: Vec<(BasicUser, Span)> = Vec::new();
        for native::HttpUser { name, hash, caller } in written {
            if let Some((_, first)) = users.iter().find(|(user, _)| user.principal.name == name.value) {
                let message = format!("there are two users `{}`", name.value);
                let problem = Diagnostic::error(Code::DuplicateCaller, name.span, message);
                let problem = problem.other(*first, "the other is here");
                self.reader.problems.add(problem.help("one person, one name"));
                continue;
            }
            if self.is_unset(hash, &format!("the password of `{}`", name.value)) {
                continue;
            }
            let (name, hash) = (self.username(name), self.hash(hash));
            let (Some((name, span)), Some(hash)) = (name, hash) else { continue };
            let Some(principal) = self.principal(AuthMethod::Basic, name, caller) else { continue };
            users.push((BasicUser { principal, hash }, span));
        }
        users.into_iter().map(|(user, _)| user).collect()
    }

    /// A name that can be sent: the first colon ends it.
    fn username(&self, name: Spanned<&str>) -> Option<(String, Span)> {
        let value = name.value;
        if value.trim().is_empty() || value.contains(':') || value.chars().any(char::is_control) {
            let message = format!("`{}` is no name of a user", value.escape_debug());
            let problem = Diagnostic::error(Code::BadName, name.span, message);
            self.reader.problems.add(problem.help("expected a text without `:` and control characters"));
            return None;
        }
        Some((value.to_owned(), name.span))
    }

    fn hash(&self, written: Spanned<&str>) -> Option<PasswordHash> {
        let help = "`mcpfier key hash-password` makes one";
        match written.value.parse::<PasswordHash>() {
            Ok(hash) => {
                if hash.is_weak {
                    let message = "`password_hash` is so cheap to check that the password can be guessed";
                    let problem = Diagnostic::warning(Code::WeakPasswordHash, written.span, message);
                    self.reader.problems.add(problem.help(help));
                }
                Some(hash)
            }
            Err(bad) => {
                let message = format!("`password_hash`: {bad}");
                let problem = Diagnostic::error(Code::BadPasswordHash, written.span, message);
                self.reader.problems.add(problem.help(help));
                None
            }
        }
    }
}

fn all(texts: Vec<Spanned<&str>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value.to_owned()).collect()
}
