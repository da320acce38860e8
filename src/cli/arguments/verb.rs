//! The verbs, and what of them a command of the same name would be called with.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use clap_complete::Shell;

use crate::cli::audit::arguments::AuditAction;
use crate::cli::examples;

use super::words::INIT_FILE;
use super::{
    ApprovalsAction, BundleWords, CacheAction, CallWords, ConfigVerb, GraphWords, ImagesAction, ImportWords,
    JobsAction, KeyAction, MigrateWords, NewWords, PolicyAction, ScheduleAction, SecretAction, SetupWords,
    TestWords, TrustWords,
};

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run one tool here and now
    #[command(after_help = examples::CALL)]
    Call(CallWords),
    /// List the tools that the file offers
    #[command(after_help = examples::LIST)]
    List {
        /// Also what is hidden, and why
        #[arg(long)]
        all: bool,
    },
    /// Show the file as it is in effect
    #[command(after_help = examples::CONFIG)]
    Config {
        #[command(subcommand)]
        what: ConfigVerb,
    },
    /// Draw the steps of a command, or how all commands hang together
    #[command(after_help = examples::GRAPH)]
    Graph(GraphWords),
    /// Run the tests that the file has for its commands
    #[command(after_help = examples::TEST)]
    Test(TestWords),
    /// Say what a code of --validate means, with an example; without a code, list them
    #[command(after_help = examples::EXPLAIN)]
    Explain {
        /// The code, such as `E0012`
        #[arg(value_name = "CODE")]
        code: Option<String>,
    },
    /// Write a file to begin with
    #[command(after_help = examples::INIT)]
    Init {
        /// The file to write
        #[arg(value_name = "FILE", default_value = INIT_FILE)]
        file: PathBuf,
        /// A template to begin with, instead of being asked; `mcpfier new --list` lists them
        #[arg(long = "template", value_name = "TEMPLATE", value_delimiter = ',')]
        templates: Vec<String>,
        #[arg(hide = true)]
        words: Vec<String>,
    },
    /// Print a template of commands, or add it to a file
    #[command(after_help = examples::NEW)]
    New(NewWords),
    /// Propose a command from a program's own help
    #[command(after_help = examples::ADD)]
    Add {
        /// The program with its words, as in 'rg --help' or 'git grep -h'
        #[arg(long, value_name = "COMMAND")]
        from_help: Option<String>,
        /// The name of the command [default: that of the program]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Add it to this file instead of printing it
        #[arg(long, value_name = "FILE")]
        into: Option<PathBuf>,
        #[arg(hide = true)]
        words: Vec<String>,
    },
    /// Make commands of another tool's file: package.json, justfile, Makefile, OpenAPI and others
    #[command(after_help = examples::IMPORT)]
    Import(ImportWords),
    /// Make a file with `version: 1` of one of the original mcpfier
    #[command(after_help = examples::MIGRATE)]
    Migrate(MigrateWords),
    /// Put this server into the files of the clients that are found, or of these
    #[command(after_help = examples::SETUP)]
    Setup(SetupWords),
    /// Serve a file that lies in the current folder, as long as it stays as it is
    #[command(after_help = examples::TRUST)]
    Trust(TrustWords),
    /// Write down what the tools are, for `--locked`
    #[command(after_help = examples::LOCK)]
    Lock {
        /// Only say what differs from `mcpfier.lock`
        #[arg(long)]
        check: bool,
    },
    /// Look after the images that the file's containers run in
    #[command(after_help = examples::IMAGES)]
    Images {
        #[command(subcommand)]
        action: Option<ImagesAction>,
    },
    /// Decide about calls that wait for somebody at a shell
    #[command(after_help = examples::APPROVALS)]
    Approvals {
        #[command(subcommand)]
        action: Option<ApprovalsAction>,
    },
    /// Show or forget what is remembered on disk
    #[command(after_help = examples::CACHE)]
    Cache {
        #[command(subcommand)]
        action: Option<CacheAction>,
    },
    /// Look after calls that go on, or went on, when nobody waits for them
    #[command(after_help = examples::JOBS)]
    Jobs {
        #[command(subcommand)]
        action: Option<JobsAction>,
    },
    /// Remove the containers of servers that are gone
    #[command(after_help = examples::CLEAN)]
    Clean,
    /// Look for what usually goes wrong, and say the cure
    #[command(after_help = examples::DOCTOR)]
    Doctor,
    /// Pack this program and the file into one `.mcpb` that desktop clients install
    #[command(after_help = examples::BUNDLE)]
    Bundle(BundleWords),
    /// Keep secrets in the encrypted store of this user
    #[command(after_help = examples::SECRET)]
    Secret {
        #[command(subcommand)]
        action: Option<SecretAction>,
    },
    /// Make keys for callers over HTTP
    #[command(after_help = examples::KEY)]
    Key {
        #[command(subcommand)]
        action: Option<KeyAction>,
    },
    /// Say who may call what, and which rule decides
    #[command(after_help = examples::POLICY)]
    Policy {
        #[command(subcommand)]
        action: Option<PolicyAction>,
    },
    /// Show what runs by the clock, or run it now
    #[command(after_help = examples::SCHEDULE)]
    Schedule {
        #[command(subcommand)]
        action: Option<ScheduleAction>,
    },
    /// Look into the records of calls, and whether they are as they were written
    #[command(after_help = examples::AUDIT)]
    Audit {
        #[command(subcommand)]
        action: Option<AuditAction>,
    },
    /// Print the completion script of a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Print the JSON Schema of the file, or of a document that mcpfier prints
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// `config` is the file; the others are printed with --json
        #[arg(value_name = "DOCUMENT", value_parser = ["config", "plan", "result", "validation", "audit"], default_value = "config")]
        document: String,
    },
    /// Say what a verb or a tool does and takes
    #[command(after_help = examples::HELP)]
    Help {
        /// A verb, or a tool of the file
        #[arg(value_name = "TOPIC")]
        topic: Option<String>,
    },
}

