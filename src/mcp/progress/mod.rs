//! Progress notifications: what a running command writes, told to its client at a bearable rate.
//!
//! The [`Tap`] stands where output is read and never waits. The [`Publisher`] tells the latest news
//! when it is time: the start at once and the first lines as they come, then at most every 250 ms,
//! later every second, and a sign of life after ten silent seconds. One notification is in flight at
//! a time; a client that takes none is not told any more. What it sees is redacted already.

mod headline;
mod marks;
mod meter;
mod tap;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{ProgressNotification, ProgressNotificationParam, ProgressToken, ServerNotification};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::context::Voice;
use super::wire::Gone;

use headline::headline;
use meter::{Meter, SILENCE, burst, interval};
use tap::{Board, News};

pub(super) use tap::Tap;

/// How long a client may take to accept one notification.
const PATIENCE: Duration = Duration::from_secs(5);

/// After this many notifications in a row that were not accepted in time, no more are sent.
const FAILURES: u32 = 2;

type Sending = Pin<Box<dyn Future<Output = Result<(), Gone>> + Send>>;

/// The two ends of a call's progress.
pub(super) fn channel(token: ProgressToken, voice: Voice) -> (Tap, Publisher) {
    let send = move |params| -> Sending {
        let voice = voice.clone();
        let news = ServerNotification::ProgressNotification(ProgressNotification::new(params));
        Box::pin(async move { voice.tell(news).await })
    };
    let board = Board::new();
    (Tap::new(Arc::clone(&board)), Publisher::new(token, board, Box::new(send)))
}

pub(super) struct Publisher {
    token: ProgressToken,
    send: Box<dyn Fn(ProgressNotificationParam) -> Sending + Send + Sync>,
    in_flight: Option<(Sending, Instant)>,
    meter: Meter,
    pace: Pace,
    failures: u32,
}

/// What has been told, and when the next may be.
struct Pace {
    board: Arc<Board>,
    began: Instant,
    /// The edition of the news that was told last, and when.
    told: Option<(u64, Instant)>,
    /// Until when the notifications so far would take at one for each interval.
    spent: Instant,
    sent: u32,
}

impl Publisher {
    fn new(
        token: ProgressToken,
        board: Arc<Board>,
        send: Box<dyn Fn(ProgressNotificationParam) -> Sending + Send + Sync>,
    ) -> Self {
        let began = Instant::now();
        let pace = Pace { board, began, told: None, spent: began, sent: 0 };
        Self { token, send, in_flight: None, meter: Meter::default(), pace, failures: 0 }
    }

    /// Publishes until it is dropped.
    pub(super) async fn run(&mut self) -> Infallible {
        loop {
            self.settle().await;
            if self.failures >= FAILURES {
                return std::future::pending().await;
            }
            let message = self.pace.next_message().await;
            self.publish(message);
        }
    }

    /// Waits for what is in flight, so that it is not written after the call's answer.
    pub(super) async fn finish(mut self, cancelled: &CancellationToken) {
        tokio::select! {
            () = self.settle() => {}
            () = cancelled.cancelled() => {}
        }
    }

    /// Waits until the notification in flight is accepted or given up.
    async fn settle(&mut self) {
        let Some((sending, deadline)) = &mut self.in_flight else { return };
        let accepted = timeout_at(*deadline, sending).await;
        self.in_flight = None;
        self.failures = if matches!(accepted, Ok(Ok(()))) { 0 } else { self.failures + 1 };
    }

    fn publish(&mut self, message: String) {
        let News { mark, edition, .. } = self.pace.board.read();
        let (progress, total) = self.meter.next(self.pace.began.elapsed(), mark);
        let mut params = ProgressNotificationParam::new(self.token.clone(), progress).with_message(message);
        params.total = total;
        let now = Instant::now();
        self.in_flight = Some(((self.send)(params), now + PATIENCE));
        self.pace.told(edition, now);
    }
}

impl Pace {
    fn told(&mut self, edition: u64, now: Instant) {
        self.spent = self.spent.max(now) + interval(self.began.elapsed(), self.sent);
        self.told = Some((edition, now));
        self.sent = self.sent.saturating_add(1);
    }

    /// When the next may be sent.
    fn next(&self) -> Instant {
        let ahead = burst(interval(self.began.elapsed(), self.sent));
        self.spent.checked_sub(ahead).unwrap_or(self.began)
    }

