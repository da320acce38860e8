//! Who may: roles, who has them, rules that deny, and what commands ask for → [`Access`]. Every name that
//! stands there is looked for: a role that nobody declared would let nobody in, or deny nothing.

mod policy;

use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Reader, Spanned, nearest};
use crate::config::source::Span;
use crate::model::{
    Access, Action, AuthMethod, Authorization, Dialect, Permissions, Role, RoleClaim, ServerSettings,
    StepWork, Tool, UserRoles,
};

/// What the rest of a file says.
pub struct Beside<'a> {
    pub reader: &'a Reader<'a>,
    pub tools: &'a [Arc<Tool>],
    /// Commands with `authorization`, as it is written.
    pub asking: &'a [(String, native::Authorization)],
    /// Roles of `server.stdio`, if it says any.
    pub local_roles: Option<Vec<Spanned<&'a str>>>,
    pub local_permissions: bool,
    /// The file says that calls are recorded.
    pub has_audit: bool,
    /// Others of the file may have been left out.
    pub is_selection: bool,
}

/// What callers have to have for a command, before anything is known of others.
pub fn authorization(written: Option<&native::Authorization>) -> Authorization {
    let Some(native::Authorization { required_roles, required_permissions, grants, audit }) = written else {
        return Authorization::default();
    };
    let texts = |texts: &[Spanned<String>]| texts.iter().map(|text| text.value.clone()).collect();
    Authorization {
        required_roles: texts(required_roles),
        required_permissions: texts(required_permissions),
        // What is no name is none of a command, and told with those.
        grants: grants.iter().filter_map(|name| name.value.parse().ok()).collect(),
        audit: audit.is_some(),
    }
}

/// What a file says of who may. `server` is told who a caller on stdio is.
pub fn access(beside: &Beside<'_>, written: native::Access<'_>, server: &mut ServerSettings) -> Access {
    let lowering = Lowering { beside, declared: declared(beside, &written.roles) };
    let roles = written.roles.iter().filter_map(|role| lowering.role(role)).collect();
    lowering.check_circles(&written.roles);
    let users = written.user_roles.iter().filter_map(|of| lowering.user(of, server));
    let user_roles = users.collect();
    let claims = written.role_claims.iter().filter_map(|(claim, values)| lowering.claim(*claim, values));
    let role_claims = claims.collect();
    beside.asking.iter().for_each(|(tool, asked)| lowering.check_asked(tool, asked));
    beside.local_roles.iter().flatten().for_each(|role| lowering.check_role(*role));
    let has_roles = !lowering.declared.is_empty();
    if beside.local_roles.is_some() && has_roles && !beside.local_permissions {
        server.stdio.permissions = Permissions::none();
    }
    if has_roles && let Some(auth) = &mut server.http.auth {
        // Where there are roles, a token lets do what its roles do.
        let silent = auth.issuers.iter_mut().filter(|issuer| !issuer.says_permissions);
        silent.for_each(|issuer| issuer.permissions = Permissions::none());
    }
    let (policies, confirms) = policy::policies(beside, &written.policies);
    let judges_local = beside.local_roles.is_some() || beside.local_permissions;
    Access { roles, user_roles, role_claims, policies, confirms, judges_local }
}

struct Lowering<'a> {
    beside: &'a Beside<'a>,
    /// The names of all roles; if there are none, any name is one.
    declared: Vec<&'a str>,
}

