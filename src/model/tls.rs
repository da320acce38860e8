//! TLS of the server, as a file says it: which certificate it shows, and which it asks for.

use std::path::PathBuf;
use std::time::Duration;

use super::http::TlsVersion;

/// What `server.http.tls` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub identity: Identity,
    /// `None`: clients are asked for no certificate.
    pub clients: Option<ClientCertificates>,
    pub min_version: TlsVersion,
    /// How long a client may take until both sides know each other.
    pub handshake_timeout: Duration,
}

/// Where the server's own certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    Files(KeyPair),
    /// Made at the start, for development; kept where files are named.
    SelfSigned(Option<KeyPair>),
    Acme(Acme),
}

/// Files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// With those between it and its authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// An authority that gives certificates by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    pub domains: Vec<String>,
    /// Whom it writes to.
    pub email: Option<String>,
    /// Where it is.
    pub directory: String,
    /// Who has signed the certificate of that place, if nobody whom this host believes.
    pub directory_ca: Option<PathBuf>,
    /// Where the account, the key and the certificate are kept.
    pub cache: PathBuf,
}

impl Acme {
    /// Where what it has given is kept.
    pub fn files(&self) -> KeyPair {
        KeyPair { certificate: self.cache.join("certificate.pem"), key: self.cache.join("key.pem") }
    }
}

/// Certificates that clients show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificates {
    /// The authorities that have signed them; no other is believed.
    pub ca: PathBuf,
    /// What those authorities have taken back.
    pub crl: Option<PathBuf>,
    /// Whether those without one are not even talked to.
    pub are_required: bool,
}

/// Somebody whose certificate lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateUser {
    pub whose: CertificateName,
    pub principal: super::Principal,
}

/// Which certificate that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateName {
    /// The whole subject.
    Subject(Subject),
    /// One of its other names, with its kind: `dns:ci.example.com`. Hosts are in lower case.
    Alternative(String),
}

/// A distinguished name: pairs of type and value, in the order of RFC 4514.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(Vec<(String, String)>);

/// A text that is no distinguished name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected pairs like `CN=ci,OU=build,O=Example`")]
pub struct BadSubject;

impl std::str::FromStr for Subject {
    type Err = BadSubject;

    fn from_str(text: &str) -> Result<Self, BadSubject> {
        pieces(text).into_iter().map(|piece| pair(&piece)).collect::<Result<Vec<_>, _>>().map(Self)
    }
}

impl Subject {
    /// Whether both are the same name; some tools write one from its other end.
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0 || self.0.iter().eq(other.0.iter().rev())
    }

    /// What people call it by.
    pub fn common_name(&self) -> Option<&str> {
        self.0.iter().find(|(kind, _)| kind == "CN").map(|(_, value)| value.as_str())
    }
}

/// The text between commas that no backslash stands before; backslashes stay.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut is_escaped = false;
    for character in text.chars() {
        if character == ',' && !is_escaped {
            pieces.push(String::new());
            continue;
        }
        is_escaped = character == '\\' && !is_escaped;
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

fn pair(piece: &str) -> Result<(String, String), BadSubject> {
    let (kind, value) = piece.trim_start().split_once('=').ok_or(BadSubject)?;
    let (kind, value) = (kind.trim(), value.trim());
    let is_kind = |character: char| character.is_ascii_alphanumeric() || character == '.';
    if kind.is_empty() || value.is_empty() || !kind.chars().all(is_kind) {
        return Err(BadSubject);
    }
    Ok((kind.to_ascii_uppercase(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_the_same_however_it_is_written() {
        let subject = |text: &str| text.parse::<Subject>();
        let ci = subject("CN=ci,OU=build,O=Example").unwrap();
        for (text, expected) in [
            ("cn=ci, ou=build, o=Example", true),
            ("O=Example,OU=build,CN=ci", true),
            ("CN=ci,OU=build", false),
            ("CN=ci,OU=build,O=example", false),
            (r"CN=ci\,OU=build,O=Example", false),
        ] {
            assert_eq!(ci.is(&subject(text).unwrap()), expected, "{text}");
        }
        assert_eq!(ci.common_name(), Some("ci"));
        for bad in ["", "ci", "CN=", "=ci", "CN=ci,", "C N=ci"] {
            assert_eq!(subject(bad), Err(BadSubject), "{bad}");
        }
    }
}
