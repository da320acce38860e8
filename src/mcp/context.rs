//! What comes with a request besides what it asks for, whoever has read it: rmcp, or our own way of
//! calls over HTTP.

use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::model::{
    ClientCapabilities, Implementation, InitializeRequestParams, JsonRpcMessage, RequestMetaObject,
    ServerNotification,
};
use rmcp::service::{Peer, RequestContext};
use tokio_util::sync::CancellationToken;

use super::wire::Ticket;
use super::wire::inbound::WantsTask;
use super::wire::outbox::{Gone, Outbox};

pub(super) struct Context {
    pub meta: RequestMetaObject,
    /// What the client has said of itself with `initialize`.
    pub opened: Option<Arc<InitializeRequestParams>>,
    /// Cancelled when nobody wants the answer any more.
    pub cancel: CancellationToken,
    /// Absent where the transport is not ours.
    pub ticket: Option<Ticket>,
    /// Whether the client of a call wants it to be a task, as the revision 2025-11-25 has them.
    pub wants_task: bool,
    pub voice: Voice,
}

/// How the client is told what belongs to a request, before its answer.
#[derive(Clone)]
pub(super) enum Voice {
    Rmcp(Peer<RoleServer>),
    Own(Arc<Outbox>),
}

impl Context {
    /// What the client can do, by this request or for its whole session.
    pub(super) fn capabilities(&self) -> Option<ClientCapabilities> {
        let opened = || self.opened.as_ref().map(|opened| opened.capabilities.clone());
        self.meta.client_capabilities().or_else(opened)
    }

    /// Which program the client is.
    pub(super) fn client(&self) -> Option<Implementation> {
        let opened = || self.opened.as_ref().map(|opened| opened.client_info.clone());
        self.meta.client_info().or_else(opened)
    }
}

impl From<RequestContext<RoleServer>> for Context {
    fn from(context: RequestContext<RoleServer>) -> Self {
        Self {
            opened: context.peer.peer_info(),
            cancel: context.ct,
            ticket: context.extensions.get::<Ticket>().cloned(),
            wants_task: context.extensions.get::<WantsTask>().is_some(),
            voice: Voice::Rmcp(context.peer),
            meta: context.meta,
        }
    }
}

impl Voice {
    /// Resolves when the client has taken it.
    pub(super) async fn tell(&self, news: ServerNotification) -> Result<(), Gone> {
        match self {
            Self::Rmcp(peer) => peer.send_notification(news).await.map_err(|_| Gone),
            Self::Own(outbox) => {
                let message: rmcp::model::ServerJsonRpcMessage = JsonRpcMessage::notification(news);
                let number = outbox.put_message(&message);
                outbox.sent(number).await
            }
        }
    }
}
