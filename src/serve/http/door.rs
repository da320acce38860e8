//! Who is let in: what a request says of its caller, against the file as it is now.
//!
//! Keys are judged at once: they cannot be guessed, if they are not short (the file is warned of those), and who
//! has the right one comes in however many others guess from the same address. Passwords can be guessed, and what
//! an issuer has to be asked about costs it something: those are judged for whoever has a place free for that.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::header::{self, HeaderMap, HeaderValue};
use smallvec::SmallVec;

use crate::auth::{self, Certificate, Credential, Patience, Penalty, Refused};
use crate::model::{Auth, HttpServer, Principal, host_network};

use super::account::because;
use super::answer::{Answer, refusal, set};
use super::passwords::{Passwords, Recalled, Unchecked};
use super::route::Peer;
use super::tokens::{Shut, Tokens};

/// Remembers who knocked with wrong keys, and checks passwords.
pub struct Door {
    /// The moment from which patience counts.
    begun: Instant,
    patience: Mutex<Patience<Option<IpAddr>>>,
    passwords: Passwords,
    tokens: Tokens,
}

impl Default for Door {
    fn default() -> Self {
        let (patience, passwords, tokens) = (Mutex::default(), Passwords::default(), Tokens::default());
        Self { begun: Instant::now(), patience, passwords, tokens }
    }
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
            Some(Credential::Basic(text)) => Box::pin(self.by_password(auth, text, peer)).await,
            credential => match judge(auth, credential, certificate.as_deref()) {
                Ok(principal) => return Ok(known(principal)),
                Err(refusal) if credential.is_none() => return Err(wanted(auth, &refusal, peer)),
                Err(refusal) => match token(auth, credential, &refusal) {
                    Some(token) => Box::pin(self.by_token(auth, token, peer)).await,
                    None => Err(NotIn::guess(auth, &refusal)),
                },
            },
        };
        match judged {
            Ok(principal) => Ok(known(principal)),
            Err(NotIn::Told(answer)) => Err(answer),
            Err(NotIn::Guess(guess)) => {
                tracing::warn!(peer = %written(peer), "not let in: {}", guess.reason);
                Err(Box::pin(self.held_back(peer, guess)).await)
            }
        }
    }

    async fn by_password(
        &self,
        auth: &Auth,
        text: &str,
        peer: Option<IpAddr>,
    ) -> Result<Principal, NotIn<'_>> {
        let wrong = || Guess::of(auth, &Refused::Password);
        let question = match self.passwords.recall(&auth.users, text, now()) {
            Recalled::Right(principal) => return Ok(principal.clone()),
            Recalled::Wrong => return Err(NotIn::Guess(wrong())),
            Recalled::Open(question) => question,
        };
        let trying = self.try_once(peer).ok_or_else(not_judged)?;
        match self.passwords.check(question, peer.map(host_network), now()).await {
            Ok(principal) => {
                trying.over();
                Ok(principal)
            }
            Err(Unchecked::Wrong) => Err(NotIn::Guess(Guess { trying: Some(trying), ..wrong() })),
            Err(Unchecked::Busy) => {
                trying.over();
                Err(NotIn::Told(busy()))
            }
        }
    }

    async fn by_token(&self, auth: &Auth, token: &str, peer: Option<IpAddr>) -> Result<Principal, NotIn<'_>> {
        let has_to_ask = self.tokens.has_to_ask(auth, token, now());
        let trying = if has_to_ask { Some(self.try_once(peer).ok_or_else(not_judged)?) } else { None };
        match self.tokens.judge(auth, token, now()).await {
            Ok(principal) => {
                trying.into_iter().for_each(Trying::over);
                Ok(principal)
            }
            Err(Shut { reason, answer, is_guess: true }) => {
                Err(NotIn::Guess(Guess { told: answer, reason, trying }))
            }
            Err(Shut { reason, answer, is_guess: false }) => {
                trying.into_iter().for_each(Trying::over);
                tracing::warn!(peer = %written(peer), "not let in: {reason}");
                Err(NotIn::Told(because(answer, reason, None)))
            }
        }
    }

    /// A place for something that is judged and could be guessed; `None` for who has too many.
    fn try_once(&self, peer: Option<IpAddr>) -> Option<Trying<'_>> {
        let source = peer.map(host_network);
        if self.lock().may_try(&source, self.begun.elapsed()) {
            return Some(Trying { door: self, source, is_over: false });
        }
        tracing::debug!(peer = %written(peer), "not judged: too much of it was wrong");
        None
    }

    /// The answer to a wrong guess, after a while that grows with their number.
    async fn held_back(&self, peer: Option<IpAddr>, guess: Guess<'_>) -> Answer {
        let Guess { told, reason, trying } = guess;
        let penalty = self.lock().mistake(&peer.map(host_network), self.begun.elapsed());
        trying.into_iter().for_each(Trying::over);
        match penalty {
            Penalty::GoAway => because(too_many(), reason, None),
            Penalty::Wait(wait) => {
                tokio::time::sleep(wait).await;
                because(told, reason, None)
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Patience<Option<IpAddr>>> {
        self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer for who has too many.
fn not_judged<'d>() -> NotIn<'d> {
    NotIn::Told(because(too_many(), "too many answers to wrong guesses are waited for", None))
}

/// Why nobody comes in.
enum NotIn<'d> {
    /// What is told at once.
    Told(Answer),
    Guess(Guess<'d>),
}

/// Something wrong, as a guess would be.
struct Guess<'d> {
    told: Answer,
    reason: String,
    /// Where it was judged, if that takes a place.
    trying: Option<Trying<'d>>,
}

impl NotIn<'_> {
    fn guess(auth: &Auth, refusal: &Refused) -> Self {
        Self::Guess(Guess::of(auth, refusal))
    }
}

impl Guess<'_> {
    fn of(auth: &Auth, refusal: &Refused) -> Self {
        Self { told: refused(auth, "the key is not valid"), reason: refusal.to_string(), trying: None }
    }
}

/// Something that is being judged. Who goes before it is over has made a mistake: else guesses would cost nothing
/// for those who never wait for the answer.
struct Trying<'d> {
    door: &'d Door,
    source: Option<IpAddr>,
    is_over: bool,
}

impl Trying<'_> {
    fn over(mut self) {
        self.is_over = true;
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        let mut patience = self.door.lock();
        if !self.is_over {
            patience.mistake(&self.source, self.door.begun.elapsed());
        }
        patience.tried(&self.source);
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
    if matches!(refusal, Refused::Certificate { .. } | Refused::SharedCertificate { .. }) {
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

/// Of one header; as a rule there is one.
pub type Texts<'a> = SmallVec<[&'a str; 2]>;

/// All values of a header; one that is no text is none that we know.
pub fn texts<'a>(headers: &'a HeaderMap, name: &str) -> Texts<'a> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\u{fffd}")).collect()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

fn written(peer: Option<IpAddr>) -> String {
    peer.map_or_else(|| "the socket".to_owned(), |peer| peer.to_string())
}