/// The names of roles; the second of one name is told.
fn declared<'n>(beside: &Beside<'_>, roles: &[native::Role<'n>]) -> Vec<&'n str> {
    let mut declared: Vec<Spanned<&'n str>> = Vec::new();
    for name in roles.iter().filter_map(|role| role.name) {
        if name.value.trim().is_empty() {
            let problem = Diagnostic::error(Code::BadRole, name.span, "a role needs a name");
            beside.reader.problems.add(problem);
            continue;
        }
        if let Some(first) = declared.iter().find(|known| known.value == name.value) {
            let message = format!("there are two roles of the name `{}`", name.value);
            let problem = Diagnostic::error(Code::BadRole, name.span, message);
            beside.reader.problems.add(problem.other(first.span, "the first is here"));
            continue;
        }
        declared.push(name);
    }
    declared.into_iter().map(|name| name.value).collect()
}

fn owned(texts: &[Spanned<&str>]) -> Vec<String> {
    texts.iter().map(|text| text.value.to_owned()).collect()
}

impl Lowering<'_> {
    fn role(&self, written: &native::Role<'_>) -> Option<Role> {
        let native::Role { name, permissions, inherits, description } = written;
        inherits.iter().for_each(|role| self.check_role(*role));
        Some(Role {
            name: name.as_ref()?.value.to_owned(),
            permissions: Permissions::of(owned(permissions)),
            inherits: owned(inherits),
            description: description.map(str::to_owned),
        })
    }

    /// A role that comes with itself is a mistake, even if it would do no harm.
    fn check_circles(&self, roles: &[native::Role<'_>]) {
        for role in roles {
            let Some(name) = role.name else { continue };
            let mut seen: Vec<&str> = Vec::new();
            let mut next: Vec<&str> = role.inherits.iter().map(|role| role.value).collect();
            while let Some(inherited) = next.pop() {
                if inherited == name.value {
                    let message = format!("the role `{inherited}` inherits itself");
                    let problem = Diagnostic::error(Code::BadRole, name.span, message);
                    return self.beside.reader.problems.add(problem.help("leave one of the `inherits` out"));
                }
                if !seen.contains(&inherited) {
                    seen.push(inherited);
                    let known =
                        roles.iter().filter(|role| role.name.is_some_and(|name| name.value == inherited));
                    next.extend(known.flat_map(|role| &role.inherits).map(|role| role.value));
                }
            }
        }
    }

    fn user(&self, written: &native::Roles<'_>, server: &ServerSettings) -> Option<UserRoles> {
        let native::Roles { of, roles } = written;
        roles.iter().for_each(|role| self.check_role(*role));
        let name = of.value.trim();
        if name.is_empty() {
            let problem = Diagnostic::error(Code::BadRole, of.span, "a caller of `user_roles` has no name");
            self.beside.reader.problems.add(problem);
            return None;
        }
        let keys = server.http.auth.iter().flat_map(|auth| &auth.api_keys);
        if keys
            .map(|key| &key.principal)
            .any(|caller| caller.method == AuthMethod::Key && caller.name == name)
        {
            let message = format!("`{name}` is the name of a key, and here it means a user of that name");
            let problem = Diagnostic::warning(Code::RoleOfKey, of.span, message);
            self.beside.reader.problems.add(problem.help(format!("for the key write `\"key:{name}\"`")));
        }
        Some(UserRoles { user: name.to_owned(), roles: owned(roles) })
    }

    fn claim(&self, claim: Spanned<&str>, values: &[native::Roles<'_>]) -> Option<RoleClaim> {
        values.iter().flat_map(|of| &of.roles).for_each(|role| self.check_role(*role));
        let path: Vec<String> = claim.value.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            let message =
                format!("`{}` is no claim; expected a name, or names with `.` between", claim.value);
            self.beside.reader.problems.add(Diagnostic::error(Code::BadRole, claim.span, message));
            return None;
        }
        let roles = values.iter().map(|of| (of.of.value.to_owned(), owned(&of.roles)));
        Some(RoleClaim { path, roles: roles.collect() })
    }

    fn check_role(&self, role: Spanned<&str>) {
        self.check_name(role.value, role.span);
    }

    fn check_name(&self, role: &str, span: Span) {
        if self.declared.is_empty() || self.declared.contains(&role) {
            return;
        }
        let message = format!("there is no role `{role}` in `roles`");
        let problem = match self.beside.reader.dialect {
            Dialect::Native => Diagnostic::error(Code::UnknownRole, span, message),
            Dialect::Original => {
                Diagnostic::warning(Code::UnknownRole, span, format!("{message}; nobody has it"))
            }
        };
        self.beside.reader.problems.add(match nearest(role, self.declared.iter().copied()) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help(format!("add `- name: {role}` to `roles`, or write one of those")),
        });
    }

    fn check_asked(&self, tool: &str, asked: &native::Authorization) {
        let problems = self.beside.reader.problems;
        asked.required_roles.iter().for_each(|role| self.check_name(&role.value, role.span));
        if let Some(span) = asked.audit.filter(|_| !self.beside.has_audit) {
            let message =
                format!("`{tool}` runs only where its call is recorded, and the file has no `audit`");
            let problem = match self.beside.reader.dialect {
                Dialect::Native => Diagnostic::error(Code::Unrecorded, span, message),
                Dialect::Original => Diagnostic::warning(Code::Unrecorded, span, message),
            };
            problems.add(problem.help("say where records go, such as `audit: { file: audit.jsonl }`"));
        }
        let found = self.beside.tools.iter().find(|known| known.name.as_str() == tool);
        let called: Vec<&str> = found.map(|tool| called(tool)).unwrap_or_default();
        for grant in &asked.grants {
            let names = || self.beside.tools.iter().map(|tool| tool.name.as_str());
            if !names().any(|name| name == grant.value) && !self.beside.is_selection {
                let message = format!("there is no command `{}` to grant", grant.value);
                let problem = Diagnostic::error(Code::BadGrant, grant.span, message);
                problems.add(match nearest(&grant.value, names()) {
                    Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                    None => problem,
                });
            } else if found.is_some() && !called.contains(&grant.value.as_str()) {
                let message =
                    format!("`{tool}` does not call `{}`, so granting it changes nothing", grant.value);
                let problem = Diagnostic::warning(Code::Pointless, grant.span, message);
                problems.add(
                    problem.help("a grant is for steps, dependencies and fallbacks of this very command"),
                );
            }
        }
    }
}

/// The commands that one calls itself.
fn called(tool: &Tool) -> Vec<&str> {
    let works = match &tool.action {
        Action::Flow(flow) => flow.works().collect(),
        _ => Vec::new(),
    };
    let steps = works.into_iter().filter_map(|work| match work {
        StepWork::Command { tool, .. } => Some(tool.as_str()),
        StepWork::Inline(_) => None,
    });
    steps.chain(tool.fallback.iter().map(|fallback| fallback.tool.as_str())).collect()
}
