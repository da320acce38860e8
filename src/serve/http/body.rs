//! The body of a request: whole, within its size and in time, and within what all of them may take.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Version;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};

use crate::model::{ByteSize, HttpLimits};

use super::bodies::{Bodies, Charge, SMALL};

/// Why there is no body: a status, and words.
pub struct Unread(pub u16, pub String);

/// What one body and all of them may take, and how long one may.
#[derive(Clone, Copy)]
pub struct Bounds {
    pub most: u64,
    pub together: u64,
    /// One that is no longer does not count.
    pub small: u64,
    pub patience: Duration,
}

impl Bounds {
    pub fn of(limits: &HttpLimits, most: ByteSize, version: Version) -> Self {
        // Many come on one connection of HTTP/2, so there the number of connections bounds nothing.
        let small = if version < Version::HTTP_2 { SMALL } else { 0 };
        Self { most: most.0, together: limits.bodies.0, small, patience: limits.body_timeout }
    }
}

/// A body, which counts as long as it is held.
pub struct Whole {
    pub bytes: Bytes,
    /// `None` for one that does not count.
    _charge: Option<Charge>,
}

pub async fn read(body: Incoming, bodies: &Bodies, bounds: Bounds) -> Result<Whole, Unread> {
    if body.size_hint().lower() > bounds.most {
        return Err(too_large(bounds.most));
    }
    if body.size_hint().upper().is_some_and(|most| most <= bounds.small) {
        let bytes = gather(body, None, bounds).await?;
        return Ok(Whole { bytes, _charge: None });
    }
    let mut charge = bodies.begin(bounds.small);
    let go = charge.go();
    let bytes = tokio::select! {
        biased;
        () = go.notified() => Err(no_room()),
        read = gather(body, Some(&mut charge), bounds) => read,
    };
    Ok(Whole { bytes: bytes?, _charge: Some(charge) })
}

async fn gather(body: Incoming, charge: Option<&mut Charge>, bounds: Bounds) -> Result<Bytes, Unread> {
    let gathered = tokio::time::timeout(bounds.patience, pieces(body, charge, bounds)).await;
    gathered.unwrap_or_else(|_| Err(Unread(408, "the body did not come in time".to_owned())))
}

async fn pieces(
    mut body: Incoming,
    mut charge: Option<&mut Charge>,
    bounds: Bounds,
) -> Result<Bytes, Unread> {
    // Most bodies come in one piece, which is not copied.
    let (mut first, mut all, mut length) = (Bytes::new(), BytesMut::new(), 0_u64);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Unread(400, "the body ended before it was whole".to_owned()))?;
        let Ok(piece) = frame.into_data() else { continue };
        length = length.saturating_add(piece.len() as u64);
        if length > bounds.most {
            return Err(too_large(bounds.most));
        }
        if charge.as_mut().is_some_and(|charge| !charge.has(length, bounds.together)) {
            return Err(no_room());
        }
        if all.is_empty() && first.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn too_large(most: u64) -> Unread {
    Unread(413, format!("a body of more than {most} bytes is not taken"))
}

fn no_room() -> Unread {
    Unread(503, "too much is being sent at once, and this is the largest of it; try again".to_owned())
}
