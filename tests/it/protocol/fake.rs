//! A server in this process whose commands are make-believe, so that tests decide when what happens.

use std::num::NonZeroI32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mcpfier::engine::Engine;
use mcpfier::model::{
    Action, Annotations, Argument, Availability, ByteSize, Catalog, Concurrency, Dialect, Enforcement,
    EnvInherit, ExitCodes, Limits, OutputFormat, OutputRules, OutputSchema, Param, ParamRule, Params,
    Presence, Program, Script, Secrets, ServerSettings, Stdin, Template, Tool, Workload,
};
use mcpfier::plan::{Environment, Facts, Means, Step, Word};
use mcpfier::runner::{
    BoxFuture, End, OutputEvent, Runner, Running, SecretValues, StartError, Stream, Vault,
};
use mcpfier::serve::stdio::{Ended, Streams, serve};
use serde_json::json;
use tokio::io::{DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::client::Client;

/// A server and its client.
pub struct Fixture {
    pub client: Client,
    pub server: JoinHandle<Ended>,
    pub shutdown: Option<oneshot::Sender<()>>,
}

pub struct Setting {
    pub drain: Duration,
    /// How many bytes fit between client and server.
    pub room: usize,
    pub schema: Option<serde_json::Value>,
}

impl Default for Setting {
    fn default() -> Self {
        Self { drain: Duration::from_secs(30), room: 64 << 10, schema: None }
    }
}

/// Starts a server whose tool `act` does what its argument `what` says; see [`Act`].
pub fn start(setting: Setting) -> Fixture {
    let server = ServerSettings {
        name: "fixture".to_owned(),
        instructions: Some("Mind the gap.".to_owned()),
        drain: setting.drain,
        ..ServerSettings::default()
    };
    let tools = tools(setting.schema);
    let catalog = Arc::new(Catalog::new(tools, server, Secrets::new()));
    let facts = Facts::new(&Environment::new(), &Secrets::new(), Means::NONE);
    let vault = Arc::new(Vault::new(Secrets::new(), Arc::new(Environment::new())));
    let engine = Arc::new(Engine::new(catalog, facts, vault, Arc::new(Pretender)));
    let (to_server, from_client) = tokio::io::duplex(setting.room);
    let (to_client, from_server) = tokio::io::duplex(setting.room);
    let (shutdown, told) = oneshot::channel::<()>();
    let input: ReadHalf<DuplexStream> = tokio::io::split(from_client).0;
    let output: WriteHalf<DuplexStream> = tokio::io::split(to_client).1;
    let streams = Streams { input, output, hung_up: Box::new(|| false) };
    let server = tokio::spawn(serve(engine, streams, async move {
        if told.await.is_err() {
            std::future::pending::<()>().await;
        }
    }));
    Fixture { client: Client::new(from_server, to_server), server, shutdown: Some(shutdown) }
}

fn tools(schema: Option<serde_json::Value>) -> Vec<Tool> {
    let act = tool("act", "{{what}}");
    let mut hidden = tool("hidden", "{{what}}");
    hidden.availability = Availability::Internal;
    let mut json = tool("json", "{{what}}");
    json.title = Some("JSON".to_owned());
    json.annotations.read_only = true;
    json.output.format = OutputFormat::Json;
    json.output.schema = schema.and_then(|schema| schema.as_object().cloned()).map(OutputSchema::new);
    let mut picture = tool("picture", "{{what}}");
    picture.output.format = OutputFormat::Binary;
    picture.output.mime = Some("image/png".to_owned());
    vec![act, hidden, json, picture]
}

fn tool(name: &str, argument: &str) -> Tool {
    let schema = json!({ "type": "string", "maxLength": 100_000 });
    let what = Param {
        name: "what".parse().expect("a name"),
        schema: schema.as_object().expect("an object").clone(),
        kind: mcpfier::model::Kind::Text,
        presence: Presence::Required,
        rule: ParamRule { max_bytes: 100_000, ..ParamRule::default() },
    };
    let word = |text: &str| Template::parse(text).expect("a template");
    let program = Program { written: "act".to_owned(), path: Some(PathBuf::from("/bin/true")) };
    Tool {
        tags: Vec::new(),
        scopes: Vec::new(),
        name: name.parse().expect("a name"),
        title: None,
        description: format!("Does what it is told, as `{name}`."),
        params: Arc::new(Params::new(vec![what])),
        when: None,
        requires: None,
        authorization: mcpfier::model::Authorization::default(),
        action: Action::Process(Box::new(Workload {
            sandbox: None,
            script: Script::Program { program, args: vec![Argument::Word(word(argument))] },
            env: Vec::new(),
            inherit: EnvInherit::None,
            working_dir: word("/"),
            per_caller: false,
            stdin: Stdin::Null,
        })),
        retry: None,
        fallback: None,
        breaker: None,
        confirm: None,
        cache: None,
        timeout: Duration::from_secs(600),
        detach: mcpfier::model::Detach::Never,
        kill_grace: Duration::from_secs(5),
        limits: Limits {
            memory: None,
            cpu: None,
            pids: None,
            files: None,
            disk: None,
            output: ByteSize::mib(1024),
            enforcement: Enforcement::BestEffort,
        },
        concurrency: Concurrency::default(),
        exit_codes: ExitCodes::default(),
        annotations: Annotations::default(),
        output: OutputRules::plain(ByteSize::mib(1024)),
        availability: Availability::Offered,
        dialect: Dialect::Native,
    }
}

/// What a make-believe command does, by the first word of its argument.
enum Act {
    /// `say TEXT`: writes it.
    Say(String),
    /// `lines COUNT`: a line every 90 ms.
    Lines {
        next: u32,
        count: u32,
    },
    /// `hang`: until it is cancelled.
    Hang,
    /// `stubborn`: until two seconds after it is cancelled.
    Stubborn,
    /// `sleep MILLIS`.
    Sleep(Duration),
    /// `flood MIB`.
    Flood {
        left: u64,
    },
    /// `panic`: as a fault of ours would.
    Panic,
    Over(End),
}

struct Pretender;

impl Runner for Pretender {
    fn start<'a>(
        &'a self,
        step: &'a Step,
        _: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        let Step::Process(process) = step else { unreachable!("these tools are processes") };
        let Some(Word::Known(what)) = process.argv.get(1) else { panic!("one word is expected") };
        let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
        let act = match verb {
            "say" => Act::Say(rest.to_owned()),
            "lines" => Act::Lines { next: 1, count: rest.parse().expect("a count") },
            "hang" => Act::Hang,
            "stubborn" => Act::Stubborn,
            "sleep" => Act::Sleep(Duration::from_millis(rest.parse().expect("milliseconds"))),
            "flood" => Act::Flood { left: rest.parse::<u64>().expect("mebibytes") << 20 },
            "fail" => Act::Over(End::Failed(NonZeroI32::new(3).expect("not zero"))),
            "panic" => Act::Panic,
            _ => panic!("no act `{verb}`"),
        };
        let run: Box<dyn Running> = Box::new(Pretence { act, cancel });
        Box::pin(async { Ok(run) })
    }
}