    /// Waits until there is something to tell, and until it is time.
    async fn next_message(&self) -> String {
        let Some((edition, at)) = self.told else { return headline(&self.board.read()) };
        loop {
            let changed = self.board.changed.notified();
            if self.board.edition() != edition {
                sleep_until(self.next()).await;
                return headline(&self.board.read());
            }
            let quiet_until = self.board.heard().max(at) + SILENCE;
            tokio::select! {
                () = changed => {}
                () = sleep_until(quiet_until) => {
                    if self.board.heard().max(at) + SILENCE <= quiet_until {
                        return self.sign_of_life();
                    }
                }
            }
        }
    }

    fn sign_of_life(&self) -> String {
        let silent = self.board.heard().elapsed().as_secs();
        format!("running {} s, no output for {silent} s", self.began.elapsed().as_secs())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rmcp::model::NumberOrString;

    use super::*;
    use crate::engine::{Stream, Watcher};

    type Sent = Arc<Mutex<Vec<(u64, f64, Option<f64>, String)>>>;

    /// A tap and what its publisher sends, with the millisecond of each.
    fn publishing(accepts: bool) -> (Tap, Publisher, Sent) {
        let sent = Sent::default();
        let (kept, began) = (Arc::clone(&sent), Instant::now());
        let send = move |params: ProgressNotificationParam| -> Sending {
            let at = began.elapsed().as_millis() as u64;
            kept.lock().unwrap().push((at, params.progress, params.total, params.message.unwrap()));
            if accepts { Box::pin(async { Ok(()) }) } else { Box::pin(std::future::pending()) }
        };
        let board = Board::new();
        let token = ProgressToken(NumberOrString::Number(1));
        (Tap::new(Arc::clone(&board)), Publisher::new(token, board, Box::new(send)), sent)
    }

    async fn run(publisher: &mut Publisher, call: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            () = call => {}
            never = publisher.run() => match never {},
        }
    }

    async fn millis(count: u64) {
        tokio::time::sleep(Duration::from_millis(count)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_lines_are_told_as_they_come_and_then_only_the_latest() {
        let (mut tap, mut publisher, sent) = publishing(true);
        run(&mut publisher, async {
            millis(5).await;
            for number in 1..=100 {
                tap.output(Stream::Stdout, &format!("line {number}\n").into());
                millis(10).await;
            }
            millis(1000).await;
        })
        .await;
        let sent = sent.lock().unwrap();
        let told: Vec<(u64, &str)> = sent.iter().map(|(at, .., message)| (*at, message.as_str())).collect();
        assert_eq!(told[..3], [(0, "waiting to start"), (5, "line 1"), (15, "line 2")]);
        assert_eq!(
            told[24..],
            [(235, "line 24"), (250, "line 25"), (500, "line 50"), (750, "line 75"), (1000, "line 100")]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_by_a_sign_of_life() {
        let (mut tap, mut publisher, sent) = publishing(true);
        run(&mut publisher, async {
            tap.output(Stream::Stderr, &"warming up\n".into());
            millis(23_000).await;
        })
        .await;
        let sent = sent.lock().unwrap();
        let messages: Vec<&str> = sent.iter().map(|(.., message)| message.as_str()).collect();
        assert_eq!(
            messages,
            ["stderr: warming up", "running 10 s, no output for 10 s", "running 20 s, no output for 20 s"]
        );
        assert!(sent.iter().zip(sent.iter().skip(1)).all(|(a, b)| a.1 < b.1), "{sent:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_accepts_nothing_is_left_alone() {
        let (mut tap, mut publisher, sent) = publishing(false);
        run(&mut publisher, async {
            for _ in 0..600 {
                tap.output(Stream::Stdout, &"more\n".into());
                millis(100).await;
            }
        })
        .await;
        assert_eq!(sent.lock().unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn marks_of_the_command_become_numbers() {
        let (mut tap, mut publisher, sent) = publishing(true);
        run(&mut publisher, async {
            millis(1).await;
            tap.output(Stream::Stdout, &"::progress 3/7 linking::\n".into());
            millis(300).await;
        })
        .await;
        assert_eq!(sent.lock().unwrap().last().unwrap(), &(1, 3.0, Some(7.0), "linking".to_owned()));
    }
}
