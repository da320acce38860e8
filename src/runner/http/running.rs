//! One HTTP call that has been started: its answer as chunks, and how it ended.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Response;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::client::Clients;
use super::exchange::{Exchange, host_of};
use super::failure::{Failure, root};
use super::request::Request;
use super::retry_after::retry_after;
use crate::model::{ByteSize, StatusCodes};
use crate::plan::HttpStep;
use crate::runner::{BoxFuture, End, OutputEvent, Running, Stream};

pub struct HttpRunning {
    state: State,
    cancel: CancellationToken,
    timeout: Duration,
    deadline: Instant,
    success: StatusCodes,
    limit: ByteSize,
}

enum State {
    Sending(Box<Exchange>),
    Reading {
        response: Response,
        read: u64,
    },
    /// The answer is longer than what is read of it.
    CutOff(End),
    /// What is left to tell.
    Ending(End),
    Over,
}

impl HttpRunning {
    pub fn new(call: &HttpStep, request: Request, clients: Arc<Clients>, cancel: CancellationToken) -> Self {
        let exchange =
            Exchange { clients, request, allow_private: call.allow_private, redirects: call.redirects };
        Self {
            state: State::Sending(Box::new(exchange)),
            cancel,
            timeout: call.timeout,
            deadline: Instant::now() + call.timeout,
            success: call.success.clone(),
            limit: call.output,
        }
    }

    async fn advance(&mut self) -> OutputEvent {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Sending(exchange) => match exchange.answer().await {
                    Ok(response) => self.state = State::Reading { response, read: 0 },
                    Err(failure) => return OutputEvent::Ended(end_of(&failure)),
                },
                State::Reading { response, read } => match self.read(response, read).await {
                    Some(event) => return event,
                    None => continue,
                },
                State::CutOff(end) => {
                    self.state = State::Ending(end);
                    let said = format!(
                        "\n[the answer goes on; no more than {} of it are read (limits.output)]\n",
                        self.limit
                    );
                    return OutputEvent::Chunk { stream: Stream::Stderr, bytes: said.into() };
                }
                State::Ending(end) => return OutputEvent::Ended(end),
                State::Over => return OutputEvent::Ended(End::Lost),
            }
        }
    }

    /// The next chunk, or `None` when only the end is left.
    async fn read(&mut self, mut response: Response, read: u64) -> Option<OutputEvent> {
        match response.chunk().await {
            Ok(Some(bytes)) => {
                let read = read + bytes.len() as u64;
                self.state = match read > self.limit.0 {
                    // Whatever else comes would only be thrown away.
                    true => State::CutOff(self.answered(&response)),
                    false => State::Reading { response, read },
                };
                Some(OutputEvent::Chunk { stream: Stream::Stdout, bytes })
            }
            Ok(None) => {
                self.state = State::Ending(self.answered(&response));
                None
            }
            Err(error) => {
                let host = host_of(response.url());
                let problem = root(&error);
                self.state = State::Ending(end_of(&Failure::Broken { host, problem }));
                None
            }
        }
    }

    fn answered(&self, response: &Response) -> End {
        let status = response.status();
        End::Answered {
            status: status.as_u16(),
            phrase: status.canonical_reason().unwrap_or_default(),
            is_success: self.success.contains(status.as_u16()),
            retry_after: retry_after(response.headers(), SystemTime::now()),
        }
    }
}

fn end_of(failure: &Failure) -> End {
    End::Unanswered { problem: failure.to_string(), is_unsent: failure.is_unsent() }
}

impl Running for HttpRunning {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(async move {
            let (cancel, deadline, after) = (self.cancel.clone(), self.deadline, self.timeout);
            let event = tokio::select! {
                biased;
                () = cancel.cancelled() => OutputEvent::Ended(End::Cancelled),
                () = sleep_until(deadline) => OutputEvent::Ended(End::TimedOut { after }),
                event = self.advance() => return event,
            };
            // The connection goes with what is dropped here.
            self.state = State::Over;
            event
        })
    }
}
