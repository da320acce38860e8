//! `server.http.tls`, `auth.mtls` and `trusted_proxies` → their values.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{AcmeEntry, CertificateEntry, Mtls, ServerTls};
use crate::config::read::{Reader, Spanned};
use crate::model::{
    Acme, AuthMethod, CertificateName, CertificateUser, ClientCertificates, Identity, KeyPair, Subject, Tls,
    TlsVersion, TrustedProxy,
};

use super::Place;
use super::caller::Callers;

const HANDSHAKE: Duration = Duration::from_secs(10);
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// `None` for what has been reported.
pub fn tls(
    reader: &Reader<'_>,
    written: ServerTls<'_>,
    path: &impl Fn(Spanned<&str>) -> PathBuf,
) -> Option<Tls> {
    let ServerTls { cert, key, self_signed, client_ca, client_crl, clients_are_required, .. } = written;
    let bad = |message: &str, help: &str| {
        let problem = Diagnostic::error(Code::NoServerCertificate, written.span, message);
        reader.problems.add(problem.help(help.to_owned()));
        None
    };
    let files = match (cert, key) {
        (Some(cert), Some(key)) => Some(KeyPair { certificate: path(cert), key: path(key) }),
        (None, None) => None,
        _ => return bad("`cert` and `key` belong together, and one is not there", "name both files"),
    };
    let identity = match (files, self_signed, written.acme) {
        (None, false, Some(written)) => Identity::Acme(acme(reader, written, path)?),
        (files, true, None) => Identity::SelfSigned(files),
        (Some(files), false, None) => Identity::Files(files),
        (None, false, None) => {
            return bad(
                "`tls` has no certificate",
                "name `cert` and `key`, or write `self_signed: true` for development",
            );
        }
        (_, _, Some(_)) => {
            return bad("`acme` gets the certificate itself", "leave out `cert`, `key` and `self_signed`");
        }
    };
    if let (None, Some((_, span))) = (client_ca, clients_are_required) {
        let message = "`client_auth` has no effect without `client_ca`";
        reader.problems.add(Diagnostic::warning(Code::Pointless, span, message));
    }
    if let (None, Some(crl)) = (client_ca, client_crl) {
        let message = "`client_crl` has no effect without `client_ca`";
        reader.problems.add(Diagnostic::warning(Code::Pointless, crl.span, message));
    }
    let are_required = clients_are_required.is_none_or(|(are_required, _)| are_required);
    Some(Tls {
        identity,
        clients: client_ca.map(|ca| ClientCertificates {
            ca: path(ca),
            crl: client_crl.map(path),
            are_required,
        }),
        min_version: written.min_version.unwrap_or(TlsVersion::V1_2),
        handshake_timeout: written.handshake_timeout.unwrap_or(HANDSHAKE),
    })
}

fn acme(
    reader: &Reader<'_>,
    written: AcmeEntry<'_>,
    path: &impl Fn(Spanned<&str>) -> PathBuf,
) -> Option<Acme> {
    let AcmeEntry { span, domains, email, directory, directory_ca, cache } = written;
    let is_name = |name: &str| {
        let is_label = |label: &str| {
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !label.is_empty() && label.len() < 64 && label.bytes().all(is_letter)
        };
        name.len() < 254 && name.contains('.') && name.split('.').all(is_label)
    };
    if domains.is_empty() {
        let problem = Diagnostic::error(Code::BadAcme, span, "`acme` is for no name");
        reader.problems.add(problem.help("write `domains: [tools.example.com]`"));
        return None;
    }
    if let Some(bad) = domains.iter().find(|domain| !is_name(domain.value)) {
        let message = format!("`{}` is no name that a certificate can be had for", bad.value);
        let problem = Diagnostic::error(Code::BadAcme, bad.span, message);
        reader.problems.add(problem.help("expected a whole name without `*`, like `tools.example.com`"));
        return None;
    }
    if let Some(directory) = directory.filter(|directory| !directory.value.starts_with("https://")) {
        let message = format!("the directory `{}` is no `https://` address", directory.value);
        reader.problems.add(Diagnostic::error(Code::BadAcme, directory.span, message));
        return None;
    }
    let cache = cache.unwrap_or(Spanned { value: "acme", span });
    Some(Acme {
        domains: domains.iter().map(|domain| domain.value.to_ascii_lowercase()).collect(),
        email: email.map(|email| email.value.to_owned()),
        directory: directory.map_or_else(|| LETS_ENCRYPT.to_owned(), |text| text.value.to_owned()),
        directory_ca: directory_ca.map(path),
        cache: path(cache),
    })
}

