//! Who may, in both dialects: `roles`, `user_roles`, `role_claims`, `policies` and `authorization`.

use super::HttpIssuer;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape::{self, Shape};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};

/// What stands at the root of a file, or below `enterprise.rbac`.
#[derive(Default)]
pub struct Access<'n> {
    pub roles: Vec<Role<'n>>,
    pub user_roles: Vec<Roles<'n>>,
    pub role_claims: Vec<(Spanned<&'n str>, Vec<Roles<'n>>)>,
    pub policies: Vec<Policy<'n>>,
}

/// What the original has for companies. What is not enabled is not there.
#[derive(Default)]
pub struct Enterprise<'n> {
    pub rbac: Option<Access<'n>>,
    pub oauth21: Option<HttpIssuer<'n>>,
}

pub struct Role<'n> {
    pub name: Option<Spanned<&'n str>>,
    pub permissions: Vec<Spanned<&'n str>>,
    pub inherits: Vec<Spanned<&'n str>>,
    pub description: Option<&'n str>,
}

/// Roles by a name, or by a value.
pub struct Roles<'n> {
    pub of: Spanned<&'n str>,
    pub roles: Vec<Spanned<&'n str>>,
}

pub struct Policy<'n> {
    pub name: Option<Spanned<&'n str>>,
    pub commands: Option<Vec<Spanned<&'n str>>>,
    pub span: Span,
    pub deny: Option<Spanned<&'n str>>,
    pub confirm: Option<Spanned<&'n str>>,
    pub message: Option<Spanned<&'n str>>,
}

/// Of one command. It is looked at again when all commands are known.
#[derive(Debug, Clone, Default)]
pub struct Authorization {
    pub required_roles: Vec<Spanned<String>>,
    pub required_permissions: Vec<Spanned<String>>,
    pub grants: Vec<Spanned<String>>,
    /// Where it asks to be recorded.
    pub audit: Option<Span>,
}

/// Who calls in a test.
pub struct Imagined<'n> {
    pub id: Option<Spanned<&'n str>>,
    pub roles: Vec<Spanned<&'n str>>,
    pub scopes: Vec<Spanned<&'n str>>,
    pub claims: Option<Field<'n>>,
    pub tenant: Option<Spanned<&'n str>>,
}

impl<'n> Imagined<'n> {
    /// Reads the key `as`: a caller, or a map.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("as")?;
        if !matches!(field.node.kind, Kind::Map(_)) {
            let id = reader.text(field.node, "as");
            return Some(Self { id, roles: Vec::new(), scopes: Vec::new(), claims: None, tenant: None });
        }
        let mut fields = Fields::open(reader, field.node, &shape::TEST_CALLER)?;
        let imagined = Self {
            id: fields.text("caller"),
            roles: fields.texts("roles").unwrap_or_default(),
            scopes: fields.texts("scopes").unwrap_or_default(),
            claims: fields.take("claims"),
            tenant: fields.text("tenant"),
        };
        fields.close();
        Some(imagined)
    }
}

impl<'n> Enterprise<'n> {
    /// Reads the key `enterprise` of `auth`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) = fields.group("enterprise", &shape::ENTERPRISE) else { return Self::default() };
        let rbac = fields.take("rbac").and_then(|field| Access::read_rbac(reader, field));
        let oauth21 = HttpIssuer::read_original(reader, &mut fields);
        fields.close();
        Self { rbac, oauth21 }
    }
}

impl<'n> Access<'n> {
    /// Reads the keys at the root.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        Self {
            roles: roles(reader, fields),
            user_roles: user_roles(reader, fields),
            role_claims: role_claims(reader, fields),
            policies: policies(reader, fields),
        }
    }

    fn read_rbac(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, field.node, &shape::RBAC)?;
        let is_on = fields.boolean("enabled").unwrap_or(true);
        let roles = roles(reader, &mut fields);
        let access = Self { roles, user_roles: user_roles(reader, &mut fields), ..Self::default() };
        fields.close();
        is_on.then_some(access)
    }

    /// What both say.
    pub fn and(mut self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        self.roles.extend(other.roles);
        self.user_roles.extend(other.user_roles);
        self.role_claims.extend(other.role_claims);
        self.policies.extend(other.policies);
        self
    }
}

