//! Requests that are in flight, and the results that wait for their response to be sent.
//!
//! A tool's result does not travel through rmcp as a value: the handler deposits a [`Reply`] here
//! and returns an empty result, and the transport writes the deposit where the empty result stands.
//! The table also knows when an id may be used again, and when nothing is left to wait for.

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use rmcp::model::RequestId;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::super::reply::Reply;
use super::desk::{Desk, Question};
use super::outbox::Outbox;
use super::refusal::Refusal;

pub(in crate::mcp) struct InFlight {
    requests: Mutex<HashMap<RequestId, Request>>,
    emptied: Notify,
    /// Of all requests of one input, or of one server: so it is shared as it is.
    input_ended: Arc<CancellationToken>,
    outbox: Arc<Outbox>,
    /// Where answers to questions come in.
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Request {
    deposit: Option<Reply>,
    /// The client does not want the answer any more.
    cancelled: bool,
    /// The handler has returned; what is left is the response's way out.
    handled: bool,
}

/// What becomes of a response that rmcp sends.
pub(in crate::mcp) enum Settled {
    /// Write this in its place.
    Deposit(Reply),
    /// Write it as it is.
    AsItIs,
    /// Its request is not known, or was cancelled: nothing may be sent.
    Unwanted,
}

/// A handler's hold on its request; travels in the request's extensions.
#[derive(Clone)]
pub(in crate::mcp) struct Ticket(Arc<Hold>);

struct Hold {
    id: RequestId,
    table: Arc<InFlight>,
}

impl InFlight {
    pub(in crate::mcp) fn new(outbox: Arc<Outbox>, desk: Arc<Desk>) -> Arc<Self> {
        Self::until(Arc::default(), outbox, desk)
    }

    /// Of an input that has ended when `input_ended` is cancelled.
    pub(in crate::mcp) fn until(
        input_ended: Arc<CancellationToken>,
        outbox: Arc<Outbox>,
        desk: Arc<Desk>,
    ) -> Arc<Self> {
        Arc::new(Self { requests: Mutex::default(), emptied: Notify::new(), input_ended, outbox, desk })
    }

    /// Takes a request in. `None` if its id is in use.
    pub(in crate::mcp) fn admit(self: &Arc<Self>, id: &RequestId) -> Option<Ticket> {
        match self.lock().entry(id.clone()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => {
                place.insert(Request::default());
                Some(Ticket(Arc::new(Hold { id: id.clone(), table: Arc::clone(self) })))
            }
        }
    }

    /// The client has cancelled a request. Its id stays taken until its handler has returned.
    pub(in crate::mcp) fn cancel(&self, id: &RequestId) {
        self.change(id, |request| {
            request.cancelled = true;
            request.deposit = None;
            request.handled
        });
    }

    /// A response is on its way out.
    pub(in crate::mcp) fn settle(&self, id: &RequestId) -> Settled {
        let mut requests = self.lock();
        let settled = match requests.remove(id) {
            None => Settled::Unwanted,
            Some(Request { cancelled: true, handled, .. }) => {
                if !handled {
                    requests.insert(id.clone(), Request { cancelled: true, ..Request::default() });
                }
                Settled::Unwanted
            }
            Some(Request { deposit: Some(reply), .. }) => Settled::Deposit(reply),
            Some(_) => Settled::AsItIs,
        };
        self.announce(requests);
        settled
    }

    pub(in crate::mcp) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Resolves when the last request is gone, if that happens after this was called.
    pub(in crate::mcp) fn emptied(&self) -> impl Future<Output = ()> + '_ {
        self.emptied.notified()
    }

    /// Nothing more will be asked: what only ends when the client says so ends now. For who has an input of
    /// their own: what a server shares among requests ends for all of them.
    pub(in crate::mcp) fn end_of_input(&self) {
        self.input_ended.cancel();
    }

