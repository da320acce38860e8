//! TLS to an engine: who it has to be, who we are, and what is wrong when one of both is not believed.
//!
//! Only the authority that is named is believed: the engine of a file is nobody's whom the
//! authorities of the web would know.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore,
};

use crate::model::{ClientCertificate, EngineTls, host_of};

pub struct TlsDialer {
    authority: String,
    name: ServerName<'static>,
    connector: TlsConnector,
}

impl TlsDialer {
    /// Reads the files. They are read again at the next attempt, so new ones are seen.
    pub fn new(authority: &str, files: &EngineTls) -> Result<Self, String> {
        let name = host_of(authority).to_owned();
        let name = ServerName::try_from(name).map_err(|_| "its host is no name that TLS knows".to_owned())?;
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let builder = builder.with_root_certificates(authorities(&files.ca)?);
        let config = match &files.client {
            None => builder.with_no_client_auth(),
            Some(ClientCertificate { certificate, key }) => builder
                .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
                .map_err(|error| {
                    format!(
                        "`{}` and `{}` do not belong together: {error}",
                        certificate.display(),
                        key.display()
                    )
                })?,
        };
        Ok(Self { authority: authority.to_owned(), name, connector: TlsConnector::from(Arc::new(config)) })
    }

    pub async fn dial(&self) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        self.connector.connect(self.name.clone(), stream).await
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(path)? {
        let unusable = |error| format!("`{}` holds no certificate of an authority: {error}", path.display());
        store.add(certificate).map_err(unusable)?;
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(format!("`{}` holds no certificate in PEM", path.display())),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(path)?;
    PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| format!("`{}` holds no private key in PEM, or one with a passphrase", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}

/// What TLS says, for a person.
pub fn told(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(problem) => match problem {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "its certificate is not signed by `ca`: either that is another engine, or `ca` is not its authority"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet; is the clock right?".to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name than this one".to_owned()
            }
            other => format!("its certificate is refused: {other}"),
        },
        TlsError::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired => {
                "it asks for a certificate of ours: name `cert` and `key`".to_owned()
            }
            AlertDescription::CertificateExpired => "it says that our `cert` has expired".to_owned(),
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::AccessDenied => {
                "it does not believe our `cert`, or we have none: it asks for one that its own authority has signed, for clients"
                    .to_owned()
            }
            other => format!("it ends TLS with {other:?}"),
        },
        TlsError::InvalidMessage(_) => "it does not speak TLS; is that the port of its TLS?".to_owned(),
        other => other.to_string(),
    }
}
