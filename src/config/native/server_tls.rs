//! `server.http.tls` and `auth.mtls`, as they are written.

use std::time::Duration;

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::model::TlsVersion;

/// `tls` of the server.
pub struct ServerTls<'n> {
    pub span: Span,
    pub cert: Option<Spanned<&'n str>>,
    pub key: Option<Spanned<&'n str>>,
    pub self_signed: bool,
    pub acme: Option<AcmeEntry<'n>>,
    pub client_ca: Option<Spanned<&'n str>>,
    pub client_crl: Option<Spanned<&'n str>>,
    /// Whether clients without a certificate are let in, and where that is said.
    pub clients_are_required: Option<(bool, Span)>,
    pub min_version: Option<TlsVersion>,
    pub handshake_timeout: Option<Duration>,
}

pub struct AcmeEntry<'n> {
    pub span: Span,
    pub domains: Vec<Spanned<&'n str>>,
    pub email: Option<Spanned<&'n str>>,
    pub directory: Option<Spanned<&'n str>>,
    pub directory_ca: Option<Spanned<&'n str>>,
    pub cache: Option<Spanned<&'n str>>,
}

/// One of `auth.mtls.users`.
pub struct CertificateEntry<'n> {
    pub span: Span,
    pub subject: Option<Spanned<&'n str>>,
    pub san: Option<Spanned<&'n str>>,
    pub name: Option<Spanned<&'n str>>,
    pub permissions: Option<Vec<Spanned<&'n str>>>,
    pub roles: Vec<Spanned<&'n str>>,
}

/// `auth.mtls`.
pub struct Mtls<'n> {
    pub span: Span,
    pub users: Vec<CertificateEntry<'n>>,
}

impl<'n> ServerTls<'n> {
    /// Reads the key `tls`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("tls")?;
        let mut fields = Fields::open(reader, field.node, &shape::SERVER_TLS)?;
        let tls = Self {
            span: field.key_span,
            cert: fields.text("cert"),
            key: fields.text("key"),
            self_signed: fields.boolean("self_signed").unwrap_or(false),
            client_ca: fields.text("client_ca"),
            client_crl: fields.text("client_crl"),
            clients_are_required: fields.take("client_auth").and_then(|field| {
                let choices = [("required", true), ("optional", false)];
                let chosen = reader.one_of(field.node, "client_auth", &choices)?;
                Some((chosen, field.node.span))
            }),
            min_version: fields.one_of("min_version", &TlsVersion::ALL),
            handshake_timeout: fields.duration("handshake_timeout"),
            acme: AcmeEntry::read(reader, &mut fields),
        };
        fields.close();
        Some(tls)
    }
}

impl<'n> AcmeEntry<'n> {
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("acme")?;
        let mut fields = Fields::open(reader, field.node, &shape::ACME)?;
        let domains = fields.required("domains");
        let acme = Self {
            span: field.key_span,
            domains: domains.and_then(|field| reader.texts(field.node, "domains")).unwrap_or_default(),
            email: fields.text("email"),
            directory: fields.text("directory"),
            directory_ca: fields.text("directory_ca"),
            cache: fields.text("cache"),
        };
        fields.close();
        Some(acme)
    }
}

impl<'n> Mtls<'n> {
    /// Reads the key `mtls` of `auth`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("mtls")?;
        let mut fields = Fields::open(reader, field.node, &shape::MTLS)?;
        let users = fields.required("users").and_then(|field| reader.list(field.node, "users"));
        let users = users.unwrap_or_default().iter();
        let users = users.filter_map(|node| {
            let mut fields = Fields::open(reader, node, &shape::CERTIFICATE_USER)?;
            let mut texts = |key| fields.take(key).and_then(|field| reader.texts(field.node, key));
            let (permissions, roles) = (texts("permissions"), texts("roles").unwrap_or_default());
            let entry = CertificateEntry {
                span: node.span,
                permissions,
                roles,
                subject: fields.text("subject"),
                san: fields.text("san"),
                name: fields.text("name"),
            };
            fields.text("description");
            fields.close();
            Some(entry)
        });
        let mtls = Self { span: field.key_span, users: users.collect() };
        fields.close();
        Some(mtls)
    }
}
