//! An engine whose runs end as a test says, one after the other, and a clock that a test sets.

use std::collections::VecDeque;
use std::num::NonZeroI32;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use mcpfier::call::Call;
use mcpfier::engine::{Cache, CacheUse, Engine, News, Outcome, Rejection, Sanitizer, State, Watcher};
use mcpfier::model::{Catalog, Principal};
use mcpfier::plan::{Facts, Step};
use mcpfier::runner::{
    BoxFuture, End, OutputEvent, Runner, Running, SecretValues, StartError, Stream, Vault,
};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::load::{load, path};

/// What one run comes to.
pub enum Act {
    End(End),
    NotStarted(StartError),
}

#[derive(Default)]
pub struct Script {
    /// How runs end; when there are no more all succeed.
    acts: Mutex<VecDeque<Act>>,
    /// The steps that were started.
    pub started: Mutex<Vec<Step>>,
    pub count: AtomicUsize,
    /// Runs last until this is opened, if `waits`.
    waits: std::sync::atomic::AtomicBool,
    gate: Notify,
    /// How many have come to it.
    pub held: AtomicUsize,
    pub begun: Notify,
    pub cancelled: AtomicUsize,
}

struct Player {
    script: Arc<Script>,
    number: usize,
    has_spoken: bool,
    end: End,
    cancel: CancellationToken,
}

struct Theatre(Arc<Script>);

impl Runner for Theatre {
    fn start<'a>(
        &'a self,
        step: &'a Step,
        _: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        self.0.started.lock().unwrap().push(step.clone());
        let number = self.0.count.fetch_add(1, Ordering::SeqCst) + 1;
        let act = self.0.acts.lock().unwrap().pop_front();
        self.0.begun.notify_waiters();
        Box::pin(async move {
            let end = match act {
                Some(Act::NotStarted(error)) => return Err(error),
                Some(Act::End(end)) => end,
                None => End::Success,
            };
            let script = Arc::clone(&self.0);
            Ok(Box::new(Player { script, number, has_spoken: false, end, cancel }) as Box<dyn Running>)
        })
    }
}

impl Running for Player {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(async move {
            if !std::mem::replace(&mut self.has_spoken, true) {
                let bytes = Bytes::from(format!("run {}\n", self.number));
                return OutputEvent::Chunk { stream: Stream::Stdout, bytes };
            }
            if self.script.waits.load(Ordering::SeqCst) {
                self.script.held.fetch_add(1, Ordering::SeqCst);
                tokio::select! {
                    () = self.script.gate.notified() => {}
                    () = self.cancel.cancelled() => {
                        self.script.cancelled.fetch_add(1, Ordering::SeqCst);
                        return OutputEvent::Ended(End::Cancelled);
                    }
                }
            }
            OutputEvent::Ended(self.end.clone())
        })
    }
}

/// What goes on, as a client that asked for progress hears it.
#[derive(Default)]
pub struct Heard(pub Vec<String>);

impl Watcher for Heard {
    fn preparing(&mut self, news: &News) {
        let (News::State(text) | News::Line(text)) = news;
        self.0.push(text.clone());
    }

    fn output(&mut self, _stream: Stream, _bytes: &Bytes) {}
}

pub struct House {
    pub engine: Arc<Engine>,
    pub script: Arc<Script>,
    millis: Arc<AtomicU64>,
    pub folder: tempfile::TempDir,
}

pub struct Said {
    pub text: String,
    pub is_error: bool,
    pub note: Option<String>,
    pub run: Value,
}

impl House {
    pub fn of(config: &str, acts: Vec<Act>) -> Self {
        Self::used(config, acts, CacheUse::Usual)
    }

    pub fn used(config: &str, acts: Vec<Act>, usage: CacheUse) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = Arc::new(Script { acts: Mutex::new(acts.into()), ..Script::default() });
        let millis = Arc::new(AtomicU64::new(1_000_000));
        let (catalog, facts, vault) = loaded(folder.path(), config);
        let clock = Arc::clone(&millis);
        let now = move || SystemTime::UNIX_EPOCH + Duration::from_millis(clock.load(Ordering::SeqCst));
        let cache =
            Cache::new().used(usage).in_folder(Some(folder.path().join("cache"))).with_clock(Arc::new(now));
        let engine =
            Engine::new(catalog, facts, vault, Arc::new(Theatre(Arc::clone(&script)))).remembering(cache);
        Self { engine: Arc::new(engine), script, millis, folder }
    }

    pub fn reload(&self, config: &str) {
        let (catalog, facts, vault) = loaded(self.folder.path(), config);
        self.engine.reload(State::new(catalog, facts, vault));
    }

    /// Lets time pass for the cache.
    pub fn pass(&self, time: Duration) {
        self.millis.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
    }

    /// From now on runs last until they are let go.
    pub fn hold(&self) {
        self.script.waits.store(true, Ordering::SeqCst);
    }

    /// Those that are held stay so; what begins from now on ends.
    pub fn hold_no_more(&self) {
        self.script.waits.store(false, Ordering::SeqCst);
    }

    pub fn let_go(&self) {
        self.script.waits.store(false, Ordering::SeqCst);
        self.script.gate.notify_waiters();
    }

    pub fn runs(&self) -> usize {
        self.script.count.load(Ordering::SeqCst)
    }

    pub async fn outcome(
        &self,
        caller: &str,
        tool: &str,
        arguments: Value,
        heard: &mut Heard,
        cancel: CancellationToken,
    ) -> Result<(Outcome, Said), Rejection> {
        let principal = Principal { name: caller.to_owned(), ..Principal::local() }.into();
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let plan = self.engine.prepare(Call { principal, tool: tool.to_owned(), arguments })?;
        let outcome = self.engine.execute(&plan, heard, cancel).await?;
        let presented = outcome.present(&plan);
        let said = Said {
            text: Sanitizer::clean(presented.plain_text().as_bytes()),
            is_error: presented.is_error,
            note: presented.note.clone(),
            run: serde_json::to_value(&presented.run).unwrap(),
        };
        Ok((outcome, said))
    }

    pub async fn call(&self, tool: &str) -> Result<Said, Rejection> {
        self.call_with(tool, json!({})).await
    }

    pub async fn call_with(&self, tool: &str, arguments: Value) -> Result<Said, Rejection> {
        let (heard, cancel) = (&mut Heard::default(), CancellationToken::new());
        self.outcome("local", tool, arguments, heard, cancel).await.map(|(_, said)| said)
    }

    /// What a call prints, that has to succeed.
    pub async fn text(&self, tool: &str) -> String {
        let said = self.call(tool).await.unwrap();
        assert!(!said.is_error, "{}", said.text);
        said.text
    }
}

pub fn failed(code: i32) -> Act {
    Act::End(End::Failed(NonZeroI32::new(code).unwrap()))
}

pub fn success() -> Act {
    Act::End(End::Success)
}

pub fn answered(status: u16, retry_after: Option<u64>) -> Act {
    let retry_after = retry_after.map(Duration::from_secs);
    Act::End(End::Answered { status, phrase: "", is_success: status < 300, retry_after })
}

pub fn unanswered(is_unsent: bool) -> Act {
    Act::End(End::Unanswered { problem: "gone".to_owned(), is_unsent })
}

pub fn busy() -> Act {
    let source = std::io::Error::from(std::io::ErrorKind::WouldBlock);
    Act::NotStarted(StartError::Unavailable(source))
}

fn loaded(folder: &std::path::Path, config: &str) -> (Arc<Catalog>, Facts, Arc<Vault>) {
    load(folder, &format!("version: 1\n{config}"), &[("PATH", &path())])
}
