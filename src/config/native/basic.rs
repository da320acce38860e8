//! People with passwords, and what a file says of any caller, in both dialects.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::syntax::Node;

use super::quota::Quota;
use super::rate_limit::Rate;
use super::server::toolset;

/// What a file says of a caller, whatever lets them in.
#[derive(Default)]
pub struct CallerKeys<'n> {
    pub permissions: Option<Vec<Spanned<&'n str>>>,
    pub roles: Vec<Spanned<&'n str>>,
    pub scopes: Option<Vec<Spanned<&'n str>>>,
    pub tenant: Option<Spanned<&'n str>>,
    pub rate: Option<Rate>,
    /// The tags of what they are offered.
    pub tools: Option<Vec<Spanned<&'n str>>>,
    pub quota: Option<Quota>,
}

/// Somebody with a password. What is there and cannot be read has been reported.
pub struct User<'n> {
    pub name: Spanned<&'n str>,
    pub hash: Spanned<&'n str>,
    pub caller: CallerKeys<'n>,
}

impl<'n> CallerKeys<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let mut texts = |key| {
            // What cannot be read is nothing, and not everything.
            fields.take(key).map(|field| reader.texts(field.node, key).unwrap_or_default())
        };
        let (permissions, roles, scopes) = (texts("permissions"), texts("roles"), texts("scopes"));
        let tenant = fields.text("tenant");
        let rate = Rate::read_field(reader, fields.take("rate_limit"));
        let quota = Quota::read(reader, fields);
        let tools = toolset(reader, fields);
        fields.text("description");
        Self { permissions, roles: roles.unwrap_or_default(), scopes, tenant, rate, quota, tools }
    }
}

impl<'n> User<'n> {
    /// Reads a map of users under a key.
    pub fn read_all(reader: &'n Reader<'n>, fields: &mut Fields<'n>, key: &'static str) -> Vec<Self> {
        let Some(field) = fields.take(key) else { return Vec::new() };
        let Some(mut fields) = Fields::open(reader, field.node, &shape::BASIC_AUTH) else {
            return Vec::new();
        };
        let is_on = fields.boolean("enabled").unwrap_or(true);
        let items = fields.take("users").and_then(|field| reader.list(field.node, "users"));
        let users = items.unwrap_or_default().iter().filter_map(|item| Self::read(reader, item)).collect();
        fields.close();
        if is_on { users } else { Vec::new() }
    }

    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::BASIC_USER)?;
        let mut text = |key| fields.required(key).and_then(|field| reader.text(field.node, key));
        let (name, hash) = (text("username"), text("password_hash"));
        let caller = CallerKeys::read(reader, &mut fields);
        fields.close();
        Some(Self { name: name?, hash: hash?, caller })
    }
}