/// Whom certificates let in; `asks` says whether clients are asked for any.
pub(super) fn mtls(callers: &Callers<'_>, written: Mtls<'_>, asks: bool) -> Vec<CertificateUser> {
    let reader = callers.reader;
    if !asks {
        let message = "`mtls` lets nobody in: no client is asked for a certificate";
        let problem = Diagnostic::error(Code::BadCertificateUser, written.span, message);
        reader.problems.add(problem.help("name who signs those of clients: `server.http.tls.client_ca`"));
    }
    let mut users: Vec<CertificateUser> = Vec::new();
    for entry in written.users {
        let span = entry.span;
        let Some(user) = user(callers, entry) else { continue };
        let same = |known: &CertificateUser| {
            known.principal.name == user.principal.name || is_same(&known.whose, &user.whose)
        };
        if users.iter().any(same) {
            let name = &user.principal.name;
            let message = format!("`{name}` has the name or the certificate of another one");
            let problem = Diagnostic::error(Code::BadCertificateUser, span, message);
            reader.problems.add(problem.help("give each caller a name and a certificate of its own"));
            continue;
        }
        users.push(user);
    }
    users
}

fn is_same(left: &CertificateName, right: &CertificateName) -> bool {
    match (left, right) {
        (CertificateName::Subject(left), CertificateName::Subject(right)) => left.is(right),
        (left, right) => left == right,
    }
}

fn user(callers: &Callers<'_>, written: CertificateEntry<'_>) -> Option<CertificateUser> {
    let bad = |span, message: String| {
        let problem = Diagnostic::error(Code::BadCertificateUser, span, message);
        let help = "write `subject: \"CN=ci,O=Example\"`, or `san: dns:ci.example.com`";
        callers.reader.problems.add(problem.help(help));
        None
    };
    let (whose, usual) = match (written.subject, written.san) {
        (Some(subject), None) => match subject.value.parse::<Subject>() {
            Ok(parsed) => {
                let name = parsed.common_name().unwrap_or(subject.value).to_owned();
                (CertificateName::Subject(parsed), name)
            }
            Err(problem) => return bad(subject.span, format!("`{}`: {problem}", subject.value)),
        },
        (None, Some(san)) => match alternative(san.value) {
            Some((whose, name)) => (CertificateName::Alternative(whose), name.to_owned()),
            None => {
                let message =
                    format!("`{}`: expected `dns:`, `email:`, `uri:` or `ip:` and a name", san.value);
                return bad(san.span, message);
            }
        },
        _ => {
            return bad(
                written.span,
                "a user of `mtls` has not exactly one of `subject` and `san`".to_owned(),
            );
        }
    };
    let name = written.name.map_or(usual, |name| name.value.to_owned());
    let principal = callers.named(AuthMethod::Certificate, name, written.permissions, written.roles);
    Some(CertificateUser { whose, principal })
}

/// Another name as certificates are read, where hosts have no case and addresses one spelling; and
/// without its kind as it is written.
fn alternative(text: &str) -> Option<(String, &str)> {
    let (kind, name) = text.split_once(':')?;
    let read = match kind {
        "dns" => name.to_ascii_lowercase(),
        "ip" => name.parse::<IpAddr>().ok()?.to_string(),
        "email" | "uri" => name.to_owned(),
        _ => return None,
    };
    (!name.is_empty()).then(|| (format!("{kind}:{read}"), name))
}

/// Whose word counts for where a request came from.
pub fn networks(reader: &Reader<'_>, written: Vec<Spanned<&str>>) -> Vec<TrustedProxy> {
    let network = |text: Spanned<&str>| match text.value.parse() {
        Ok(network) => Some(network),
        Err(problem) => {
            let message = format!("`trusted_proxies` cannot have `{}`: {problem}", text.value);
            reader.problems.add(Diagnostic::error(Code::BadTrustedProxy, text.span, message));
            None
        }
    };
    written.into_iter().filter_map(network).collect()
}

/// Says that a file is not there, where that can be known.
pub fn look(place: &Place<'_>, written: &ServerTls<'_>) {
    if place.host.as_written || written.self_signed {
        return;
    }
    for text in [written.cert, written.key, written.client_ca, written.client_crl].into_iter().flatten() {
        let path = place.host.resolve(text.value, place.folder(text.span));
        if !path.exists() {
            let message = format!("there is no file `{}`", path.display());
            let problem = Diagnostic::error(Code::MissingCertificate, text.span, message).of_host();
            place
                .reader
                .problems
                .add(problem.help("`self_signed: true` makes a certificate for development"));
        }
    }
}
