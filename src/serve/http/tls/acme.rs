//! Gets a certificate from an authority that gives them by itself, and a new one before it is over.
//!
//! The authority connects here to see that the names are ours, and is shown a certificate made for
//! that (TLS-ALPN-01). What it gives is written into the cache, where the keeper finds it like any
//! other file that changes.

use std::convert::Infallible;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair as Pair};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::model::{Acme, KeyPair};

use super::keeper::Keeper;
use super::{CHALLENGE, certificate, files};

/// What one attempt may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between attempts that fail: authorities count them.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);
/// It is looked at least so often.
const LOOK: Duration = Duration::from_secs(3600);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
enum NotGiven {
    #[error("{0}")]
    Authority(#[from] instant_acme::Error),
    #[error("the authority does not prove names over TLS (TLS-ALPN-01)")]
    NoChallenge,
    #[error(
        "the authority was not convinced that the names are ours: it has to reach this server at port 443 of each"
    )]
    NotConvinced,
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("no certificate could be made: {0}")]
    Tls(#[from] tokio_rustls::rustls::Error),
    #[error("the cache cannot be used: {0}")]
    Cache(#[from] io::Error),
    #[error("the account in the cache is damaged: {0}; remove `account.json`")]
    Account(#[from] serde_json::Error),
    #[error("it took longer than {} s", PATIENCE.as_secs())]
    Late(#[from] tokio::time::error::Elapsed),
}

/// Sees to the certificate for as long as it is polled. A file that is loaded later may ask for one, too.
pub async fn renew(keeper: Arc<Keeper>) -> Infallible {
    let mut wait = FIRST_WAIT;
    loop {
        let pause = match keeper.acme() {
            Some(acme) if is_due(&acme) => {
                let ordered = tokio::time::timeout(PATIENCE, order(&keeper, &acme)).await;
                keeper.challenge_none();
                match ordered.map_err(NotGiven::from).and_then(|ordered| ordered) {
                    Ok(()) => {
                        tracing::info!("`{}` has given a certificate", acme.directory);
                        wait = FIRST_WAIT;
                        LOOK
                    }
                    Err(problem) => {
                        tracing::error!("`{}` has given no certificate: {problem}", acme.directory);
                        wait = (wait * 2).min(LONGEST_WAIT);
                        wait / 2
                    }
                }
            }
            _ => LOOK,
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = keeper.changed() => wait = FIRST_WAIT,
        }
    }
}

/// Whether what is there is over soon, or is for other names. Two thirds of its time are over then.
fn is_due(acme: &Acme) -> bool {
    let KeyPair { certificate, key } = acme.files();
    let Ok(chain) = files::certificates(&certificate) else { return true };
    let Some((shown, times)) =
        chain.first().and_then(|first| Some((certificate::read(first).ok()?, certificate::times(first)?)))
    else {
        return true;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let turn = times.end.saturating_sub(times.end.saturating_sub(times.start) / 3);
    let has = |domain: &String| shown.names.contains(&format!("dns:{domain}"));
    !key.exists() || now >= turn || !acme.domains.iter().all(has)
}

async fn order(keeper: &Keeper, acme: &Acme) -> Result<(), NotGiven> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&acme.cache)?;
    let account = account(acme).await?;
    let names: Vec<Identifier> = acme.domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            _ => return Err(NotGiven::NotConvinced),
        }
        let mut challenge = authorization.challenge(ChallengeType::TlsAlpn01).ok_or(NotGiven::NoChallenge)?;
        let name = challenge.identifier().to_string();
        let proof = proof(&name, challenge.key_authorization().digest().as_ref())?;
        keeper.challenge_with(name, Arc::new(proof));
        challenge.set_ready().await?;
    }
    if order.poll_ready(&RetryPolicy::default()).await? != OrderStatus::Ready {
        return Err(NotGiven::NotConvinced);
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&RetryPolicy::default()).await?;
    let KeyPair { certificate, key: key_path } = acme.files();
    write(&key_path, &key)?;
    write(&certificate, &chain)?;
    Ok(())
}