struct Pretence {
    act: Act,
    cancel: CancellationToken,
}

impl Running for Pretence {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(async move {
            let act = std::mem::replace(&mut self.act, Act::Over(End::Success));
            let chunk =
                |bytes: Vec<u8>| OutputEvent::Chunk { stream: Stream::Stdout, bytes: Bytes::from(bytes) };
            match act {
                Act::Say(text) => chunk(text.into_bytes()),
                Act::Lines { next, count } if next <= count => {
                    tokio::time::sleep(Duration::from_millis(90)).await;
                    self.act = Act::Lines { next: next + 1, count };
                    chunk(format!("line {next}\n").into_bytes())
                }
                Act::Lines { .. } => OutputEvent::Ended(End::Success),
                Act::Hang | Act::Stubborn => {
                    self.cancel.cancelled().await;
                    if matches!(act, Act::Stubborn) {
                        tokio::time::sleep(Duration::from_secs(2)).await;
                    }
                    OutputEvent::Ended(End::Cancelled)
                }
                Act::Sleep(time) => {
                    tokio::select! {
                        () = tokio::time::sleep(time) => OutputEvent::Ended(End::Success),
                        () = self.cancel.cancelled() => OutputEvent::Ended(End::Cancelled),
                    }
                }
                Act::Flood { left: 0 } => OutputEvent::Ended(End::Success),
                Act::Flood { left } => {
                    let now = left.min(64 << 10);
                    self.act = Act::Flood { left: left - now };
                    chunk(vec![b'x'; now as usize])
                }
                Act::Panic => panic!("as a fault of ours would"),
                Act::Over(end) => OutputEvent::Ended(end),
            }
        })
    }
}
