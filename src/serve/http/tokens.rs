//! Tokens of issuers at the door: who shows one, and what whoever may not come in is told.

use http::header;

#[cfg(feature = "oauth")]
use crate::auth::token::RefusedToken;
#[cfg(feature = "oauth")]
use crate::issuer::Desk;
use crate::model::{Auth, Principal};

use super::answer::{Answer, refusal, set};

/// Judges tokens.
#[derive(Default)]
pub struct Tokens {
    #[cfg(feature = "oauth")]
    desk: Desk,
}

/// Why a token lets nobody in; the reason is for the log.
pub struct Shut {
    pub reason: String,
    pub answer: Answer,
    /// It is a wrong one, as a guess would be.
    pub is_guess: bool,
}

impl Tokens {
    #[cfg(feature = "oauth")]
    pub async fn judge(&self, auth: &Auth, token: &str, now: u64) -> Result<Principal, Shut> {
        let principal = self.desk.judge(&auth.issuers, token, now).await.map_err(shut)?;
        if principal.tenant.is_none() && principal.within.is_some() {
            tracing::warn!("the token of `{}` names no tenant, so no tool is its bearer's", principal.name);
        }
        Ok(principal)
    }

    /// Whether somebody has to be asked what a token means.
    #[cfg(feature = "oauth")]
    pub fn has_to_ask(&self, auth: &Auth, token: &str, now: u64) -> bool {
        self.desk.has_to_ask(&auth.issuers, token, now)
    }

    #[cfg(not(feature = "oauth"))]
    #[expect(clippy::unused_self, reason = "with the feature it looks at what is remembered")]
    pub fn has_to_ask(&self, _: &Auth, _: &str, _: u64) -> bool {
        false
    }

    #[cfg(not(feature = "oauth"))]
    #[expect(clippy::unused_async, reason = "with the feature it asks others")]
    pub async fn judge(&self, _: &Auth, _: &str, _: u64) -> Result<Principal, Shut> {
        let reason = "this build knows no tokens; it was made without the feature `oauth`".to_owned();
        Err(Shut { reason, answer: invalid("the token is not valid"), is_guess: true })
    }
}

#[cfg(feature = "oauth")]
fn shut(refused: RefusedToken) -> Shut {
    let reason = refused.to_string();
    let (answer, is_guess) = match &refused {
        RefusedToken::Invalid(_) => (invalid("the token is not valid"), true),
        RefusedToken::Expired => (invalid("the token has expired"), false),
        RefusedToken::Scopes(scopes) => (insufficient(scopes), false),
        RefusedToken::Unjudged(_) => (unjudged(), false),
    };
    Shut { reason, answer, is_guess }
}

fn invalid(text: &str) -> Answer {
    let mut answer = refusal(401, text);
    let challenge = format!(r#"Bearer realm="mcpfier", error="invalid_token", error_description="{text}""#);
    set(&mut answer, header::WWW_AUTHENTICATE, &challenge);
    answer
}

#[cfg(feature = "oauth")]
fn insufficient(scopes: &[String]) -> Answer {
    let mut answer = refusal(403, &format!("the token is not good for `{}`", scopes.join(" ")));
    let scopes = scopes.iter().map(String::as_str);
    set(&mut answer, header::WWW_AUTHENTICATE, &crate::auth::step_up(scopes));
    answer
}

/// Nobody is let in by a token that nobody can judge, and nobody is told that it is wrong.
#[cfg(feature = "oauth")]
fn unjudged() -> Answer {
    let mut answer = refusal(503, "tokens cannot be judged now; try again");
    set(&mut answer, header::RETRY_AFTER, "5");
    answer
}