    /// A handler has come to grief; without this its client would wait for ever.
    fn lost(&self, id: &RequestId) {
        if !matches!(self.settle(id), Settled::Unwanted) {
            self.outbox.put(|out| out.append(&mut Refusal::lost(id).into_json()));
            // Where one request is all that there is.
            self.outbox.close();
        }
    }

    /// Changes a request; it is removed if `change` says that it is over.
    fn change(&self, id: &RequestId, change: impl FnOnce(&mut Request) -> bool) {
        let mut requests = self.lock();
        if let Some(request) = requests.get_mut(id)
            && change(request)
        {
            requests.remove(id);
        }
        self.announce(requests);
    }

    fn announce(&self, requests: MutexGuard<'_, HashMap<RequestId, Request>>) {
        let empty = requests.is_empty();
        drop(requests);
        if empty {
            self.emptied.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Leaves the result for the transport.
    pub(in crate::mcp) fn deposit(&self, reply: Reply) {
        let Hold { id, table } = &*self.0;
        table.change(id, |request| {
            if !request.cancelled {
                request.deposit = Some(reply);
            }
            false
        });
    }

    /// Puts a question to the client, beside what else belongs to this request. `None` if too many are
    /// open already.
    pub(in crate::mcp) fn ask(&self, method: &str, params: &Value) -> Option<Question> {
        let question = self.0.table.desk.open()?;
        let message = json!({ "jsonrpc": "2.0", "id": question.id(), "method": method, "params": params });
        self.put(&message);
        Some(question)
    }

    /// Tells the client that nobody waits for an answer any more.
    pub(in crate::mcp) fn give_up(&self, question: &Question, why: &str) {
        let params = json!({ "requestId": question.id(), "reason": why });
        self.put(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }));
    }

    /// After the answer of the request there is nobody who could be told.
    fn put(&self, message: &Value) {
        if !self.0.table.outbox.is_closed() {
            // A `Value` has string keys only, and a buffer takes everything.
            self.0.table.outbox.put(|out| drop(serde_json::to_writer(out, message)));
        }
    }

    /// Resolves when the client has closed our input, so that nothing can be cancelled any more.
    pub(in crate::mcp) async fn input_ended(&self) {
        self.0.table.input_ended.cancelled().await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.table.lost(&self.id);
        }
        self.table.change(&self.id, |request| {
            request.handled = true;
            request.cancelled
        });
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn id(text: &str) -> RequestId {
        RequestId::String(text.into())
    }

    fn reply() -> Reply {
        Reply::json(Bytes::from_static(b"{}"))
    }

    #[test]
    fn a_deposit_is_written_in_place_of_its_response() {
        let table = InFlight::new(Outbox::new(), Arc::default());
        let ticket = table.admit(&id("a")).unwrap();
        assert!(table.admit(&id("a")).is_none(), "the id is in use");
        ticket.deposit(reply());
        drop(ticket);
        assert!(matches!(table.settle(&id("a")), Settled::Deposit(_)));
        assert!(matches!(table.settle(&id("a")), Settled::Unwanted));
        assert!(table.is_empty());
    }

    #[test]
    fn a_cancelled_request_leaves_nothing_and_frees_its_id_when_its_handler_returns() {
        let table = InFlight::new(Outbox::new(), Arc::default());
        let ticket = table.admit(&id("a")).unwrap();
        table.cancel(&id("a"));
        assert!(table.admit(&id("a")).is_none(), "it is still being stopped");
        ticket.deposit(reply());
        assert!(matches!(table.settle(&id("a")), Settled::Unwanted));
        drop(ticket);
        assert!(table.is_empty());
    }

    #[test]
    fn a_cancellation_after_the_handler_has_returned_drops_the_deposit() {
        let table = InFlight::new(Outbox::new(), Arc::default());
        let ticket = table.admit(&id("a")).unwrap();
        ticket.deposit(reply());
        drop(ticket);
        table.cancel(&id("a"));
        assert!(table.is_empty());
        assert!(matches!(table.settle(&id("a")), Settled::Unwanted));
    }
}
