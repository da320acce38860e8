//! One HTTP call that has been started: its answer as chunks, and how it ended.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::events::Events;
use super::exchange::Exchange;
use super::failure::{Failure, root};
use super::retry_after::retry_after;
use super::way::host_of;
use crate::model::{ByteSize, HttpStream, SecretText, StatusCodes};
use crate::plan::HttpStep;
use crate::runner::{BoxFuture, End, OutputEvent, Running, Stream};

pub struct HttpRunning {
    state: State,
    /// What has to be told before anything is shown.
    hidden: Vec<SecretText>,
    cancel: CancellationToken,
    timeout: Duration,
    deadline: Instant,
    success: StatusCodes,
    stream: HttpStream,
    silence: Option<Duration>,
    limit: ByteSize,
}

enum State {
    Sending(Box<Exchange>),
    Reading(Box<Reading>),
    /// The answer is longer than what is read of it.
    CutOff(End),
    /// What is left to tell.
    Ending(End),
    Over,
}

struct Reading {
    response: Response,
    events: Option<Events>,
    read: u64,
}

impl HttpRunning {
    pub fn new(call: &HttpStep, exchange: Exchange, cancel: CancellationToken) -> Self {
        Self {
            state: State::Sending(Box::new(exchange)),
            hidden: Vec::new(),
            cancel,
            timeout: call.limit(),
            deadline: Instant::now() + call.limit(),
            success: call.success.clone(),
            stream: call.stream.clone(),
            silence: call.times.silence,
            limit: call.output,
        }
    }

    async fn advance(&mut self) -> OutputEvent {
        loop {
            if let Some(hidden) = self.hidden.pop() {
                return OutputEvent::Hide(hidden);
            }
            // What is read stays in its place: whoever stops waiting has lost nothing.
            match &mut self.state {
                State::Sending(exchange) => {
                    let answer = exchange.answer().await;
                    self.hidden = std::mem::take(&mut exchange.hidden);
                    self.state = match answer {
                        Ok(response) => State::Reading(Box::new(self.reading(response))),
                        Err(failure) => State::Ending(end_of(&failure)),
                    };
                }
                State::Reading(reading) => {
                    let chunk = reading.next(self.silence).await;
                    let end = |reading: &Reading| answered(&reading.response, &self.success);
                    let bytes = match chunk {
                        Ok(Some(bytes)) => {
                            if reading.is_over() {
                                self.state = State::Ending(end(reading));
                            } else if reading.read > self.limit.0 {
                                // Whatever else comes would only be thrown away.
                                self.state = State::CutOff(end(reading));
                            }
                            bytes
                        }
                        Ok(None) => {
                            let rest = reading.rest();
                            self.state = State::Ending(end(reading));
                            rest
                        }
                        Err(failure) => {
                            let rest = reading.rest();
                            self.state = State::Ending(end_of(&failure));
                            rest
                        }
                    };
                    if !bytes.is_empty() {
                        return OutputEvent::Chunk { stream: Stream::Stdout, bytes };
                    }
                }
                State::CutOff(end) => {
                    self.state = State::Ending(end.clone());
                    let said = format!(
                        "\n[the answer goes on; no more than {} of it are read (limits.output)]\n",
                        self.limit
                    );
                    return OutputEvent::Chunk { stream: Stream::Stderr, bytes: said.into() };
                }
                State::Ending(end) => {
                    let end = end.clone();
                    self.state = State::Over;
                    return OutputEvent::Ended(end);
                }
                State::Over => return OutputEvent::Ended(End::Lost),
            }
        }
    }

    fn reading(&self, response: Response) -> Reading {
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let events = Events::of(&self.stream, content_type);
        Reading { response, events, read: 0 }
    }

    /// Hangs up: the connection goes with what is dropped here. What came is told first.
    fn give_up(&mut self, end: End) -> OutputEvent {
        let rest = match &mut self.state {
            State::Reading(reading) => reading.rest(),
            _ => Bytes::new(),
        };
        if rest.is_empty() {
            self.state = State::Over;
            return OutputEvent::Ended(end);
        }
        self.state = State::Ending(end);
        OutputEvent::Chunk { stream: Stream::Stdout, bytes: rest }
    }
}

impl Reading {
    /// What came next, `None` at the end. It may be nothing that is shown.
    async fn next(&mut self, silence: Option<Duration>) -> Result<Option<Bytes>, Failure> {
        let chunk = match silence {
            None => self.response.chunk().await,
            Some(after) => match tokio::time::timeout(after, self.response.chunk()).await {
                Ok(chunk) => chunk,
                Err(_) => return Err(Failure::Silent { host: host_of(self.response.url()), after }),
            },
        };
        let broken = |error| {
            let host = host_of(self.response.url());
            Failure::Broken { host, problem: root(&error) }
        };
        let Some(bytes) = chunk.map_err(broken)? else { return Ok(None) };
        self.read += bytes.len() as u64;
        Ok(Some(match &mut self.events {
            Some(events) => events.push(&bytes),
            None => bytes,
        }))
    }

    fn is_over(&self) -> bool {
        self.events.as_ref().is_some_and(|events| events.is_over)
    }

    fn rest(&mut self) -> Bytes {
        self.events.as_mut().map(Events::rest).unwrap_or_default()
    }
}

fn answered(response: &Response, success: &StatusCodes) -> End {
    let status = response.status();
    End::Answered {
        status: status.as_u16(),
        phrase: status.canonical_reason().unwrap_or_default(),
        is_success: success.contains(status.as_u16()),
        retry_after: retry_after(response.headers(), SystemTime::now()),
    }
}

fn end_of(failure: &Failure) -> End {
    End::Unanswered { problem: failure.to_string(), is_unsent: failure.is_unsent() }
}

impl Running for HttpRunning {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(async move {
            if let State::Ending(_) | State::Over = self.state {
                return self.advance().await;
            }
            let (cancel, deadline, after) = (self.cancel.clone(), self.deadline, self.timeout);
            let end = tokio::select! {
                biased;
                () = cancel.cancelled() => End::Cancelled,
                () = sleep_until(deadline) => End::TimedOut { after },
                event = self.advance() => return event,
            };
            self.give_up(end)
        })
    }
}
