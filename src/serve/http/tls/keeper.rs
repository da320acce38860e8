//! Keeps what TLS is spoken with at what the file says and what lies in the files that it names.
//!
//! It looks when a client comes, and not more often than once in a while: nothing runs for it
//! between clients. What cannot be used is told once, and what was used before stays.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use tokio_rustls::rustls::{Error as TlsError, RootCertStore, ServerConfig, version};

use crate::model::{ClientCertificates, Identity, KeyPair, Tls, TlsVersion};

use super::files::{BadFile, Stamp};
use super::{HTTP1, HTTP2, certificate, files, self_signed};

/// Files are not looked at more often.
const PACE: Duration = Duration::from_secs(1);
/// A certificate that ends so soon is worth a word.
const SOON: u64 = 14 * 24 * 3600;

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum BadTls {
    #[error(transparent)]
    File(#[from] BadFile),
    #[error("`{}` and `{}` cannot be used together: {error}", files.certificate.display(), files.key.display())]
    Pair { files: KeyPair, error: TlsError },
    #[error("`{}` holds no certificate of an authority: {error}", path.display())]
    Authority { path: PathBuf, error: TlsError },
    #[error("`{}` cannot be used: {error}", path.display())]
    Authorities { path: PathBuf, error: VerifierBuilderError },
    #[error(transparent)]
    SelfSigned(#[from] self_signed::NotMade),
    #[error("`tls.acme` needs a build with the feature `acme`, and this one has none")]
    NoAcme,
    #[error("TLS cannot be spoken: {0}")]
    Other(#[from] TlsError),
}

/// What TLS is spoken with.
pub struct Keeper {
    /// For whom a certificate is made where none is given.
    names: Vec<String>,
    current: Mutex<Current>,
    /// What an authority is shown, by the name that it asks for.
    challenges: Mutex<HashMap<String, Arc<ServerConfig>>>,
    /// The settings are others now.
    changed: Notify,
}

struct Current {
    config: Arc<ServerConfig>,
    /// Whose certificate is shown.
    shown: Identity,
    /// What was tried last; it may have failed.
    settings: Tls,
    stamps: Vec<Stamp>,
    looked: Instant,
}

impl Keeper {
    /// Reads everything for the first time; `names` are those of the server.
    pub fn new(settings: &Tls, names: Vec<String>) -> Result<Self, BadTls> {
        if let Identity::SelfSigned(Some(files)) = &settings.identity {
            self_signed::keep(files, &names)?;
        }
        let stamps = stamps(settings);
        let config = Arc::new(configuration(settings, &names)?);
        let (shown, settings) = (settings.identity.clone(), settings.clone());
        let current = Current { config, shown, settings, stamps, looked: Instant::now() };
        let (current, changed) = (Mutex::new(current), Notify::new());
        Ok(Self { names, current, challenges: Mutex::default(), changed })
    }

    /// What an authority is shown that wants to see whose this name is.
    pub fn challenge(&self, name: &str) -> Option<Arc<ServerConfig>> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    #[cfg(feature = "acme")]
    pub fn challenge_with(&self, name: String, proof: Arc<ServerConfig>) {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).insert(name, proof);
    }

    #[cfg(feature = "acme")]
    pub fn challenge_none(&self) {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The authority that gives certificates by itself, if one does.
    #[cfg(feature = "acme")]
    pub fn acme(&self) -> Option<crate::model::Acme> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &current.settings.identity {
            Identity::Acme(acme) => Some(acme.clone()),
            _ => None,
        }
    }

    /// Resolves when the settings are others than they were.
    #[cfg(feature = "acme")]
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// How long a client may take.
    pub fn patience(&self) -> Duration {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).settings.handshake_timeout
    }

    /// What the next client is met with.
    pub fn config(&self, settings: Option<&Tls>) -> Arc<ServerConfig> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Without the key in a saved file TLS goes on until the next start.
        let is_other = settings.is_some_and(|settings| *settings != current.settings);
        if is_other || current.looked.elapsed() >= PACE {
            current.looked = Instant::now();
            if let Some(settings) = settings.filter(|_| is_other) {
                current.settings = settings.clone();
                self.changed.notify_one();
            }
            // Before they are read: what changes meanwhile is seen the next time.
            let stamps = stamps(&current.settings);
            if is_other || stamps != current.stamps {
                current.stamps = stamps;
                current.renew(&self.names);
            }
        }
        Arc::clone(&current.config)
    }
}