impl Verb {
    /// The word that names this verb; a file of the original may have a command of that name.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Test(_) => "test",
            Self::List { .. } => "list",
            Self::Config { .. } => "config",
            Self::Graph(_) => "graph",
            Self::Explain { .. } => "explain",
            Self::Init { .. } => "init",
            Self::New(_) => "new",
            Self::Add { .. } => "add",
            Self::Import(_) => "import",
            Self::Setup(_) => "setup",
            Self::Bundle(_) => "bundle",
            Self::Images { .. } => "images",
            Self::Approvals { .. } => "approvals",
            Self::Cache { .. } => "cache",
            Self::Jobs { .. } => "jobs",
            Self::Clean => "clean",
            Self::Doctor => "doctor",
            Self::Migrate(_) => "migrate",
            Self::Secret { .. } => "secret",
            Self::Key { .. } => "key",
            Self::Policy { .. } => "policy",
            Self::Schedule { .. } => "schedule",
            Self::Audit { .. } => "audit",
            Self::Trust(_) => "trust",
            Self::Lock { .. } => "lock",
            Self::Completions { .. } => "completions",
            Self::Schema { .. } => "schema",
            Self::Help { .. } => "help",
        }
    }

    /// Whether it needs no file of ours, or finds it by itself.
    pub fn stands_alone(&self) -> bool {
        !matches!(self, Self::Call(_) | Self::List { .. })
    }

    /// What follows the verb, should a command of its name be meant.
    pub fn rest(&self) -> Vec<String> {
        let (first, words): (Option<String>, &[String]) = match self {
            Self::Call(call) => (Some(call.name.clone()), &call.arguments),
            // A file that is not named is the default, which nobody typed.
            Self::Init { file, words, .. } => (text_of(file).filter(|file| file != INIT_FILE), words),
            Self::New(new) => (new.name.clone(), &new.words),
            Self::Add { words, .. } => (None, words),
            Self::Import(import) => (import.file.as_deref().and_then(text_of), &import.words),
            Self::Graph(graph) => (graph.name.clone(), &[]),
            Self::Explain { code: word } | Self::Help { topic: word } => (word.clone(), &[]),
            Self::Secret { action } => return action.as_ref().map(SecretAction::words).unwrap_or_default(),
            Self::Policy { action } => {
                return action.as_ref().map(PolicyAction::words).unwrap_or_default();
            }
            Self::Key { action } => return action.as_ref().map(KeyAction::words).unwrap_or_default(),
            Self::Audit { action } => return action.as_ref().map(AuditAction::words).unwrap_or_default(),
            Self::Schedule { action } => {
                return action.as_ref().map(ScheduleAction::words).unwrap_or_default();
            }
            Self::Approvals { action } => {
                return action.as_ref().map(ApprovalsAction::words).unwrap_or_default();
            }
            Self::Cache { action } => return action.as_ref().map(CacheAction::words).unwrap_or_default(),
            Self::Jobs { action } => return action.as_ref().map(JobsAction::words).unwrap_or_default(),
            Self::Images { action } => return action.as_ref().map(ImagesAction::words).unwrap_or_default(),
            Self::Setup(setup) => (None, &setup.clients),
            Self::Migrate(migrate) => {
                (text_of(&migrate.file).filter(|file| file != INIT_FILE), &migrate.words)
            }
            Self::Test(test) => (None, &test.names),
            Self::Trust(trust) => (trust.file.as_deref().and_then(text_of), &trust.words),
            Self::List { .. }
            | Self::Completions { .. }
            | Self::Schema { .. }
            | Self::Clean
            | Self::Doctor
            | Self::Config { .. }
            | Self::Lock { .. }
            | Self::Bundle(_) => (None, &[]),
        };
        first.into_iter().chain(words.iter().cloned()).collect()
    }

    /// Words that only a command can have.
    pub fn strange_word(&self) -> Option<&String> {
        match self {
            Self::Init { words, .. } | Self::Add { words, .. } => words.first(),
            Self::Import(import) => import.words.first(),
            Self::New(new) => new.words.first(),
            Self::Secret { action: Some(SecretAction::Other(words)) } => words.first(),
            Self::Key { action: Some(KeyAction::Other(words)) } => words.first(),
            Self::Policy { action: Some(PolicyAction::Other(words)) } => words.first(),
            Self::Audit { action: Some(AuditAction::Other(words)) } => words.first(),
            Self::Approvals { action: Some(ApprovalsAction::Other(words)) } => words.first(),
            Self::Cache { action: Some(CacheAction::Other(words)) } => words.first(),
            Self::Schedule { action: Some(ScheduleAction::Other(words)) } => words.first(),
            Self::Jobs { action: Some(JobsAction::Other(words)) } => words.first(),
            Self::Images { action: Some(ImagesAction::Other(words)) } => words.first(),
            Self::Trust(trust) => trust.words.first(),
            Self::Migrate(migrate) => migrate.words.first(),
            _ => None,
        }
    }
}

fn text_of(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}
