//! rmcp's requests → the engine, and back.
//!
//! Everything that is not declared is answered with "method not found"; an unknown tool is an
//! invalid request; all other problems of a call are results that a model can read and act on.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestMethod, CompleteRequestParams,
    CompleteResult, ConstString, CustomRequest, CustomResult, ErrorCode, InitializeRequestParams,
    InitializeResult, ListPromptsRequestMethod, ListPromptsResult, ListResourceTemplatesRequestMethod,
    ListResourceTemplatesResult, ListResourcesRequestMethod, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ServerConfig, SubscriptionFilter, Tool,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::engine::{Engine, State};
use crate::model::Principal;

use super::changes::{self, Announcer, Changes, Told};
use super::era::{Era, Identity};
use super::listing::{self, Listing};
use super::offers;
use super::reply::Reply;
use super::wire::Ticket;

/// The tools of one engine, offered to the client of one connection, or to who asks once.
pub struct Server {
    pub(super) engine: Arc<Engine>,
    pub(super) face: Arc<Face>,
    told: Arc<Told>,
    pub(super) caller: Caller,
    /// Whether nothing but the answer may be sent.
    pub(super) is_quiet: bool,
}

/// What all clients of one engine are shown.
pub(super) struct Face {
    /// Stays what it was at first: a server cannot become another one under its clients.
    pub(super) identity: Identity,
    listing: Listing,
}

impl Face {
    pub(super) fn new(engine: &Engine) -> Self {
        let identity = Identity::new(&engine.state().catalog().server.name);
        Self { identity, listing: Listing::default() }
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
    pub(super) fn principal(&self, state: &State) -> Principal {
        match self {
            Self::OnStdio => state.catalog().server.stdio.clone(),
            Self::Known(principal) => Principal::clone(principal),
        }
    }
}

impl Server {
    /// Whoever calls is the caller on stdio that the file names.
    pub fn new(engine: Arc<Engine>) -> Self {
        let face = Arc::new(Face::new(&engine));
        Self { engine, face, told: Arc::default(), caller: Caller::OnStdio, is_quiet: false }
    }

    /// For one request of a caller who is known.
    pub(super) fn asked(
        engine: Arc<Engine>,
        face: Arc<Face>,
        told: Arc<Told>,
        caller: Arc<Principal>,
        is_quiet: bool,
    ) -> Self {
        Self { engine, face, told, caller: Caller::Known(caller), is_quiet }
    }

    /// What tells the client of changes if it has opened a session.
    pub fn announcer(&self) -> Announcer {
        Announcer::new(Changes::of(&self.engine, self.caller.clone()), Arc::clone(&self.told))
    }

    pub(super) fn era(&self, context: &RequestContext<RoleServer>) -> Result<Era, ErrorData> {
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
    context: &RequestContext<RoleServer>,
) -> Result<T, ErrorData> {
    if let Some(ticket) = context.extensions.get::<Ticket>() {
        ticket.deposit(reply);
        return Ok(T::default());
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

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = offers::capabilities(&self.engine.state());
        let mut info = ServerConfig::new(capabilities).with_server_info(self.face.identity.implementation());
        info.instructions.clone_from(&self.engine.state().catalog().server.instructions);
        info
    }

    async fn initialize(
        &self,
        mut request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let answer = self.negotiate_initialize(&request)?;
        request.protocol_version = answer.protocol_version.clone();
        context.peer.set_peer_info(request);
        Ok(answer)
    }

    async fn on_initialized(&self, _context: NotificationContext<RoleServer>) {
        self.told.session();
    }

    /// Of all that can be listened to, there are only changes of the list of tools.
    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let mut accepted = SubscriptionFilter::new();
        accepted.tools_list_changed = requested.tools_list_changed;
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let changes = Changes::of(&self.engine, self.caller.clone());
        changes::listen(&self.engine, changes, &self.told, context).await;
        Ok(())
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let era = self.era(&context)?;
        if request.and_then(|page| page.cursor).is_some_and(|cursor| !cursor.is_empty()) {
            return Err(ErrorData::invalid_params("unknown `cursor`: the list has one page", None));
        }
        let state = self.engine.state();
        self.told.list(state.edition());
        let principal = self.caller.principal(&state);
        let result = self.face.listing.result(era, &state, &principal, &self.face.identity);
        hand_over(Reply::json(result), &context)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let state = self.engine.state();
        let principal = self.caller.principal(&state);
        let tool = state.offered_to(&principal).find(|tool| tool.name.as_str() == name)?;
        Some(listing::listed(tool))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        // Of its own, so that what rmcp moves about is small.
        let reply = Box::pin(self.answer_call(request, &context)).await?;
        hand_over::<CallToolResult>(reply, &context).map(CallToolResponse::from)
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Err(not_offered(CompleteRequestMethod::VALUE))
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Err(not_offered(ListPromptsRequestMethod::VALUE))
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Err(not_offered(ListResourcesRequestMethod::VALUE))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Err(not_offered(ListResourceTemplatesRequestMethod::VALUE))
    }

    /// Where rmcp puts every method that it does not know, and known ones with parameters that do
    /// not fit.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        match request.method.as_str() {
            method @ ("initialize" | "server/discover" | "ping" | "tools/list") => {
                Err(ErrorData::invalid_params(format!("these are no `params` of `{method}`"), None))
            }
            method => Err(not_offered(method)),
        }
    }
}
