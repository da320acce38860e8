//! Who answers a client: the tools of one engine for one caller.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::ErrorCode;

use crate::engine::{Engine, State};
use crate::model::Principal;

use super::asking::Seal;
use super::changes::{Accepted, Announcer, Changes, Told};
use super::context::Context;
use super::discovery::Searched;
use super::era::{Era, Identity};
use super::listing::Listing;
use super::logs::Wanted;
use super::reply::Reply;

/// The tools of one engine, offered to the client of one connection, or to who asks once.
pub struct Server {
    pub(super) engine: Arc<Engine>,
    pub(super) face: Arc<Face>,
    pub(super) told: Arc<Told>,
    pub(super) accepted: Accepted,
    pub(super) caller: Caller,
    /// Whether nothing but the answer may be sent.
    pub(super) is_quiet: bool,
}

/// What all clients of one engine are shown.
pub(super) struct Face {
    /// Stays what it was at first: a server cannot become another one under its clients.
    pub(super) identity: Identity,
    pub(super) listing: Listing,
    pub(super) searched: Searched,
    /// Of what clients keep for us between the rounds of one call.
    pub(super) seal: Seal,
}

impl Face {
    pub(super) fn new(engine: &Engine) -> Self {
        let identity = Identity::new(&engine.state().catalog().server.name);
        Self { identity, listing: Listing::default(), searched: Searched::default(), seal: Seal::default() }
    }
}

/// Who calls.
#[derive(Clone)]
pub(super) enum Caller {
    /// Whoever the file names; another one after a reload.
    OnStdio,
    Known(Arc<Principal>),
}

impl Caller {
    pub(super) fn principal(&self, state: &State) -> Arc<Principal> {
        match self {
            Self::OnStdio => {
                let server = &state.catalog().server;
                // A client is offered its tools; at a shell the same caller has all.
                let toolset = server.stdio_toolset.clone();
                Arc::new(Principal { toolset, ..server.stdio.clone() })
            }
            Self::Known(principal) => Arc::clone(principal),
        }
    }
}

impl Server {
    /// Whoever calls is the caller on stdio that the file names.
    pub fn new(engine: Arc<Engine>) -> Self {
        let face = Arc::new(Face::new(&engine));
        Self {
            engine,
            face,
            told: Arc::default(),
            accepted: Accepted::default(),
            caller: Caller::OnStdio,
            is_quiet: false,
        }
    }

    /// For one request of a caller who is known.
    pub(super) fn asked(
        engine: Arc<Engine>,
        face: Arc<Face>,
        told: Arc<Told>,
        caller: Arc<Principal>,
        is_quiet: bool,
    ) -> Self {
        let accepted = Accepted::default();
        Self { engine, face, told, accepted, caller: Caller::Known(caller), is_quiet }
    }

    /// What tells the client of changes if it has opened a session.
    pub fn announcer(&self) -> Announcer {
        let changes = Changes::of(&self.engine, self.caller.clone(), Arc::clone(self.told.due()));
        Announcer::new(changes, Arc::clone(&self.told))
    }

    /// What the client of this session wants to be told of the logs of commands.
    pub(super) fn log_level(&self) -> &Wanted {
        &self.told.log_level
    }

    pub(super) fn era(&self, context: &Context) -> Result<Era, ErrorData> {
        let era = Era::of(context)?;
        if era == Era::Handshake {
            self.told.session();
        }
        Ok(era)
    }
}

/// Leaves a result for our own transport; elsewhere it becomes the value that rmcp wants.
pub(super) fn hand_over<T: Default + serde::de::DeserializeOwned>(
    reply: Reply,
    context: &Context,
) -> Result<T, ErrorData> {
    hand_over_or(reply, context, T::default)
}

/// The same where the value that rmcp wants has no empty form of its own.
pub(super) fn hand_over_or<T: serde::de::DeserializeOwned>(
    reply: Reply,
    context: &Context,
    empty: impl FnOnce() -> T,
) -> Result<T, ErrorData> {
    if let Some(ticket) = &context.ticket {
        ticket.deposit(reply);
        return Ok(empty());
    }
    serde_json::from_slice(&reply.into_json())
        .map_err(|error| ErrorData::internal_error(format!("the result is not valid: {error}"), None))
}

/// How much of a method's name is repeated.
const NAMED: usize = 100;

pub(super) fn not_offered(method: &str) -> ErrorData {
    ErrorData::new(
        ErrorCode::METHOD_NOT_FOUND,
        format!("this server does not offer `{}`", method.chars().take(NAMED).collect::<String>()),
        None,
    )
}
