//! Plans → outcomes, with a runner that plays what a test tells it to: queueing, limits of output,
//! redaction, and what a model finally sees.

use std::collections::VecDeque;
use std::num::NonZeroI32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use mcpfier::call::Call;
use mcpfier::engine::{Engine, Outcome, Presented, Rejection, RunId, Sanitizer, State, TextPart, Watcher};
use mcpfier::model::{Catalog, Principal};
use mcpfier::plan::{Facts, Step};
use mcpfier::runner::{
    BoxFuture, End, OutputEvent, Runner, Running, SecretValues, StartError, Stream, Vault,
};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::load::{load, path};

/// Plays the same events for each call; `Wait` lasts until the test opens the gate.
#[derive(Clone)]
enum Act {
    Out(&'static str),
    Err(&'static str),
    Flood(usize),
    Wait,
    End(End),
}

#[derive(Default)]
struct Stage {
    acts: Vec<Act>,
    gate: Notify,
    running: AtomicUsize,
    most: AtomicUsize,
    begun: Notify,
}

struct Player {
    stage: Arc<Stage>,
    acts: VecDeque<Act>,
    cancel: CancellationToken,
}

struct Theatre(Arc<Stage>);

impl Runner for Theatre {
    fn start<'a>(
        &'a self,
        _: &'a Step,
        _: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        let running = self.0.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(running, Ordering::SeqCst);
        self.0.begun.notify_one();
        let player = Player { stage: Arc::clone(&self.0), acts: self.0.acts.clone().into(), cancel };
        Box::pin(async move { Ok(Box::new(player) as Box<dyn Running>) })
    }
}

impl Running for Player {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(async move {
            loop {
                if self.cancel.is_cancelled() {
                    return OutputEvent::Ended(End::Cancelled);
                }
                match self.acts.pop_front() {
                    Some(Act::Out(text)) => {
                        return chunk(Stream::Stdout, Bytes::from_static(text.as_bytes()));
                    }
                    Some(Act::Err(text)) => {
                        return chunk(Stream::Stderr, Bytes::from_static(text.as_bytes()));
                    }
                    Some(Act::Flood(0)) => {}
                    Some(Act::Flood(left)) => {
                        let size = left.min(64 * 1024);
                        self.acts.push_front(Act::Flood(left - size));
                        return chunk(Stream::Stdout, vec![b'x'; size].into());
                    }
                    Some(Act::Wait) => tokio::select! {
                        () = self.stage.gate.notified() => {}
                        () = self.cancel.cancelled() => {}
                    },
                    Some(Act::End(end)) => return OutputEvent::Ended(end),
                    None => return OutputEvent::Ended(End::Success),
                }
            }
        })
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stage.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn chunk(stream: Stream, bytes: Bytes) -> OutputEvent {
    OutputEvent::Chunk { stream, bytes }
}

/// Remembers what a watcher sees.
#[derive(Default)]
struct Seen(Vec<u8>);

impl Watcher for Seen {
    fn started(&mut self, _run: &RunId) {
        self.0.extend_from_slice(b"^");
    }
    fn output(&mut self, _stream: Stream, bytes: &Bytes) {
        self.0.extend_from_slice(bytes);
    }
}

fn loaded(config: &str) -> (Arc<Catalog>, Facts, Arc<Vault>) {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("PATH", &*path()), ("API_TOKEN", "hunter2-hunter2")];
    load(folder.path(), &format!("version: 1\n{config}"), &variables)
}

struct House {
    engine: Engine,
    stage: Arc<Stage>,
}

impl House {
    fn of(config: &str, acts: Vec<Act>) -> Self {
        let (catalog, facts, vault) = loaded(config);
        let stage = Arc::new(Stage { acts, ..Stage::default() });
        let engine = Engine::new(catalog, facts, vault, Arc::new(Theatre(Arc::clone(&stage))));
        Self { engine, stage }
    }

