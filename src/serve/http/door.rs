//! Who is let in: the key of a request against those of the file as it is now.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{self, HeaderMap};

use crate::auth::{self, Patience, Penalty};
use crate::model::{HttpServer, Principal};

use super::answer::{Answer, refusal, set};

/// Remembers who knocked with wrong keys.
#[derive(Default)]
pub struct Door(Mutex<Patience<Option<IpAddr>>>);

impl Door {
    /// Who asks, or the answer for somebody who is not let in; that may take a while.
    pub async fn open(
        &self,
        settings: &HttpServer,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<Arc<Principal>, Answer> {
        let Some(keys) = &settings.auth else { return Ok(Arc::new(Principal::anonymous())) };
        let (api_key, authorization) = (texts(headers, "x-api-key"), texts(headers, "authorization"));
        let presented = match auth::presented(&api_key, &authorization) {
            Ok(presented) => presented,
            Err(problem) => return Err(refused(&problem.to_string())),
        };
        let refusal = match auth::judge(keys, presented, now()) {
            Ok(principal) => return Ok(Arc::new(principal)),
            Err(refusal) => refusal,
        };
        if presented.is_none() {
            // Clients ask without a key to learn that they need one.
            tracing::debug!(peer = %written(peer), "not let in: {refusal}");
            return Err(refused("a key is needed"));
        }
        tracing::warn!(peer = %written(peer), "not let in: {refusal}");
        let penalty = self.lock().mistake(&peer, now());
        match penalty {
            Penalty::GoAway => Err(too_many()),
            Penalty::Wait(wait) => {
                let waiting = Waiting { door: self, peer };
                tokio::time::sleep(wait).await;
                drop(waiting);
                Err(refused("the key is not valid"))
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Patience<Option<IpAddr>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

fn refused(text: &str) -> Answer {
    let mut answer = refusal(401, text);
    set(&mut answer, header::WWW_AUTHENTICATE, r#"Bearer realm="mcpfier""#);
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
