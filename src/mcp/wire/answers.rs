//! What rmcp sends → the outbox, with the deposits of handlers in their places; the same for every
//! transport.

use std::sync::Arc;

use rmcp::model::{JsonRpcMessage, RequestId, ServerJsonRpcMessage};

use super::in_flight::{InFlight, Settled};
use super::outbox::{Gone, Outbox};
use super::refusal;

pub(in crate::mcp) struct Answers {
    pub(in crate::mcp) outbox: Arc<Outbox>,
    pub(in crate::mcp) in_flight: Arc<InFlight>,
}

impl Answers {
    /// Responses count as sent once they are queued: rmcp waits for none of them, and what is
    /// queued is bounded by not reading more. A notification's sender waits until it is written.
    pub(in crate::mcp) fn send(
        &self,
        message: &ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Gone>> + Send + use<> {
        let wait = match message {
            JsonRpcMessage::Response(response) => {
                self.respond(&response.id, message);
                None
            }
            JsonRpcMessage::Error(error) => {
                match &error.id {
                    Some(id) => self.respond(id, message),
                    None => drop(self.put(message)),
                }
                None
            }
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => Some(self.put(message)),
        };
        let outbox = wait.map(|number| (Arc::clone(&self.outbox), number));
        async move {
            match outbox {
                Some((outbox, number)) => outbox.sent(number).await,
                None => Ok(()),
            }
        }
    }

    /// Queues a response, with its deposit if there is one.
    fn respond(&self, id: &RequestId, message: &ServerJsonRpcMessage) {
        match self.in_flight.settle(id) {
            Settled::Unwanted => {}
            Settled::AsItIs => {
                self.put(message);
            }
            Settled::Deposit(result) => {
                let mut start = br#"{"jsonrpc":"2.0","id":"#.to_vec();
                refusal::id_into(id, &mut start);
                start.extend_from_slice(br#","result":"#);
                self.outbox.put_result(start, result);
            }
        }
    }

    fn put(&self, message: &ServerJsonRpcMessage) -> u64 {
        self.outbox.put(|out| {
            if let Err(error) = serde_json::to_writer(out, message) {
                tracing::error!(%error, "a message cannot be written as JSON");
            }
        })
    }
}
