//! Who is let in: the key of a request against those of the file as it is now.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{self, HeaderMap, HeaderValue};

use crate::auth::{self, Certificate, Credential, Patience, Penalty, Refused};
use crate::model::{Auth, HttpServer, Principal, host_network};

use super::account::because;
use super::answer::{Answer, refusal, set};
use super::passwords::{NotIn, Passwords};
use super::route::Peer;
use super::tokens::{Shut, Tokens};

/// Remembers who knocked with wrong keys, and checks passwords.
#[derive(Default)]
pub struct Door {
    patience: Mutex<Patience<Option<IpAddr>>>,
    passwords: Passwords,
    tokens: Tokens,
}

impl Door {
    /// Who asks, or the answer for somebody who is not let in; that may take a while.
    pub async fn open(
        &self,
        settings: &HttpServer,
        headers: &HeaderMap,
        peer: &Peer,
    ) -> Result<Arc<Principal>, Answer> {
        let Peer { address: peer, certificate } = peer;
        let peer = *peer;
        let known = |principal| Arc::new(Principal { address: peer, ..principal });
        let Some(auth) = &settings.auth else { return Ok(known(Principal::anonymous())) };
        let (api_key, authorization) = (texts(headers, "x-api-key"), texts(headers, "authorization"));
        let credential = match Credential::read(&api_key, &authorization) {
            Ok(credential) => credential,
            Err(problem) => return Err(because(refused(auth, &problem.to_string()), problem, None)),
        };
        let judged = match credential {
            Some(Credential::Basic(text)) => {
                match Box::pin(self.passwords.judge(&auth.users, text, peer, now())).await {
                    Ok(principal) => Ok(principal),
                    Err(NotIn::Wrong) => Err(Refused::Password),
                    Err(NotIn::Busy) => return Err(busy()),
                }
            }
            credential => judge(auth, credential, certificate.as_deref()),
        };
        let refusal = match judged {
            Ok(principal) => return Ok(known(principal)),
            Err(refusal) => refusal,
        };
        let mut told = refused(auth, "the key is not valid");
        let mut reason = refusal.to_string();
        if let Some(token) = token(auth, credential, &refusal) {
            match Box::pin(self.tokens.judge(auth, token, now())).await {
                Ok(principal) => return Ok(known(principal)),
                Err(Shut { reason, answer, is_guess: false }) => {
                    tracing::warn!(peer = %written(peer), "not let in: {reason}");
                    return Err(because(answer, reason, None));
                }
                Err(shut) => (told, reason) = (shut.answer, shut.reason),
            }
        }
        if credential.is_none() {
            return Err(wanted(auth, &refusal, peer));
        }
        tracing::warn!(peer = %written(peer), "not let in: {reason}");
        Err(Box::pin(self.held_back(peer, told, reason)).await)
    }

    /// The answer to a wrong guess, after a while that grows with their number.
    async fn held_back(&self, peer: Option<IpAddr>, told: Answer, reason: String) -> Answer {
        let peer = peer.map(host_network);
        let penalty = self.lock().mistake(&peer, now());
        match penalty {
            Penalty::GoAway => because(too_many(), reason, None),
            Penalty::Wait(wait) => {
                let waiting = Waiting { door: self, peer };
                tokio::time::sleep(wait).await;
                drop(waiting);
                because(told, reason, None)
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Patience<Option<IpAddr>>> {
        self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody whose answer is held back, also if they do not wait for it.
struct Waiting<'a> {
    door: &'a Door,
    peer: Option<IpAddr>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.door.lock().waited(&self.peer);
    }
}

/// What may be a token of an issuer: what is none of our keys.
fn token<'c>(auth: &Auth, credential: Option<Credential<'c>>, refusal: &Refused) -> Option<&'c str> {
    match credential {
        Some(Credential::Bearer(text)) if !auth.issuers.is_empty() && *refusal == Refused::Unknown => {
            Some(text).filter(|text| !auth::is_own(text))
        }
        _ => None,
    }
}

/// Who that is, by whatever the file takes.
///
/// What a request says wins over the certificate of its connection, which may be that of a proxy.
fn judge(
    auth: &Auth,
    credential: Option<Credential<'_>>,
    certificate: Option<&Certificate>,
) -> Result<Principal, Refused> {
    match credential {
        None => match certificate {
            Some(shown) if !auth.mtls.is_empty() => auth::judge_certificate(&auth.mtls, shown),
            _ => Err(Refused::Missing),
        },
        Some(Credential::Key(key) | Credential::Bearer(key)) => auth::judge(&auth.api_keys, key, now()),
        // Passwords are judged aside.
        Some(Credential::Basic(_)) => Err(Refused::Unknown),
    }
}

/// The answer to who says nothing: clients ask without a key to learn that they need one.
fn wanted(auth: &Auth, refusal: &Refused, peer: Option<IpAddr>) -> Answer {
    if matches!(refusal, Refused::Certificate { .. }) {
        tracing::warn!(peer = %written(peer), "not let in: {refusal}");
        return because(refused(auth, "a key is needed"), refusal, None);
    }
    tracing::debug!(peer = %written(peer), "not let in: {refusal}");
    refused(auth, if auth.issuers.is_empty() { "a key is needed" } else { "a key or a token is needed" })
}

fn refused(auth: &Auth, text: &str) -> Answer {
    let mut answer = refusal(401, text);
    set(&mut answer, header::WWW_AUTHENTICATE, r#"Bearer realm="mcpfier""#);
    if !auth.users.is_empty() {
        let basic = HeaderValue::from_static(r#"Basic realm="mcpfier", charset="UTF-8""#);
        answer.headers_mut().append(header::WWW_AUTHENTICATE, basic);
    }
    answer
}

fn busy() -> Answer {
    let mut answer = refusal(503, "too many passwords are being checked; try again");
    set(&mut answer, header::RETRY_AFTER, "1");
    answer
}

fn too_many() -> Answer {
    let mut answer = refusal(429, "too many wrong keys; wait");
    set(&mut answer, header::RETRY_AFTER, "5");
    answer
}

/// All values of a header; one that is no text is none that we know.
pub fn texts<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\u{fffd}")).collect()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

fn written(peer: Option<IpAddr>) -> String {
    peer.map_or_else(|| "the socket".to_owned(), |peer| peer.to_string())
}
