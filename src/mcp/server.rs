//! rmcp's requests → the engine, and back.
//!
//! Everything that is not declared is answered with "method not found"; an unknown tool is an
//! invalid request; all other problems of a call are results that a model can read and act on.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CompleteRequestParams,
    CompleteResult, ConstString, CustomRequest, CustomResult, ErrorCode, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, GetTaskParams, GetTaskResult, InitializeRequestParams,
    InitializeResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
    ServerConfig, SetLevelRequestMethod, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::engine::{Engine, State};
use crate::model::Principal;

use super::asking::Seal;
use super::changes::{self, Accepted, Announcer, Changes, Told};
use super::discovery::Searched;
use super::era::{Era, Identity};
use super::listing::{self, Listing};
use super::logs::Wanted;
use super::offers;
use super::reply::Reply;
use super::tasks;
use super::wire::Ticket;

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
    listing: Listing,
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
    pub(super) fn principal(&self, state: &State) -> Principal {
        match self {
            Self::OnStdio => {
                let server = &state.catalog().server;
                // A client is offered its tools; at a shell the same caller has all.
                Principal { toolset: server.stdio_toolset.clone(), ..server.stdio.clone() }
            }
            Self::Known(principal) => Principal::clone(principal),
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
    hand_over_or(reply, context, T::default)
}

/// The same where the value that rmcp wants has no empty form of its own.
fn hand_over_or<T: serde::de::DeserializeOwned>(
    reply: Reply,
    context: &RequestContext<RoleServer>,
    empty: impl FnOnce() -> T,
) -> Result<T, ErrorData> {
    if let Some(ticket) = context.extensions.get::<Ticket>() {
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

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(changes::accept(self, requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        changes::listen(self, context).await;
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

    #[expect(deprecated, reason = "clients of the older era use it")]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let is_offered = offers::logging(&self.engine.state());
        match self.era(&context)? {
            Era::Handshake if is_offered => self.told.log_level.set(request.level.into()),
            _ => return Err(not_offered(SetLevelRequestMethod::VALUE)),
        }
        Ok(())
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.era(&context)?;
        self.task(&request, &context)
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.era(&context)?;
        self.answer_task(&request)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.era(&context)?;
        self.end_task(&request)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let reply = self.answer_complete(request, &context).await?;
        hand_over(reply, &context)
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let reply = self.answer_prompts(request.and_then(|page| page.cursor), &context)?;
        hand_over(reply, &context)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let reply = self.answer_prompt(request, &context).await?;
        hand_over_or(reply, &context, || GetPromptResult::new(Vec::new())).map(GetPromptResponse::from)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let reply = self.answer_resources(request.and_then(|page| page.cursor), &context).await?;
        hand_over(reply, &context)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let reply = self.answer_templates(request.and_then(|page| page.cursor), &context)?;
        hand_over(reply, &context)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let reply = self.answer_read(&request.uri, &context).await?;
        hand_over_or(reply, &context, || ReadResourceResult::new(Vec::new())).map(ReadResourceResponse::from)
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.answer_subscribe(&request.uri, &context)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.answer_unsubscribe(&request.uri, &context)
    }

    /// Where rmcp puts every method that it does not know, and known ones with parameters that do
    /// not fit.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let is_newer = matches!(Era::of(&context), Ok(Era::PerRequest));
        match request.method.as_str() {
            method @ ("tasks/get" | "tasks/update" | "tasks/cancel")
                if is_newer && tasks::are_offered(&self.engine.state()) =>
            {
                Err(ErrorData::invalid_params(format!("these are no `params` of `{method}`"), None))
            }
            // The newer era does not have them, whatever they say.
            method @ ("initialize" | "ping") if is_newer => Err(not_offered(method)),
            method @ ("initialize" | "server/discover" | "ping" | "tools/list") => {
                Err(ErrorData::invalid_params(format!("these are no `params` of `{method}`"), None))
            }
            method => Err(not_offered(method)),
        }
    }
}