fn roles<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<Role<'n>> {
    let list = fields.take("roles").and_then(|field| reader.list(field.node, "roles"));
    let role = |node: &'n Node<'n>| {
        let mut fields = Fields::open(reader, node, &shape::ROLE)?;
        let role = Role {
            name: fields.required("name").and_then(|field| reader.text(field.node, "name")),
            permissions: fields.texts("permissions").unwrap_or_default(),
            inherits: fields.texts("inherits").unwrap_or_default(),
            description: fields.text("description").map(|text| text.value),
        };
        fields.close();
        Some(role)
    };
    list.unwrap_or_default().iter().filter_map(role).collect()
}

fn user_roles<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Vec<Roles<'n>> {
    let Some(field) = fields.take("user_roles") else { return Vec::new() };
    by_name(reader, field.node, "`user_roles`", "a map of names and lists of roles")
}

fn role_claims<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Vec<(Spanned<&'n str>, Vec<Roles<'n>>)> {
    let Some(field) = fields.take("role_claims") else { return Vec::new() };
    if !matches!(field.node.kind, Kind::Map(_)) {
        reader.wrong_type(field.node, "`role_claims`", "a map of claims");
    }
    let entries = field.node.entries().iter();
    let claim = entries.map(|entry| {
        let name = Spanned { value: &*entry.key.text, span: entry.key.span };
        let what = format!("`{}`", name.value);
        (name, by_name(reader, &entry.value, &what, "a map of values and lists of roles"))
    });
    claim.collect()
}

fn by_name<'n>(reader: &Reader<'_>, node: &'n Node<'n>, what: &str, expected: &str) -> Vec<Roles<'n>> {
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong_type(node, what, expected);
    }
    let roles = node.entries().iter().filter_map(|entry| {
        let of = Spanned { value: &*entry.key.text, span: entry.key.span };
        Some(Roles { of, roles: reader.texts(&entry.value, of.value)? })
    });
    roles.collect()
}

fn policies<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<Policy<'n>> {
    let list = fields.take("policies").and_then(|field| reader.list(field.node, "policies"));
    let policy = |node: &'n Node<'n>| {
        let mut fields = Fields::open(reader, node, &shape::POLICY)?;
        let policy = Policy {
            name: fields.required("name").and_then(|field| reader.text(field.node, "name")),
            commands: fields.texts("commands"),
            span: fields.span,
            deny: fields.text("deny"),
            confirm: fields.text("confirm"),
            message: fields.text("message"),
        };
        fields.close();
        Some(policy)
    };
    list.unwrap_or_default().iter().filter_map(policy).collect()
}

impl Authorization {
    /// Reads the key `authorization` of a command.
    pub fn read<'n>(
        reader: &'n Reader<'n>,
        fields: &mut Fields<'n>,
        shape: &'static Shape,
    ) -> Option<Box<Self>> {
        let field = fields.take("authorization")?;
        let mut fields = Fields::open(reader, field.node, shape)?;
        let all = |fields: &mut Fields<'n>, key| {
            let texts = fields.texts(key).unwrap_or_default().into_iter();
            texts.map(|text| Spanned { value: text.value.to_owned(), span: text.span }).collect()
        };
        let required_roles = all(&mut fields, "required_roles");
        let required_permissions = all(&mut fields, "required_permissions");
        let audit = fields.take("audit").filter(|field| reader.boolean(field.node, "audit") == Some(true));
        let grants = if shape.has("grants") { all(&mut fields, "grants") } else { Vec::new() };
        fields.close();
        let audit = audit.map(|field| field.key_span);
        Some(Box::new(Self { required_roles, required_permissions, grants, audit }))
    }
}
