//! Asks issuers of tokens: for their keys, and for what a token means that says nothing itself.
//!
//! Knows HTTP as a client, and the addresses that a file names or an issuer says of itself; what a
//! token says is `auth`'s to judge. Nothing is fetched before the first token comes. How often an
//! issuer is asked is bounded, whatever callers send.

mod fetch;
mod known;
mod lookup;
mod metadata;
mod office;
mod often;

use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::token::{Compact, LONGEST_TOKEN, RefusedToken, judge_claims, verify};
use crate::model::{Issuer, Principal};

use fetch::Fetcher;
use office::Office;

/// Where tokens are judged. It remembers what issuers have said.
#[derive(Default)]
pub struct Desk {
    fetcher: Arc<Fetcher>,
    offices: Mutex<Vec<Arc<Office>>>,
}

impl Desk {
    /// Who shows a token, at a time in seconds since 1970. Needs a tokio runtime.
    pub async fn judge(&self, issuers: &[Issuer], token: &str, now: u64) -> Result<Principal, RefusedToken> {
        if token.len() > LONGEST_TOKEN {
            return Err(RefusedToken::Invalid("the token is longer than 16 KiB"));
        }
        if !Compact::is_one(token) {
            return self.look_up(issuers, token, now).await;
        }
        let compact = Compact::read(token)?;
        let named = issuers.iter().find(|issuer| compact.issuer() == Some(issuer.name.as_str()));
        let issuer = named.ok_or(RefusedToken::Invalid("the token is of another issuer"))?;
        if !issuer.algorithms.contains(&compact.algorithm) {
            return Err(RefusedToken::Invalid("the token is signed in a way that the file does not allow"));
        }
        let keys = self.office(issuers, issuer).keys(compact.key_id.as_deref()).await?;
        if !verify(&compact, &keys) {
            return Err(RefusedToken::Invalid("the token is not signed by its issuer"));
        }
        judge_claims(compact.claims, issuer, now)
    }

    /// Whether an issuer has to be asked what a token means, because nothing is remembered of it.
    pub fn has_to_ask(&self, issuers: &[Issuer], token: &str, now: u64) -> bool {
        if token.len() > LONGEST_TOKEN || Compact::is_one(token) {
            return false;
        }
        for issuer in issuers.iter().filter(|issuer| issuer.introspection.is_some()) {
            match self.office(issuers, issuer).remembers(token, now) {
                None => return true,
                // The others are not asked any more.
                Some(true) => return false,
                Some(false) => {}
            }
        }
        false
    }

    /// Asks those who say what their tokens mean.
    async fn look_up(&self, issuers: &[Issuer], token: &str, now: u64) -> Result<Principal, RefusedToken> {
        let mut refused = RefusedToken::Invalid("the token says nothing, and no issuer is asked about those");
        for issuer in issuers.iter().filter(|issuer| issuer.introspection.is_some()) {
            match self.office(issuers, issuer).look_up(token, now).await {
                Err(RefusedToken::Invalid(reason)) => refused = RefusedToken::Invalid(reason),
                judged => return judged,
            }
        }
        Err(refused)
    }

    /// What is remembered of an issuer as the file has it now; of others nothing is any more.
    fn office(&self, issuers: &[Issuer], issuer: &Issuer) -> Arc<Office> {
        let mut offices = self.offices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = offices.iter().find(|office| office.issuer == *issuer) {
            return Arc::clone(known);
        }
        offices.retain(|office| issuers.contains(&office.issuer));
        let office = Arc::new(Office::new(issuer.clone(), Arc::clone(&self.fetcher)));
        offices.push(Arc::clone(&office));
        office
    }
}
