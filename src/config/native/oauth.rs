//! `server.http.auth.oauth`, `jwt`, and `oauth21` of the original.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape::{self, Shape};
use crate::config::source::Span;
use crate::config::syntax::Kind;
use crate::model::{Algorithm, is_scope};

/// An issuer of tokens.
#[derive(Default)]
pub struct Issuer<'n> {
    pub span: Span,
    pub issuer: Option<Spanned<&'n str>>,
    pub audience: Vec<Spanned<&'n str>>,
    pub resource: Option<Spanned<&'n str>>,
    pub jwks_uri: Option<Spanned<&'n str>>,
    pub algorithms: Option<Vec<Algorithm>>,
    pub required_scopes: Vec<String>,
    pub scopes: Option<Vec<String>>,
    pub leeway: Option<Duration>,
    pub name_claim: Option<Spanned<&'n str>>,
    pub roles_claim: Option<Spanned<&'n str>>,
    pub tenant_claim: Option<Spanned<&'n str>>,
    pub permissions: Option<Vec<Spanned<&'n str>>>,
    pub introspection: Option<Introspection<'n>>,
    /// Whether clients are told of it.
    pub is_announced: bool,
    /// In the words of the original, whose `user_roles` are of people by their addresses.
    pub is_original: bool,
    pub authorization_endpoint: Option<Spanned<&'n str>>,
    pub token_endpoint: Option<Spanned<&'n str>>,
}

#[derive(Default)]
pub struct Introspection<'n> {
    pub span: Span,
    pub endpoint: Option<Spanned<&'n str>>,
    pub client_id: Option<Spanned<&'n str>>,
    pub client_secret: Option<Spanned<&'n str>>,
    pub cache: Option<Duration>,
}

impl<'n> Issuer<'n> {
    /// Reads the keys `oauth` and `jwt`.
    pub fn read_all(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<Self> {
        let mut open = |key, shape: &'static Shape| {
            fields.take(key).and_then(|field| Fields::open(reader, field.node, shape))
        };
        let oauth = open("oauth", &shape::OAUTH).map(|fields| Self::oauth(reader, fields));
        let jwt = open("jwt", &shape::JWT).map(|fields| Self::jwt(reader, fields));
        [oauth, jwt].into_iter().flatten().collect()
    }

    fn oauth(reader: &'n Reader<'n>, mut fields: Fields<'n>) -> Self {
        let issuer = Self {
            is_announced: true,
            resource: fields.text("resource"),
            scopes: scopes(reader, &mut fields, "scopes"),
            introspection: Introspection::read(reader, &mut fields),
            ..Self::tokens(reader, &mut fields)
        };
        fields.close();
        issuer
    }

    fn jwt(reader: &'n Reader<'n>, mut fields: Fields<'n>) -> Self {
        let issuer = Self::tokens(reader, &mut fields);
        fields.close();
        issuer
    }

    fn tokens(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let mut issuer = Self {
            span: fields.span,
            issuer: fields.required("issuer").and_then(|field| reader.text(field.node, "issuer")),
            audience: text_or_texts(reader, fields, "audience"),
            jwks_uri: fields.text("jwks_uri"),
            algorithms: algorithms(reader, fields),
            required_scopes: scopes(reader, fields, "required_scopes").unwrap_or_default(),
            leeway: fields.duration("leeway"),
            permissions: fields.take("permissions").and_then(|field| reader.texts(field.node, "permissions")),
            ..Self::default()
        };
        let claims = fields.take("claims");
        if let Some(mut claims) = claims.and_then(|field| Fields::open(reader, field.node, &shape::CLAIMS)) {
            issuer.name_claim = claims.text("name");
            issuer.roles_claim = claims.text("roles");
            issuer.tenant_claim = claims.text("tenant");
            claims.close();
        }
        issuer
    }

    /// Reads the key `oauth21` of `enterprise`.
    pub fn read_original(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let mut fields =
            fields.take("oauth21").and_then(|field| Fields::open(reader, field.node, &shape::OAUTH21))?;
        let is_on = fields.boolean("enabled").unwrap_or(true);
        let span = fields.span;
        let mut issuer = Self {
            span,
            is_announced: true,
            is_original: true,
            issuer: fields.required("issuer").and_then(|field| reader.text(field.node, "issuer")),
            audience: text_or_texts(reader, &mut fields, "audience"),
            authorization_endpoint: fields.text("authorization_endpoint"),
            token_endpoint: fields.text("token_endpoint"),
            jwks_uri: fields.text("jwks_uri"),
            scopes: scopes(reader, &mut fields, "scopes"),
            ..Self::default()
        };
        let filled = |text: &Spanned<&str>| !text.value.trim().is_empty();
        let (client_id, client_secret) = (fields.text("client_id"), fields.text("client_secret"));
        if let (Some(_), Some(_)) = (client_id.filter(filled), client_secret.filter(filled)) {
            issuer.introspection =
                Some(Introspection { span, client_id, client_secret, ..Default::default() });
        }
        fields.close();
        is_on.then_some(issuer)
    }
}

impl<'n> Introspection<'n> {
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("introspection")?;
        let mut fields = Fields::open(reader, field.node, &shape::INTROSPECTION)?;
        let introspection = Self {
            span: fields.span,
            endpoint: fields.text("endpoint"),
            client_id: fields.required("client_id").and_then(|field| reader.text(field.node, "client_id")),
            client_secret: fields
                .required("client_secret")
                .and_then(|field| reader.text(field.node, "client_secret")),
            cache: fields.duration("cache"),
        };
        fields.close();
        Some(introspection)
    }
}

fn text_or_texts<'n>(
    reader: &Reader<'_>,
    fields: &mut Fields<'n>,
    key: &'static str,
) -> Vec<Spanned<&'n str>> {
    let Some(field) = fields.required(key) else { return Vec::new() };
    match field.node.kind {
        Kind::Scalar(_) => reader.text(field.node, key).into_iter().collect(),
        _ => reader.texts(field.node, key).unwrap_or_default(),
    }
}

fn algorithms<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Option<Vec<Algorithm>> {
    let field = fields.take("algorithms")?;
    let named = reader.texts(field.node, "algorithms").unwrap_or_default();
    let algorithm = |text: Spanned<&str>| match text.value.parse() {
        Ok(algorithm) => Some(algorithm),
        Err(expected) => {
            let message = format!("`algorithms` cannot be `{}`; {expected}", text.value);
            let problem = Diagnostic::error(Code::BadValue, text.span, message);
            let shared = "whoever checks tokens of a shared key can make them, too; let the issuer sign";
            reader.problems.add(match text.value.starts_with("HS") || text.value == "none" {
                true => problem.help(shared),
                false => problem,
            });
            None
        }
    };
    Some(named.into_iter().filter_map(algorithm).collect())
}

/// Scopes, each a word; also those of a command.
pub fn scopes<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>, key: &'static str) -> Option<Vec<String>> {
    let field = fields.take(key)?;
    let scopes = reader.texts(field.node, key).unwrap_or_default();
    for scope in scopes.iter().filter(|scope| !is_scope(scope.value)) {
        let message = format!("`{}` cannot be a scope", scope.value);
        let problem = Diagnostic::error(Code::BadScope, scope.span, message);
        reader.problems.add(problem.help("expected a word as the issuer has it: `mcp:read`"));
    }
    Some(scopes.into_iter().map(|scope| scope.value.to_owned()).collect())
}
