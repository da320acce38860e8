//! The floor over HTTP: the server of [`crate::floor`] behind axum, by rmcp's service for each request, as
//! rmcp itself serves clients without sessions.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::serve_directly;
use rmcp::transport::Transport;
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::floor::Floor;

use super::listen;

pub const WORD: &str = "__web_floor";

pub fn serve(table: Option<&String>) -> Result<(), Failure> {
    let table = table.ok_or_else(|| Failure::Usage(WORD.to_owned()))?;
    let floor = Arc::new(Floor::read(&std::fs::read_to_string(table)?)?);
    listen(Router::new().route("/mcp", post(answer)).with_state(floor))
}

async fn answer(State(floor): State<Arc<Floor>>, body: Bytes) -> Response {
    let Ok(message) = serde_json::from_slice(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let (answer, answered) = oneshot::channel();
    let service = serve_directly(floor, Once { message: Some(message), answer: Some(answer) }, None);
    let answered = answered.await;
    drop(service);
    match answered {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A connection on which one message comes in, and one answer goes out.
struct Once {
    message: Option<ClientJsonRpcMessage>,
    answer: Option<oneshot::Sender<Vec<u8>>>,
}

impl Transport<RoleServer> for Once {
    type Error = serde_json::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let is_answer = matches!(message, JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_));
        let answer = self.answer.take_if(|_| is_answer);
        let text = serde_json::to_vec(&message);
        std::future::ready(text.map(|text| {
            // Who has gone does not want to know.
            answer.map(|answer| answer.send(text));
        }))
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        match self.message.take() {
            Some(message) => Some(message),
            None => std::future::pending().await,
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
