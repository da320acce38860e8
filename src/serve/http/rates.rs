//! Who asks too often is told so before anything else is done for them.

use std::sync::Arc;

use http::header::{self, HeaderMap};

use crate::engine::{State, TooOften};
use crate::model::Principal;

use super::account::because;
use super::answer::{Answer, refusal, set};
use super::door::Door;
use super::route::Peer;

/// Who asks, if they may now; or the answer for whom nothing else is done.
pub async fn let_in(
    door: &Door,
    state: &State,
    headers: &HeaderMap,
    peer: &Peer,
) -> Result<Arc<Principal>, Answer> {
    let (rates, settings) = (state.rates(), &state.catalog().server.http);
    if let Some(refused) = by_address(state, peer) {
        return Err(refused);
    }
    let caller = settings.bounded(door.open(settings, headers, peer).await?);
    rates.known(&caller).map_err(|late| too_often(late, Some(caller.id().as_str())))?;
    Ok(caller)
}

/// The answer to an address that asks too often, before anything else is known.
pub fn by_address(state: &State, peer: &Peer) -> Option<Answer> {
    state.rates().request(peer.address).err().map(|late| too_often(late, None))
}

fn too_often(late: TooOften, caller: Option<&str>) -> Answer {
    tracing::debug!(caller = caller.unwrap_or("its address"), "not answered: {late}");
    let mut answer = refusal(429, &format!("you ask {late}"));
    set(&mut answer, header::RETRY_AFTER, &late.seconds().to_string());
    because(answer, late, caller.map(str::to_owned))
}
