//! A client's certificate against those of the file. That its authority is believed is known.

use crate::model::{CertificateName, CertificateUser, Principal, Subject};

use super::keys::Refused;

/// What a certificate says of its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// As RFC 4514 writes it.
    pub subject: String,
    /// The other names, each with its kind: `dns:ci.example.com`.
    pub names: Vec<String>,
}

/// Whose it is.
pub fn judge_certificate(users: &[CertificateUser], shown: &Certificate) -> Result<Principal, Refused> {
    let subject: Option<Subject> = shown.subject.parse().ok();
    let is_theirs = |user: &&CertificateUser| match &user.whose {
        CertificateName::Subject(theirs) => subject.as_ref().is_some_and(|subject| theirs.is(subject)),
        CertificateName::Alternative(theirs) => shown.names.iter().any(|name| is_same(theirs, name)),
    };
    let mut found = users.iter().filter(is_theirs);
    let written = || shown.subject.escape_debug().to_string();
    match (found.next(), found.next()) {
        (Some(user), None) => Ok(user.principal.clone()),
        (None, _) => Err(Refused::Certificate { subject: written() }),
        // Nobody can say which of both it is.
        (Some(_), Some(_)) => Err(Refused::SharedCertificate { subject: written() }),
    }
}

/// Names of hosts have no case; all else has.
fn is_same(theirs: &str, shown: &str) -> bool {
    let both_hosts = theirs.starts_with("dns:") && shown.starts_with("dns:");
    theirs == shown || both_hosts && theirs.eq_ignore_ascii_case(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AuthMethod, Permissions};

    fn user(name: &str, whose: CertificateName) -> CertificateUser {
        let principal = Principal::of(AuthMethod::Certificate, name.to_owned(), Permissions::All);
        CertificateUser { whose, principal }
    }

    #[test]
    fn only_the_named_certificates_let_in() {
        let users = [
            user("ci", CertificateName::Subject("CN=ci,O=Example".parse().unwrap())),
            user("robot", CertificateName::Alternative("dns:robot.example.com".to_owned())),
            user("spiffe", CertificateName::Alternative("uri:spiffe://example.com/a".to_owned())),
        ];
        let judged = |subject: &str, names: &[&str]| {
            let names = names.iter().map(ToString::to_string).collect();
            let shown = Certificate { subject: subject.to_owned(), names };
            judge_certificate(&users, &shown).map(|principal| principal.id().to_string()).ok()
        };
        for (subject, names, expected) in [
            ("CN=ci,O=Example", &[][..], Some("certificate:ci")),
            ("O=Example,CN=ci", &[], Some("certificate:ci")),
            ("CN=ci", &[], None),
            ("CN=ci,O=Example,OU=more", &[], None),
            (r"CN=ci\,O=Example", &[], None),
            ("", &["dns:ROBOT.example.com"], Some("certificate:robot")),
            ("", &["dns:robot.example.com.evil.com"], None),
            ("", &["email:robot.example.com"], None),
            ("", &["uri:spiffe://example.com/A"], None),
            ("CN=ci,O=Example", &["dns:robot.example.com"], None),
            ("", &[], None),
        ] {
            assert_eq!(judged(subject, names).as_deref(), expected, "{subject} {names:?}");
        }
    }
}
