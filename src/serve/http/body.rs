//! The body of a request: whole, within its size and in time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};

/// Why there is no body: a status, and words.
pub struct Unread(pub u16, pub String);

pub async fn read(body: Incoming, most: u64, patience: Duration) -> Result<Bytes, Unread> {
    let too_large = || Unread(413, format!("a body of more than {most} bytes is not taken"));
    if body.size_hint().lower() > most {
        return Err(too_large());
    }
    let limited = Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX));
    match tokio::time::timeout(patience, limited.collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Unread(400, "the body ended before it was whole".to_owned())),
        Err(_) => Err(Unread(408, "the body did not come in time".to_owned())),
    }
}
