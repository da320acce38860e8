//! What is sent with a request that is answered without it.
//!
//! Many clients write a head and its body one after the other. An answer that overtakes the body would end the
//! connection, for nobody reads on, and the client would hear of that by its next request. So the rest is received
//! first; where that is not to be waited for, the answer says that the connection ends.

use std::time::Duration;

use http::{HeaderMap, Request, Version, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use crate::model::ByteSize;

use super::answer::{Answer, set};

/// How long the rest of a request may take to come.
const LULL: Duration = Duration::from_secs(1);

/// The answer to a request of which only the head counts; more than `most` is not received.
pub async fn without_body(request: Request<Incoming>, most: ByteSize, answer: Answer) -> Answer {
    let (parts, body) = request.into_parts();
    // Of HTTP/2 only the one stream ends.
    if body.is_end_stream() || parts.version >= Version::HTTP_2 {
        return answer;
    }
    let is_worth_it = !waits_to_be_asked(&parts.headers) && body.size_hint().lower() <= most.0;
    let has_come = is_worth_it && matches!(tokio::time::timeout(LULL, comes(body, most)).await, Ok(true));
    if has_come { answer } else { last(answer) }
}

/// The answer is the last of its connection.
pub fn last(mut answer: Answer) -> Answer {
    set(&mut answer, header::CONNECTION, "close");
    answer
}

/// Whoever reads such a body asks for it.
fn waits_to_be_asked(headers: &HeaderMap) -> bool {
    headers.contains_key(header::EXPECT)
}

/// Whether the end of a body comes before more than `most` of it.
async fn comes(mut body: Incoming, most: ByteSize) -> bool {
    let mut left = most.0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let length = frame.data_ref().map_or(0, |piece| piece.len() as u64);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return false,
        }
    }
    true
}
