//! A certificate for development, which is made here and which no client believes unless it is told.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair as Pair};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::model::KeyPair;

/// Some clients believe none that lasts longer.
const LASTS: Duration = Duration::from_secs(397 * 24 * 3600);
/// For clocks that are behind.
const BEFORE: Duration = Duration::from_secs(3600);

#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("`{}` cannot be written: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("`{}` is there and `{}` is not; remove it, or give both", there.display(), missing.display())]
    Half { there: PathBuf, missing: PathBuf },
}

/// One that lasts as long as this program runs.
pub fn make(names: &[String]) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), NotMade> {
    let (certificate, pair) = made(names)?;
    let key = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
    Ok((certificate.der().clone(), key))
}

/// Makes the files, unless they are there.
pub fn keep(files: &KeyPair, names: &[String]) -> Result<(), NotMade> {
    let KeyPair { certificate, key } = files;
    match (certificate.exists(), key.exists()) {
        (true, true) => return Ok(()),
        (true, false) => return Err(NotMade::Half { there: certificate.clone(), missing: key.clone() }),
        (false, true) => return Err(NotMade::Half { there: key.clone(), missing: certificate.clone() }),
        (false, false) => {}
    }
    let (made, pair) = made(names)?;
    write(key, 0o600, &pair.serialize_pem())?;
    write(certificate, 0o644, &made.pem())
}

fn made(names: &[String]) -> Result<(rcgen::Certificate, Pair), NotMade> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "mcpfier, made for development");
    let now = SystemTime::now();
    params.not_before = (now - BEFORE).into();
    params.not_after = (now + LASTS).into();
    let pair = Pair::generate()?;
    let certificate = params.self_signed(&pair)?;
    Ok((certificate, pair))
}

fn write(path: &Path, mode: u32, text: &str) -> Result<(), NotMade> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(mode).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| NotMade::File { path: path.to_path_buf(), error })
}
