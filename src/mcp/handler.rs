//! rmcp's requests → the engine, and back.
//!
//! Everything that is not declared is answered with "method not found"; an unknown tool is an
//! invalid request; all other problems of a call are results that a model can read and act on.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams, CompleteRequestParams,
    CompleteResult, ConstString, CustomRequest, CustomResult, GetPromptRequestParams, GetPromptResponse,
    GetPromptResult, GetTaskParams, GetTaskResult, InitializeRequestParams, InitializeResult,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
    ServerConfig, SetLevelRequestMethod, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use super::changes;
use super::context::Context;
use super::era::Era;
use super::listing;
use super::offers;
use super::older_tasks;
use super::reply::Reply;
use super::server::{Server, hand_over, hand_over_or, not_offered};
use super::tasks;
use super::wire::Ticket;

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
        if let Some(ticket) = context.extensions.get::<Ticket>()
            && let Some(whole) = self.with_older_tasks(&answer)
        {
            ticket.deposit(whole);
        }
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
        let context = Context::from(context);
        let era = self.era(&context)?;
        if request.and_then(|page| page.cursor).is_some_and(|cursor| !cursor.is_empty()) {
            return Err(ErrorData::invalid_params("unknown `cursor`: the list has one page", None));
        }
        let state = self.engine.state();
        self.told.list(state.edition());
        let principal = self.caller.principal(&state);
        let kind = (era, older_tasks::are_offered(&state, era, &context));
        let result = self.face.listing.result(kind, &state, &principal, &self.face.identity);
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
        let context = Context::from(context);
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
        match self.era(&context.into())? {
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
        let context = Context::from(context);
        self.era(&context)?;
        self.task(&request, &context)
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.era(&context.into())?;
        self.answer_task(&request)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.era(&context.into())?;
        self.end_task(&request)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let context = Context::from(context);
        let reply = self.answer_complete(request, &context).await?;
        hand_over(reply, &context)
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let context = Context::from(context);
        let reply = self.answer_prompts(request.and_then(|page| page.cursor), &context)?;
        hand_over(reply, &context)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let context = Context::from(context);
        let reply = self.answer_prompt(request, &context).await?;
        hand_over_or(reply, &context, || GetPromptResult::new(Vec::new())).map(GetPromptResponse::from)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let context = Context::from(context);
        let reply = self.answer_resources(request.and_then(|page| page.cursor), &context).await?;
        hand_over(reply, &context)
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let context = Context::from(context);
        let reply = self.answer_templates(request.and_then(|page| page.cursor), &context)?;
        hand_over(reply, &context)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let context = Context::from(context);
        let reply = self.answer_read(&request.uri, &context).await?;
        hand_over_or(reply, &context, || ReadResourceResult::new(Vec::new())).map(ReadResourceResponse::from)
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let context = Context::from(context);
        self.answer_subscribe(&request.uri, &context)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let context = Context::from(context);
        self.answer_unsubscribe(&request.uri, &context)
    }

    /// Where rmcp puts every method that it does not know, and known ones with parameters that do
    /// not fit.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let (id, context) = (context.id.clone(), Context::from(context));
        let era = Era::of(&context);
        let is_newer = matches!(era, Ok(Era::PerRequest));
        if let Ok(era) = era
            && let Some(answer) = self.older_task(&request, era, &context).await
        {
            return hand_over_or(answer?, &context, || CustomResult::new(serde_json::Value::Null));
        }
        if is_newer && request.method == "subscriptions/listen" {
            let ended = self.listen_to_tasks(&id, &request, &context).await?;
            return hand_over_or(ended, &context, || CustomResult::new(serde_json::Value::Null));
        }
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
