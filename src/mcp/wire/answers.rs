//! What rmcp sends → the outbox, with the deposits of handlers in their places; the same for every
//! transport.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{JsonRpcMessage, RequestId, ServerJsonRpcMessage};

use super::super::reply::Reply;
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
                    None => drop(self.outbox.put_message(message)),
                }
                None
            }
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => {
                Some(self.outbox.put_message(message))
            }
        };
        let outbox = wait.map(|number| (Arc::clone(&self.outbox), number));
        async move {
            match outbox {
                Some((outbox, number)) => outbox.sent(number).await,
                None => Ok(()),
            }
        }
    }

    /// Queues an answer that does not come by rmcp.
    pub(in crate::mcp) fn answer(&self, id: &RequestId, answer: Result<Reply, ErrorData>) {
        if matches!(self.in_flight.settle(id), Settled::Unwanted) {
            return;
        }
        match answer {
            Ok(result) => self.put_result(id, result),
            Err(error) => drop(self.outbox.put_message(&JsonRpcMessage::error(error, Some(id.clone())))),
        }
    }

    /// Queues a response, with its deposit if there is one.
    fn respond(&self, id: &RequestId, message: &ServerJsonRpcMessage) {
        match self.in_flight.settle(id) {
            Settled::Unwanted => {}
            Settled::AsItIs => drop(self.outbox.put_message(message)),
            Settled::Deposit(result) => self.put_result(id, result),
        }
    }

    fn put_result(&self, id: &RequestId, result: Reply) {
        let mut start = Vec::with_capacity(64);
        start.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
        refusal::id_into(id, &mut start);
        start.extend_from_slice(br#","result":"#);
        self.outbox.put_result(start, result);
    }
}
