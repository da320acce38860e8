//! `tls`: files with certificates, and what makes them worth little.

use std::path::{Path, PathBuf};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::WebhookTls;
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::model::{ClientCertificate, HttpTls, TlsVersion};

/// `None` if it cannot be; that has been reported.
pub fn tls(scope: &Scope<'_>, written: &WebhookTls<'_>) -> Option<HttpTls> {
    let ca = written.ca.iter().flatten().map(|written| file(scope, *written, "ca"));
    let ca: Vec<Option<PathBuf>> = ca.collect();
    let client = client(scope, written);
    if let Some(span) = written.insecure {
        report_insecure(scope, written, span);
    }
    Some(HttpTls {
        ca: ca.into_iter().collect::<Option<Vec<_>>>()?,
        client: client?,
        least: written.min_version.unwrap_or(TlsVersion::V1_2),
        insecure: written.insecure.is_some(),
    })
}

/// `None` inside: there is none.
fn client(scope: &Scope<'_>, written: &WebhookTls<'_>) -> Option<Option<ClientCertificate>> {
    let certificate = written.client_cert.map(|written| file(scope, written, "client_cert"));
    let key = written.client_key.map(|written| file(scope, written, "client_key"));
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (certificate?, key?);
            if let Some(written) = written.client_key {
                report_open_key(scope, &key, written.span);
            }
            Some(Some(ClientCertificate { certificate, key }))
        }
        (None, None) => Some(None),
        (one, _) => {
            let (there, missing) = match one {
                Some(_) => ("client_cert", "client_key"),
                None => ("client_key", "client_cert"),
            };
            let message = format!("`tls` has `{there}` and no `{missing}`: they belong together");
            let span = written.client_cert.or(written.client_key).map_or(written.key_span, |one| one.span);
            scope.problems.add(Diagnostic::error(Code::BadTls, span, message));
            None
        }
    }
}

/// A file that this host should have; that it has not is no mistake of the file.
fn file(scope: &Scope<'_>, written: Spanned<&str>, key: &str) -> Option<PathBuf> {
    let path = scope.place.path(written, key)?;
    if !scope.place.host.as_written && !path.is_file() {
        let message = format!("there is no file `{}` on this host", path.display());
        let problem = Diagnostic::warning(Code::MissingCertificate, written.span, message).of_host();
        scope.problems.add(problem.help("calls of this command fail until it is there"));
    }
    Some(path)
}

fn report_insecure(scope: &Scope<'_>, written: &WebhookTls<'_>, span: Span) {
    let message = "whoever is on the way can answer in place of the server, and gets everything that is sent";
    let problem = Diagnostic::warning(Code::InsecureTls, span, message);
    scope.problems.add(match written.ca {
        Some(_) => problem.help("remove it: `ca` says whom to believe"),
        None => {
            problem.help("write `ca: FILE` with the certificate of whoever has signed that of the server")
        }
    });
}

#[cfg(unix)]
fn report_open_key(scope: &Scope<'_>, path: &Path, span: Span) {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if metadata.mode() & 0o077 == 0 {
        return;
    }
    let message = format!("other users of this host may read the private key `{}`", path.display());
    let problem = Diagnostic::warning(Code::OpenKey, span, message).of_host();
    scope.problems.add(problem.help("take that away: `chmod go= FILE`"));
}

#[cfg(not(unix))]
fn report_open_key(_scope: &Scope<'_>, _path: &Path, _span: Span) {}
