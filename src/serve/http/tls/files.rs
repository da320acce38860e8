//! Certificates and keys in files, and whether those files are still the same.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    #[error("`{}` cannot be read: {error}", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("`{}` holds no certificate in PEM", path.display())]
    NoCertificate { path: PathBuf },
    #[error("`{}` holds no list of revoked certificates in PEM", path.display())]
    NoList { path: PathBuf },
    #[error("`{}` holds no private key in PEM, or one with a passphrase", path.display())]
    NoKey { path: PathBuf },
}

pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BadFile> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(BadFile::NoCertificate { path: path.to_path_buf() }),
    }
}

pub fn revoked(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, BadFile> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(BadFile::NoList { path: path.to_path_buf() }),
    }
}

pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, BadFile> {
    let text = zeroize::Zeroizing::new(read(path)?);
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| BadFile::NoKey { path: path.to_path_buf() })
}

fn read(path: &Path) -> Result<Vec<u8>, BadFile> {
    std::fs::read(path).map_err(|error| BadFile::Unreadable { path: path.to_path_buf(), error })
}

/// What tells a file from the one that was there before; `None` if there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Option<[i64; 6]>);

impl Stamp {
    /// Of what a path leads to now.
    pub fn of(path: &Path) -> Self {
        let found = std::fs::metadata(path).ok().map(|found| {
            let number = |number: u64| number.cast_signed();
            [
                number(found.dev()),
                number(found.ino()),
                number(found.size()),
                found.mtime(),
                found.mtime_nsec(),
                found.ctime_nsec(),
            ]
        });
        Self(found)
    }
}
