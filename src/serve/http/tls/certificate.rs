//! What stands in a certificate. Whoever has signed it has been looked at before.

use std::net::IpAddr;

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::auth::Certificate;

/// A certificate that cannot be understood lets nobody in.
#[derive(Debug, thiserror::Error)]
#[error("the client's certificate cannot be understood: {0}")]
pub struct NotUnderstood(String);

/// Whose it is.
pub fn read(der: &CertificateDer<'_>) -> Result<Certificate, NotUnderstood> {
    let not_understood = |error: x509_cert::der::Error| NotUnderstood(error.to_string());
    let certificate = x509_cert::Certificate::from_der(der).map_err(not_understood)?;
    let content = certificate.tbs_certificate();
    let names = content.get_extension::<SubjectAltName>().map_err(not_understood)?;
    let names = names.map(|(_, names)| names.0).unwrap_or_default();
    Ok(Certificate { subject: content.subject().to_string(), names: names.iter().filter_map(name).collect() })
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::Rfc822Name(text) => Some(format!("email:{}", text.as_str())),
        GeneralName::DnsName(text) => Some(format!("dns:{}", text.as_str())),
        GeneralName::UniformResourceIdentifier(text) => Some(format!("uri:{}", text.as_str())),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            let address = four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()?;
            Some(format!("ip:{address}"))
        }
        _ => None,
    }
}

/// When it counts, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    pub start: u64,
    pub end: u64,
}

pub fn times(der: &CertificateDer<'_>) -> Option<Times> {
    let certificate = x509_cert::Certificate::from_der(der).ok()?;
    let validity = certificate.tbs_certificate().validity();
    let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
    Some(Times { start: seconds(validity.not_before), end: seconds(validity.not_after) })
}