/// The account in the cache, or a new one.
async fn account(acme: &Acme) -> Result<Account, NotGiven> {
    let builder = match &acme.directory_ca {
        Some(ca) => Account::builder_with_root(ca)?,
        None => Account::builder()?,
    };
    let path = acme.cache.join("account.json");
    match fs::read(&path) {
        Ok(known) => {
            let known: AccountCredentials = serde_json::from_slice(&known)?;
            return Ok(builder.from_credentials(known).await?);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let contact = acme.email.as_ref().map(|email| format!("mailto:{email}"));
    let contact: Vec<&str> = contact.as_deref().into_iter().collect();
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let (account, credentials) = builder.create(&new, acme.directory.clone(), None).await?;
    write(&path, &serde_json::to_string(&credentials)?)?;
    Ok(account)
}

/// What the authority is shown for a name.
fn proof(name: &str, digest: &[u8]) -> Result<ServerConfig, NotGiven> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let pair = Pair::generate()?;
    let certificate = params.self_signed(&pair)?;
    let key = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
    // Not `with_single_cert`, which reads the certificate and refuses what is critical and unknown to it.
    let key = aws_lc_rs::sign::any_supported_type(&key)?;
    let shown = SingleCertAndKey::from(CertifiedKey::new(vec![certificate.der().clone()], key));
    let mut config = builder.with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![CHALLENGE.to_vec()];
    Ok(config)
}

/// Whole or not at all, and for nobody else.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// What an authority has given: for these names, so many days ago, for so many more.
    fn given(names: &[&str], ago: u32, more: u32) -> (tempfile::TempDir, Acme) {
        let cache = tempfile::tempdir().unwrap();
        let acme = Acme {
            domains: vec!["one.example.com".to_owned(), "two.example.com".to_owned()],
            email: None,
            directory: String::new(),
            directory_ca: None,
            cache: cache.path().to_path_buf(),
        };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let now = SystemTime::now();
        params.not_before = (now - DAY * ago).into();
        params.not_after = (now + DAY * more).into();
        let pair = Pair::generate().unwrap();
        let KeyPair { certificate, key } = acme.files();
        write(&certificate, &params.self_signed(&pair).unwrap().pem()).unwrap();
        write(&key, &pair.serialize_pem()).unwrap();
        (cache, acme)
    }

    #[test]
    fn a_certificate_is_due_when_two_thirds_of_its_time_are_over_or_a_name_is_missing() {
        let (one, two, three) = ("one.example.com", "two.example.com", "three.example.com");
        for (names, ago, more, expected) in [
            (&[one, two][..], 0, 90, false),
            (&[one, two], 59, 31, false),
            (&[one, two], 61, 29, true),
            // Of short ones, a third is hours.
            (&[one, two], 4, 3, false),
            (&[one, two], 5, 2, true),
            (&[one, two], 91, 0, true),
            (&[two, three, one], 0, 90, false),
            (&[one], 0, 90, true),
            (&["*.example.com"], 0, 90, true),
        ] {
            let (_cache, acme) = given(names, ago, more);
            assert_eq!(is_due(&acme), expected, "{names:?}, {ago} days old, {more} left");
        }
    }

    #[test]
    fn a_certificate_that_is_damaged_or_has_no_key_is_due() {
        let names = ["one.example.com", "two.example.com"];
        let (_cache, acme) = given(&names, 0, 90);
        fs::remove_file(acme.files().key).unwrap();
        assert!(is_due(&acme), "without its key");
        let (_cache, acme) = given(&names, 0, 90);
        fs::remove_file(acme.files().certificate).unwrap();
        assert!(is_due(&acme), "without itself");
        for damaged in
            ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            let (_cache, acme) = given(&names, 0, 90);
            fs::write(acme.files().certificate, damaged).unwrap();
            assert!(is_due(&acme), "{damaged:?}");
        }
    }
}
