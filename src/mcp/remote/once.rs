//! One request as rmcp takes it: a connection on which one message comes in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use tokio_util::sync::CancellationToken;

use super::super::wire::Answers;
use super::super::wire::outbox::Gone;

/// A transport with one message in, and whatever belongs to it out.
pub(super) struct Once {
    message: Option<ClientJsonRpcMessage>,
    answers: Answers,
    answered: CancellationToken,
    /// Of the error that answered it; 0 for none.
    code: Arc<AtomicI32>,
}

impl Once {
    pub(super) fn new(message: ClientJsonRpcMessage, answers: Answers, code: Arc<AtomicI32>) -> Self {
        Self { message: Some(message), answers, answered: CancellationToken::new(), code }
    }
}

impl Transport<RoleServer> for Once {
    type Error = Gone;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Gone>> + Send + 'static {
        if let JsonRpcMessage::Error(error) = &message {
            self.code.store(error.error.code.0, Ordering::SeqCst);
        }
        let is_answer = matches!(message, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let sent = self.answers.send(&message);
        if is_answer {
            self.answers.outbox.close();
            self.answered.cancel();
        }
        sent
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        if let Some(message) = self.message.take() {
            return Some(message);
        }
        self.answered.cancelled().await;
        None
    }

    async fn close(&mut self) -> Result<(), Gone> {
        // Nothing may be waited for that does not come any more.
        self.answers.outbox.close();
        Ok(())
    }
}
