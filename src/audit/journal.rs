//! Takes events from everywhere and has one thread write them: those that come together are written
//! together, and nobody who serves clients waits for a disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, oneshot};

use crate::model::{AuditKind, AuditRules, OnUnrecorded, counted};

use super::event::{Event, TurnedAway};
use super::ledger::Pending;
use super::line;
use super::outlet::{Outlet, Stdout};
use super::storm::Storm;

/// Events on their way to the thread.
const WAITING: usize = 4096;
/// Written in one piece.
const BATCH: usize = 512;
/// How long something waits for more, to be written with it, while nobody waits for that.
const GATHER: Duration = Duration::from_millis(5);
/// How often the log says that there are no records.
const COMPLAINT: Duration = Duration::from_secs(10);

/// Why there is no record of something.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Unrecorded(Arc<str>);

enum Order {
    Write(Pending, Option<Answer>),
    Flush(oneshot::Sender<()>),
    Probe(Answer),
}

type Answer = oneshot::Sender<Result<(), Unrecorded>>;

impl Order {
    /// Whether somebody waits for it.
    fn is_urgent(&self) -> bool {
        !matches!(self, Self::Write(_, None))
    }
}

/// One log that is being written.
pub struct Journal {
    rules: AuditRules,
    orders: Option<mpsc::Sender<Order>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    storm: Mutex<Storm>,
    /// Records that came too fast for the thread.
    lost: Arc<AtomicU64>,
}

impl Journal {
    /// Opens nothing yet: the first record does, and says what is wrong.
    pub fn begin(rules: AuditRules, stdout: Stdout) -> Self {
        let (orders, inbox) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let outlet = Outlet::new(rules.clone(), stdout, process().to_owned());
        let scribe = Scribe { outlet, lost: Arc::clone(&lost), complained: None };
        let started = std::thread::Builder::new()
            .name("audit".to_owned())
            .stack_size(256 << 10)
            .spawn(move || scribe.write_all(inbox));
        if let Err(error) = &started {
            tracing::error!("no thread for records of calls: {error}");
        }
        let storm = Mutex::new(Storm::new(Instant::now()));
        Self { rules, orders: Some(orders), writer: Mutex::new(started.ok()), storm, lost }
    }

    pub fn rules(&self) -> &AuditRules {
        &self.rules
    }

    /// Whether what cannot be recorded may not happen.
    pub fn refuses(&self) -> bool {
        self.rules.on_failure == OnUnrecorded::Refuse
    }

    /// Returns when there is a record, or says why there is none.
    pub async fn record(&self, event: Event) -> Result<(), Unrecorded> {
        if !self.wants(&event) {
            return Ok(());
        }
        self.record_surely(event).await
    }

    /// The same for what is recorded whatever the file includes.
    pub async fn record_surely(&self, event: Event) -> Result<(), Unrecorded> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Order::Write(pending(&event), Some(answer))).await?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Says what would be wrong with a record.
    pub async fn probe(&self) -> Result<(), Unrecorded> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Order::Probe(answer)).await?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Hands an event over, whenever it will be written; the thread says if it cannot be.
    pub async fn tell(&self, event: Event) {
        if self.wants(&event) {
            self.tell_surely(event).await;
        }
    }

    /// The same for what is recorded whatever the file includes.
    pub async fn tell_surely(&self, event: Event) {
        let _ = self.hand_over(Order::Write(pending(&event), None)).await;
    }

    /// The same from where nothing can wait.
    pub fn note(&self, event: Event) {
        let Some(orders) = self.orders.as_ref().filter(|_| self.wants(&event)) else { return };
        if orders.try_send(Order::Write(pending(&event), None)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Records that somebody was turned away, unless many are.
    pub fn turned_away(&self, event: TurnedAway) {
        if !self.rules.includes(AuditKind::Requests) {
            return;
        }
        let admitted = self.storm.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        if let Some(unrecorded) = admitted {
            self.note(Event::TurnedAway(Box::new(TurnedAway { unrecorded, ..event })));
        }
    }

    /// Returns when all is written that was handed over before.
    pub async fn flush(&self) {
        let (answer, answered) = oneshot::channel();
        if self.hand_over(Order::Flush(answer)).await.is_ok() {
            let _ = answered.await;
        }
    }

    fn wants(&self, event: &Event) -> bool {
        event.kind().is_none_or(|kind| self.rules.includes(kind))
    }

    async fn hand_over(&self, order: Order) -> Result<(), Unrecorded> {
        let Some(orders) = &self.orders else { return Err(gone()) };
        let is_urgent = order.is_urgent();
        orders.send(order).await.map_err(|_| gone())?;
        if is_urgent {
            self.hurry();
        }
        Ok(())
    }

    /// Has the thread wait for nothing more.
    fn hurry(&self) {
        if let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            writer.thread().unpark();
        }
    }
}

