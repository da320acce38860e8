//! What goes on until a request is answered: rmcp's service for most of them, and a way of our own for
//! calls.
//!
//! A call is what servers are asked for most, so it takes the short way: it is carried out by whoever
//! waits for its answer, without a task or a channel of its own. Once it takes longer than they can wait it
//! goes on aside.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use futures_util::FutureExt as _;
use rmcp::model::{
    CallToolRequest, ClientRequest, GetExtensions, InitializeRequestParams, JsonRpcMessage, ProtocolVersion,
    RequestId, RequestMetaObject,
};
use rmcp::service::{RunningService, serve_directly_with_ct};
use rmcp::{ErrorData, RoleServer};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::super::context::{Context, Voice};
use super::super::era::version_of;
use super::super::server::Server;
use super::super::wire::Answers;
use super::super::wire::inbound::WantsTask;
use super::exchange::Running;
use super::once::Once;

type Call = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) enum Work {
    /// By rmcp, in tasks of its own.
    Other(RunningService<RoleServer, Server>),
    /// A call that goes on while somebody waits here.
    Here(Call),
    /// A call that goes on by itself.
    Aside(JoinHandle<()>),
    Done,
}

impl Work {
    pub(super) fn other(
        server: Server,
        peer: Option<InitializeRequestParams>,
        (id, mut request): (RequestId, ClientRequest),
        running: &Running,
        code: Arc<AtomicI32>,
    ) -> Self {
        let Running { outbox, in_flight, stop } = running.clone();
        if let Some(ticket) = in_flight.admit(&id) {
            request.extensions_mut().insert(ticket);
        }
        let message = JsonRpcMessage::request(request, id);
        let once = Once::new(message, Answers { outbox, in_flight }, code);
        Self::Other(serve_directly_with_ct(server, once, peer, stop))
    }

    pub(super) fn call(
        server: Server,
        peer: Option<Arc<InitializeRequestParams>>,
        (id, mut call): (RequestId, CallToolRequest),
        running: &Running,
        code: Arc<AtomicI32>,
    ) -> Self {
        let Running { outbox, in_flight, stop } = running.clone();
        let context = Context {
            meta: call.extensions.remove::<RequestMetaObject>().unwrap_or_default(),
            opened: peer,
            cancel: stop,
            ticket: in_flight.admit(&id),
            wants_task: call.extensions.remove::<WantsTask>().is_some(),
            voice: Voice::Own(Arc::clone(&outbox)),
        };
        let answers = Answers { outbox, in_flight };
        // In a box of its own: it is large, and would be moved about with what is around it.
        let answered = Box::pin(async move {
            known_version(&context.meta)?;
            server.answer_call(call.params, &context).await
        });
        Self::Here(Box::pin(async move {
            // Its ticket answers for a call that comes to grief.
            if let Ok(answer) = AssertUnwindSafe(answered).catch_unwind().await {
                if let Err(error) = &answer {
                    code.store(error.code.0, Ordering::SeqCst);
                }
                answers.answer(&id, answer);
                answers.outbox.close();
            }
        }))
    }

    /// Goes on with it here, until it is done; what goes on by itself is not waited for.
    pub(super) async fn here(&mut self) {
        match self {
            Self::Here(call) => call.await,
            _ => return std::future::pending().await,
        }
        *self = Self::Done;
    }

    /// Lets a call go on by itself.
    pub(super) fn go_aside(&mut self) {
        if let Self::Here(_) = self
            && let Ok(runtime) = Handle::try_current()
            && let Self::Here(call) = std::mem::replace(self, Self::Done)
        {
            *self = Self::Aside(runtime.spawn(call));
        }
    }

    /// Waits for its end, wherever it goes on.
    pub(super) async fn done(self) {
        match self {
            Self::Other(service) => drop(service.waiting().await),
            Self::Here(call) => call.await,
            // It answers for its own panic.
            Self::Aside(task) => drop(task.await),
            Self::Done => {}
        }
    }
}

/// As rmcp asks of every request.
fn known_version(meta: &RequestMetaObject) -> Result<(), ErrorData> {
    let known = ProtocolVersion::KNOWN_VERSIONS;
    let is_known = |text: &str| known.iter().any(|known| known.as_str() == text);
    if version_of(meta).is_none_or(is_known) {
        return Ok(());
    }
    let unknown = meta.protocol_version();
    unknown.map_or(Ok(()), |version| Err(ErrorData::unsupported_protocol_version(version, known)))
}
