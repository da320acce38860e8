//! Records of requests that were turned away before they were calls.

use std::net::IpAddr;

use http::header::{self, HeaderMap};

use crate::audit::{Audit, TurnedAway};

use super::answer::Answer;

/// Why an answer turns somebody away, and who that is if it is known. It stays in the house.
#[derive(Debug, Clone)]
pub struct Why {
    pub reason: String,
    pub caller: Option<String>,
}

/// The same answer, with its reason for the record.
pub fn because(mut answer: Answer, reason: impl ToString, caller: Option<String>) -> Answer {
    answer.extensions_mut().insert(Why { reason: reason.to_string(), caller });
    answer
}

/// The answer to a call of which there is a record already.
#[derive(Debug, Clone, Copy)]
struct Recorded;

/// The same answer, which needs no record of its own.
pub fn recorded(mut answer: Answer) -> Answer {
    answer.extensions_mut().insert(Recorded);
    answer
}

/// Whether somebody tries to get in, rather than asks how one would.
pub fn offers_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key("x-api-key")
}

/// Records an answer if it turns somebody away.
pub fn note(audit: &Audit, offers_credential: bool, peer: Option<IpAddr>, answer: &Answer) {
    let status = answer.status().as_u16();
    let why = answer.extensions().get::<Why>();
    let is_refusal = matches!(status, 403 | 429) || status == 401 && (offers_credential || why.is_some());
    let is_due = is_refusal && answer.extensions().get::<Recorded>().is_none();
    let Some(journal) = audit.journal().filter(|_| is_due) else { return };
    let usual = match status {
        401 => "not let in",
        403 => "forbidden",
        _ => "too many requests",
    };
    journal.turned_away(TurnedAway {
        status,
        caller: why.and_then(|why| why.caller.clone()),
        address: peer.map(|peer| peer.to_string()),
        reason: why.map_or_else(|| usual.to_owned(), |why| why.reason.clone()),
        unrecorded: 0,
    });
}