/// Waits for the thread, so that what was handed over is written before the program ends.
impl Drop for Journal {
    fn drop(&mut self) {
        self.orders = None;
        self.hurry();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

fn pending(event: &Event) -> Pending {
    Pending { at: SystemTime::now(), body: line::body(event) }
}

fn gone() -> Unrecorded {
    Unrecorded("nothing writes records any more".into())
}

/// Tells the servers apart that write one log.
pub fn process() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let mixed = u64::try_from(now.as_micros()).unwrap_or_default() << 8 ^ u64::from(std::process::id());
        format!("{mixed:x}")
    })
}

/// A name for a call that nothing else has on this host.
pub fn next_call() -> Arc<str> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{}-{}", process(), COUNT.fetch_add(1, Ordering::Relaxed)).into()
}

/// Takes what is there.
fn gather(inbox: &mut mpsc::Receiver<Order>, batch: &mut Vec<Order>) {
    while batch.len() < BATCH
        && let Ok(order) = inbox.try_recv()
    {
        batch.push(order);
    }
}

/// The thread that writes.
struct Scribe {
    outlet: Outlet,
    lost: Arc<AtomicU64>,
    /// When it was last said that nothing can be written.
    complained: Option<Instant>,
}

impl Scribe {
    fn write_all(mut self, mut inbox: mpsc::Receiver<Order>) {
        while let Some(first) = inbox.blocking_recv() {
            let mut batch = vec![first];
            gather(&mut inbox, &mut batch);
            while !batch.is_empty() {
                if !batch.iter().any(Order::is_urgent) {
                    // Whoever is in a hurry ends this.
                    std::thread::park_timeout(GATHER);
                    gather(&mut inbox, &mut batch);
                }
                self.write(std::mem::take(&mut batch));
                // The end of a call is often followed by the beginning of another one.
                std::thread::park_timeout(GATHER);
                gather(&mut inbox, &mut batch);
            }
        }
        if let Err(problem) = self.outlet.conclude() {
            self.complain(&problem.to_string());
        }
    }

    fn write(&mut self, batch: Vec<Order>) {
        let (mut pending, mut answers, mut flushes) = (Vec::new(), Vec::new(), Vec::new());
        for order in batch {
            match order {
                Order::Write(record, answer) => {
                    pending.push(record);
                    answers.extend(answer);
                }
                Order::Flush(answer) => flushes.push(answer),
                Order::Probe(answer) => {
                    let opened = self.outlet.write(&[]);
                    let _ = answer.send(opened.map_err(|problem| Unrecorded(problem.to_string().into())));
                }
            }
        }
        if !pending.is_empty() {
            let result = self.put(pending);
            for answer in answers {
                // Who has gone does not want to know.
                let _ = answer.send(result.clone());
            }
        }
        for flushed in flushes {
            let _ = flushed.send(());
        }
    }

    fn put(&mut self, mut pending: Vec<Pending>) -> Result<(), Unrecorded> {
        let (count, lost) = (pending.len() as u64, self.lost.swap(0, Ordering::Relaxed));
        if lost > 0 {
            let gap = Pending { at: SystemTime::now(), body: line::body(&Event::Gap { lost }) };
            pending.insert(0, gap);
        }
        match self.outlet.write(&pending) {
            Ok(()) => {
                if self.complained.take().is_some() {
                    tracing::warn!("calls are recorded again; {} got lost", counted(lost, "record"));
                }
                Ok(())
            }
            Err(problem) => {
                self.lost.fetch_add(lost + count, Ordering::Relaxed);
                let problem = problem.to_string();
                self.complain(&problem);
                Err(Unrecorded(problem.into()))
            }
        }
    }

    fn complain(&mut self, problem: &str) {
        if self.complained.is_none_or(|at| at.elapsed() >= COMPLAINT) {
            tracing::error!("calls cannot be recorded: {problem}");
            self.complained = Some(Instant::now());
        }
    }
}