impl Current {
    fn renew(&mut self, names: &[String]) {
        let mut settings = self.settings.clone();
        let is_awaited =
            matches!(&settings.identity, Identity::Acme(acme) if !acme.files().certificate.exists());
        if is_awaited && cfg!(feature = "acme") {
            // Until the authority has given one. Whose certificates are believed is as the file says at once.
            settings.identity = self.shown.clone();
        }
        match configuration(&settings, names) {
            Ok(config) => {
                self.config = Arc::new(config);
                self.shown = settings.identity;
                match is_awaited {
                    true => tracing::info!(
                        "an authority is asked for a certificate; the old one is used until then"
                    ),
                    false => tracing::info!("new certificates are used from now on"),
                }
            }
            Err(problem) => tracing::error!("the certificates stay as they were: {problem}"),
        }
    }
}

fn stamps(settings: &Tls) -> Vec<Stamp> {
    let files = match &settings.identity {
        Identity::Files(files) | Identity::SelfSigned(Some(files)) => Some(files.clone()),
        Identity::SelfSigned(None) => None,
        Identity::Acme(acme) => Some(acme.files()),
    };
    let files = files.into_iter().flat_map(|KeyPair { certificate, key }| [certificate, key]);
    let ca = settings.clients.iter().flat_map(|clients| std::iter::once(&clients.ca).chain(&clients.crl));
    files.chain(ca.cloned()).map(|path| Stamp::of(&path)).collect()
}

fn configuration(settings: &Tls, names: &[String]) -> Result<ServerConfig, BadTls> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions: &[_] = match settings.min_version {
        TlsVersion::V1_2 => &[&version::TLS13, &version::TLS12],
        TlsVersion::V1_3 => &[&version::TLS13],
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(versions)?;
    let builder = match &settings.clients {
        None => builder.with_no_client_auth(),
        Some(ClientCertificates { ca, crl, are_required }) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities(ca)?), provider);
            let verifier = match crl {
                // Of authorities in between nobody needs a list.
                Some(crl) => verifier.with_crls(files::revoked(crl)?).only_check_end_entity_revocation(),
                None => verifier,
            };
            let verifier = if *are_required { verifier } else { verifier.allow_unauthenticated() };
            let verifier = verifier.build();
            builder.with_client_cert_verifier(
                verifier.map_err(|error| BadTls::Authorities { path: ca.clone(), error })?,
            )
        }
    };
    let mut config = match &settings.identity {
        Identity::Files(files) | Identity::SelfSigned(Some(files)) => {
            let (chain, key) = pair(files)?;
            tell_of_end(&chain);
            let config = builder.with_single_cert(chain, key);
            config.map_err(|error| BadTls::Pair { files: files.clone(), error })?
        }
        Identity::Acme(_) if cfg!(not(feature = "acme")) => return Err(BadTls::NoAcme),
        Identity::Acme(acme) if acme.files().certificate.exists() => {
            let (chain, key) = pair(&acme.files())?;
            let config = builder.with_single_cert(chain, key);
            config.map_err(|error| BadTls::Pair { files: acme.files(), error })?
        }
        // Until the authority has given one, this stands for it.
        Identity::SelfSigned(None) | Identity::Acme(_) => {
            let (certificate, key) = self_signed::make(names)?;
            builder.with_single_cert(vec![certificate], key)?
        }
    };
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(config)
}

fn pair(files: &KeyPair) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), BadFile> {
    Ok((files::certificates(&files.certificate)?, files::private_key(&files.key)?))
}

fn authorities(path: &std::path::Path) -> Result<RootCertStore, BadTls> {
    let mut store = RootCertStore::empty();
    for certificate in files::certificates(path)? {
        let unusable = |error| BadTls::Authority { path: path.to_path_buf(), error };
        store.add(certificate).map_err(unusable)?;
    }
    Ok(store)
}

/// Clients refuse a certificate that is over, and nobody here would know why.
fn tell_of_end(chain: &[CertificateDer<'_>]) {
    let Some(times) = chain.first().and_then(|first| certificate::times(first)) else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match times.end.checked_sub(now) {
        None => tracing::warn!("the certificate of this server is over: clients will refuse it"),
        Some(left) if left < SOON => {
            tracing::warn!("the certificate of this server is over in {} hours", left / 3600);
        }
        Some(_) => {}
    }
}