    fn reload(&self, config: &str) {
        let (catalog, facts, vault) = loaded(config);
        self.engine.reload(State::new(catalog, facts, vault));
    }

    async fn run(
        &self,
        seen: &mut Seen,
        cancel: CancellationToken,
    ) -> Result<(Outcome, Presented), Rejection> {
        let call = Call {
            principal: Principal::local().into(),
            tool: "t".to_owned(),
            arguments: Default::default(),
        };
        let plan = self.engine.prepare(call)?;
        let outcome = self.engine.execute(&plan, seen, cancel).await?;
        let presented = outcome.present(&plan);
        Ok((outcome, presented))
    }

    async fn presented(&self) -> Presented {
        self.run(&mut Seen::default(), CancellationToken::new()).await.unwrap().1
    }
}

fn text(presented: &Presented) -> String {
    let parts = presented.text.iter().map(|part| match part {
        TextPart::Said(text) => text.clone(),
        TextPart::Output(chunks) => Sanitizer::clean(&chunks.concat()),
    });
    parts.collect()
}

fn command(extra: &str) -> String {
    format!("commands: [{{ name: t, description: T., script: 'true'{extra} }}]\n")
}

fn failed(code: i32) -> Act {
    Act::End(End::Failed(NonZeroI32::new(code).unwrap()))
}

#[tokio::test]
async fn stdout_and_stderr_arrive_in_their_order() {
    let house = House::of(&command(""), vec![Act::Out("a\n"), Act::Err("b\n"), Act::Out("c\n")]);
    let mut seen = Seen::default();
    let (_, presented) = house.run(&mut seen, CancellationToken::new()).await.unwrap();
    assert_eq!(text(&presented), "a\nb\nc\n");
    assert_eq!(seen.0, b"^a\nb\nc\n");
    assert_eq!(presented.run.unwrap().stderr_bytes, 2);
}

#[tokio::test]
async fn a_long_output_keeps_its_beginning_and_its_end() {
    let house = House::of(
        &command(", limits: { output: 1MiB }, output: { show: 1KiB }"),
        vec![Act::Out("first\n"), Act::Flood(8 << 20), Act::Out("\nlast")],
    );
    let (outcome, presented) = house.run(&mut Seen::default(), CancellationToken::new()).await.unwrap();
    let shown = text(&presented);
    assert!(!presented.is_error);
    assert!(shown.starts_with("first\n") && shown.ends_with("\nlast"), "{shown}");
    assert!(shown.contains("8,387,595 bytes omitted"), "{shown}");
    assert_eq!(outcome.output.stdout_bytes, (8 << 20) + 11);
    let kept: usize = outcome.output.chunks().map(|chunk| chunk.bytes.len()).sum();
    assert_eq!(kept, 1 << 20, "exactly the limit is kept");
    assert!(presented.run.unwrap().truncated);
}

#[tokio::test]
async fn an_overflow_kills_only_where_the_file_says_so() {
    let house = House::of(
        &command(", limits: { output: 1KiB }, output: { on_overflow: kill }"),
        vec![Act::Flood(64 << 10), Act::Wait],
    );
    let presented = house.presented().await;
    assert!(presented.is_error);
    assert!(text(&presented).contains("too much output"), "{}", text(&presented));
}

#[tokio::test]
async fn secrets_never_leave() {
    let house = House::of(
        &format!("secrets: {{ token: {{ env: API_TOKEN }} }}\n{}", command("")),
        vec![Act::Out("token is hunter2-"), Act::Out("hunter2!"), Act::Err("hunter2-hunter2")],
    );
    let mut seen = Seen::default();
    let (_, presented) = house.run(&mut seen, CancellationToken::new()).await.unwrap();
    assert_eq!(text(&presented), "token is [redacted]![redacted]");
    assert_eq!(String::from_utf8(seen.0).unwrap(), "^token is [redacted]![redacted]");
}

#[tokio::test]
async fn exit_codes_decide_and_their_text_replaces_an_empty_result() {
    let codes = ", exit_codes: { 0: ok, 1: no matches }";
    let none = House::of(&command(codes), vec![failed(1)]).presented().await;
    assert_eq!((none.is_error, text(&none).as_str()), (false, "no matches"));
    let some = House::of(&command(codes), vec![Act::Out("x"), failed(1)]).presented().await;
    assert_eq!((some.is_error, text(&some).as_str()), (false, "x"));
    let bad = House::of(&command(codes), vec![Act::Err("boom\n"), failed(2)]).presented().await;
    assert!(bad.is_error);
    assert!(text(&bad).starts_with("boom\nexit code 2 · "), "{}", text(&bad));
    let silent = House::of(&command(""), vec![]).presented().await;
    assert_eq!(text(&silent), "(no output)");
}

#[tokio::test]
async fn each_limit_that_was_hit_is_named() {
    for (end, said) in [
        (End::TimedOut { after: Duration::from_secs(30) }, "timed out after 30s and was killed"),
        (End::OutOfMemory, "out of memory: exceeded the limit of 64MiB (limits.memory)"),
        (End::TooManyProcesses, "too many processes: exceeded the limit of 8 (limits.pids)"),
        (End::Signalled(11), "killed by signal 11"),
        (End::Lost, "lost after"),
    ] {
        let limits = command(", limits: { memory: 64MiB, pids: 8 }");
        let presented = House::of(&limits, vec![Act::Out("partial\n"), Act::End(end)]).presented().await;
        assert!(presented.is_error);
        assert!(text(&presented).starts_with("partial\n"), "partial output is kept");
        assert!(text(&presented).contains(said), "{said}: {}", text(&presented));
    }
}

#[tokio::test]
async fn of_a_container_that_was_killed_its_limit_is_named_as_a_guess() {
    let memory = ", limits: { memory: 64MiB }";
    let guess = "perhaps for exceeding the limit of 64MiB (limits.memory)";
    for (action, signal, is_guessed) in
        [(", container: busybox", 9, true), (", container: busybox", 11, false), ("", 9, false)]
    {
        let acts = vec![Act::End(End::Signalled(signal))];
        let presented = House::of(&command(&format!("{action}{memory}")), acts).presented().await;
        let said = text(&presented);
        assert!(said.contains(&format!("killed by signal {signal}")), "{said}");
        assert_eq!(said.contains(guess), is_guessed, "{said}");
    }
}

#[tokio::test]
async fn json_is_structured_only_when_a_schema_is_declared() {
    let plain =
        House::of(&command(", output: { format: json }"), vec![Act::Out(r#"{"a":1}"#), Act::Err("noise")]);
    let plain = plain.presented().await;
    assert_eq!((text(&plain).as_str(), plain.structured), (r#"{"a":1}"#, None));

    let schema = ", output: { format: json, schema: { type: array, items: { type: integer } } }";
    let wrapped = House::of(&command(schema), vec![Act::Out("[1, 2]")]).presented().await;
    assert_eq!(wrapped.structured, Some(json!({ "matches": [1, 2] })));
    let unfit = House::of(&command(schema), vec![Act::Out("[1, \"x\"]")]).presented().await;
    assert!(unfit.is_error && unfit.structured.is_none() && text(&unfit).contains("output.schema"));
    let broken = House::of(&command(schema), vec![Act::Out("[1,")]).presented().await;
    assert!(broken.is_error && text(&broken).contains("promised JSON"), "{}", text(&broken));
}

#[tokio::test]
async fn a_full_queue_says_so_and_a_long_wait_ends() {
    let server = "server: { calls: { max: 1, queue: 1, queue_timeout: 300ms } }\n";
    let house = Arc::new(House::of(&format!("{server}{}", command("")), vec![Act::Wait]));
    let start = |house: Arc<House>| {
        tokio::spawn(
            async move { house.run(&mut Seen::default(), CancellationToken::new()).await.map(|_| ()) },
        )
    };
    let first = start(Arc::clone(&house));
    house.stage.begun.notified().await;
    let second = start(Arc::clone(&house));
    tokio::task::yield_now().await;
    let third = house.run(&mut Seen::default(), CancellationToken::new()).await;
    assert!(matches!(third, Err(Rejection::Busy { running: 1, waiting: 1 })), "{third:?}");
    let second = second.await.unwrap();
    assert!(matches!(second, Err(Rejection::QueueTimeout { .. })), "{second:?}");
    house.stage.gate.notify_one();
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn calls_with_one_lock_exclude_each_other() {
    let house = Arc::new(House::of(&command(", lock: repo"), vec![Act::Wait]));
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let house = Arc::clone(&house);
            tokio::spawn(async move {
                house.run(&mut Seen::default(), CancellationToken::new()).await.map(|_| ())
            })
        })
        .collect();
    for _ in 0..3 {
        house.stage.begun.notified().await;
        house.stage.gate.notify_one();
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(house.stage.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_cancelled_wait_never_starts() {
    let server = "server: { calls: { max: 1, queue: 1 } }\n";
    let house = Arc::new(House::of(&format!("{server}{}", command("")), vec![Act::Wait]));
    let first = {
        let house = Arc::clone(&house);
        tokio::spawn(
            async move { house.run(&mut Seen::default(), CancellationToken::new()).await.map(|_| ()) },
        )
    };
    house.stage.begun.notified().await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let second = house.run(&mut Seen::default(), cancel).await;
    assert!(matches!(second, Err(Rejection::Cancelled)));
    house.stage.gate.notify_one();
    first.await.unwrap().unwrap();
}

fn call() -> Call {
    Call { principal: Principal::local().into(), tool: "t".to_owned(), arguments: Default::default() }
}

#[tokio::test]
async fn a_call_that_was_prepared_before_a_reload_is_carried_out_as_it_was_prepared() {
    let secrets = "secrets: { token: { env: API_TOKEN } }\n";
    let before = format!("{secrets}{}", command(", output: { format: text }"));
    let house = House::of(&before, vec![Act::Out("hunter2-hunter2\n")]);
    let prepared = house.engine.prepare(call()).unwrap();
    house.reload("commands: [{ name: other, description: O., script: 'true' }]\n");
    let outcome =
        house.engine.execute(&prepared, &mut Seen::default(), CancellationToken::new()).await.unwrap();
    assert_eq!(text(&outcome.present(&prepared)), "[redacted]\n", "the secrets are those of its file");
    assert!(house.engine.prepare(call()).err().unwrap().is_unknown_tool());
}

/// A command's own cap, through a file in which the command is not there.
#[tokio::test]
async fn caps_hold_across_reloads() {
    let capped = format!("server: {{ calls: {{ queue: 0 }} }}\n{}", command(", concurrency: 1"));
    let house = House::of(&capped, vec![Act::Wait]);
    let running = house.engine.prepare(call()).unwrap();
    let (mut first, mut second) = (Seen::default(), Seen::default());
    let cancel = CancellationToken::new();
    let first = house.engine.execute(&running, &mut first, cancel.clone());
    tokio::pin!(first);
    tokio::select! {
        _ = &mut first => panic!("it waits"),
        () = house.stage.begun.notified() => {}
    }
    house.reload("commands: [{ name: other, description: O., script: 'true' }]\n");
    house.reload(&capped);
    let refused = house.run(&mut second, cancel.clone()).await.err();
    assert!(matches!(refused, Some(Rejection::Busy { running: 1, .. })), "{refused:?}");
    house.stage.gate.notify_one();
    first.await.unwrap();
    house.stage.gate.notify_one();
    house.run(&mut second, cancel).await.unwrap();
}
