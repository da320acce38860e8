//! The files of `tls`, read when a call is made: what is exchanged on the disk is used from then on.

use std::fmt;
use std::io::Read;
use std::path::Path;

use reqwest::{Certificate, Identity};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::model::{HttpTls, TlsVersion};

/// More than any list of authorities has.
const MOST: u64 = 4 << 20;

pub struct Certificates {
    pub ca: Vec<Certificate>,
    pub identity: Option<Identity>,
    pub least: TlsVersion,
    pub insecure: bool,
    /// Of all of it.
    pub digest: [u8; 32],
}

/// What is wrong with a file. It names the file and nothing that stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificates {
    #[error("`{path}` cannot be read: {problem}")]
    Unreadable { path: String, problem: String },
    #[error("`{path}` holds no certificate in the form PEM")]
    NoCertificate { path: String },
    #[error("`{certificate}` and `{key}` are no certificate with its key in the form PEM")]
    NoIdentity { certificate: String, key: String },
}

impl Certificates {
    /// Reads the files. It blocks.
    pub fn load(tls: &HttpTls) -> Result<Self, BadCertificates> {
        let HttpTls { ca, client, least, insecure } = tls;
        let mut digest = Sha256::new();
        digest.update([u8::from(*insecure), u8::from(*least == TlsVersion::V1_3)]);
        let mut authorities = Vec::new();
        for path in ca {
            let bytes = read(path, &mut digest)?;
            let found = Certificate::from_pem_bundle(&bytes).ok().filter(|found| !found.is_empty());
            let none = || BadCertificates::NoCertificate { path: path.display().to_string() };
            authorities.extend(found.ok_or_else(none)?);
        }
        let identity = match client {
            None => None,
            Some(client) => {
                let mut both = read(&client.key, &mut digest)?;
                both.push(b'\n');
                both.extend_from_slice(&read(&client.certificate, &mut digest)?);
                let none = |_| BadCertificates::NoIdentity {
                    certificate: client.certificate.display().to_string(),
                    key: client.key.display().to_string(),
                };
                Some(Identity::from_pem(&both).map_err(none)?)
            }
        };
        let digest = digest.finalize().into();
        Ok(Self { ca: authorities, identity, least: *least, insecure: *insecure, digest })
    }
}

fn read(path: &Path, digest: &mut Sha256) -> Result<Zeroizing<Vec<u8>>, BadCertificates> {
    let bad = |error: std::io::Error| BadCertificates::Unreadable {
        path: path.display().to_string(),
        problem: error.to_string(),
    };
    if !std::fs::metadata(path).map_err(bad)?.is_file() {
        return Err(bad(std::io::Error::other("it is no regular file")));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    std::fs::File::open(path).map_err(bad)?.take(MOST).read_to_end(&mut bytes).map_err(bad)?;
    digest.update(bytes.len().to_le_bytes());
    digest.update(&*bytes);
    Ok(bytes)
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}
