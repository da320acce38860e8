//! The command line as clap reads it.

use std::path::{Path, PathBuf};

use clap::builder::{FalseyValueParser, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueHint};

use crate::clients::CLIENTS;

const ABOUT: &str = "Any command becomes a safe tool: one YAML file, many MCP tools";

const LONG_ABOUT: &str = "\
mcpfier turns the commands that you declare in one YAML file into tools for AI assistants.

Every call is checked against its parameters, previewed on request, run within its limits, \
streamed while it runs, and killed with all of its children when it is cancelled or times out.";

const USAGE: &str = "\
mcpfier [OPTIONS]                            serve the file's tools over stdio
       mcpfier [OPTIONS] NAME [ARGUMENT=VALUE]...   run one tool here and now
       mcpfier [OPTIONS] COMMAND";

const EXAMPLES: &str = "\
Examples:
  mcpfier --config tools.yaml                 serve the file over stdio (what an MCP client starts)
  mcpfier --validate                          say everything that is wrong with the file
  mcpfier --dry-run search pattern=TODO       show exactly what would run, and run nothing
  mcpfier search pattern=TODO                 run it here, now; its exit code is ours
  mcpfier list                                what the file offers";

const DETAILS: &str = "\
Arguments of a tool are `name=value`, typed by its parameters; repeat a name to fill a list;
`name:=JSON` passes any value.

The file is --config, or $MCPFIER_CONFIG, or config.yaml in this folder, beside the program,
in ~/.mcpfier, in ~/mcpfier or in /etc/mcpfier.

Exit codes: 0 fine · 1 failure · 2 bad arguments · 3 errors in the file · 4 no file · 5 no such tool
6 refused · 7 not supported yet · 124 timed out · 125 not started · 130 interrupted
137 over a limit; a tool that ran gives its own.";

/// Where `mcpfier init` writes, since it is looked for there.
const INIT_FILE: &str = "config.yaml";

#[derive(Debug, Parser)]
#[command(
    name = "mcpfier",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"),
    override_usage = USAGE,
    disable_help_subcommand = true,
    subcommand_negates_reqs = true,
    max_term_width = 100,
)]
pub struct Arguments {
    /// The file that declares the commands
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Serve over stdio; what happens without any other word
    #[arg(long)]
    pub mcp: bool,

    /// Say everything that is wrong with the file (or these files), and run nothing
    #[arg(long, conflicts_with_all = ["mcp", "dry_run"])]
    pub validate: bool,

    /// Show what a call (or each command) would run, and run nothing
    #[arg(long, global = true)]
    pub dry_run: bool,

    /// With --validate: warnings count as errors
    #[arg(long, requires = "validate")]
    pub strict: bool,

    /// With --validate: what only this host lacks is a note
    #[arg(long, requires = "validate")]
    pub offline: bool,

    /// With --validate: print SARIF 2.1.0, which code hosts show beside the lines of a change
    #[arg(long, requires = "validate", conflicts_with = "json")]
    pub sarif: bool,
    /// With --validate: look variables up in FILE, as on another host, and not in the environment
    #[arg(long, requires = "validate", value_name = "FILE")]
    pub env_file: Option<PathBuf>,

    /// Refuse tools that are not exactly what `mcpfier.lock` says
    #[arg(long, global = true, env = "MCPFIER_LOCKED", hide_env = true, value_parser = FalseyValueParser::new())]
    pub locked: bool,

    /// Print JSON for programs
    #[arg(long, global = true)]
    pub json: bool,

    /// Print what to paste into a client's configuration
    #[arg(long, conflicts_with_all = ["mcp", "validate", "dry_run"])]
    pub setup: bool,

    /// Serve over HTTP (not supported yet)
    #[arg(long, hide_short_help = true)]
    pub server: bool,

    /// Show the calls of the last days (not supported yet)
    #[arg(long, hide_short_help = true)]
    pub analytics: bool,

    /// A tool and its arguments
    #[arg(hide = true)]
    pub words: Vec<String>,

    #[command(subcommand)]
    pub verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run one tool here and now
    Call(CallWords),
    /// List the tools that the file offers
    List {
        /// Also what is hidden, and why
        #[arg(long)]
        all: bool,
    },
    /// Run the tests that the file has for its commands
    Test(TestWords),
    /// Say what a code of --validate means, with an example; without a code, list them
    Explain {
        /// As `E0012`
        code: Option<String>,
    },
    /// Write a file to begin with
    Init {
        /// The file to write; one that is there is never touched
        #[arg(default_value = INIT_FILE)]
        file: PathBuf,
        /// A template to begin with, instead of being asked; `mcpfier new --list` lists them
        #[arg(long = "template", value_name = "NAME", value_delimiter = ',')]
        templates: Vec<String>,
        #[arg(hide = true)]
        words: Vec<String>,
    },
    /// Print a template of commands, or add it to a file
    New(NewWords),
    /// Propose a command from a program's own help
    Add {
        /// The program with its words, as in 'rg --help' or 'git grep -h'; it is run once
        #[arg(long, value_name = "COMMAND")]
        from_help: Option<String>,
        /// The name of the command
        #[arg(long)]
        name: Option<String>,
        /// Add it to this file instead of printing it
        #[arg(long, value_name = "FILE")]
        into: Option<PathBuf>,
        #[arg(hide = true)]
        words: Vec<String>,
    },
    /// Make commands of another tool's file: package.json, justfile, Makefile, OpenAPI and others
    Import(ImportWords),
    /// Put this server into the files of the clients that are found, or of these
    Setup(SetupWords),
    /// Serve a file that lies in the current folder, as long as it stays as it is
    Trust(TrustWords),
    /// Write down what the tools are, for `--locked`
    Lock {
        /// Only say what differs from `mcpfier.lock`
        #[arg(long)]
        check: bool,
    },
    /// Look for what usually goes wrong, and say the cure
    Doctor,
    /// Pack this program and the file into one `.mcpb` that desktop clients install
    Bundle(BundleWords),
    /// Keep secrets in the encrypted store of this user
    Secret {
        #[command(subcommand)]
        action: Option<SecretAction>,
    },
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the JSON Schema of the file, or of a document that mcpfier prints
    Schema {
        /// `config` is the file; the others are printed with --json
        #[arg(value_parser = ["config", "plan", "result", "validation"], default_value = "config")]
        document: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum SecretAction {
    /// Store a secret; its value is read from stdin, or asked for without showing it
    Set {
        name: String,
        /// Read the value from this file
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        from_file: Option<PathBuf>,
    },
    /// List what is stored: names, never values
    List,
    /// Remove a secret
    Rm { name: String },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

impl SecretAction {
    fn words(&self) -> Vec<String> {
        match self {
            Self::Set { name, .. } => vec!["set".to_owned(), name.clone()],
            Self::List => vec!["list".to_owned()],
            Self::Rm { name } => vec!["rm".to_owned(), name.clone()],
            Self::Other(words) => words.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub struct ImportWords {
    /// The file to read
    pub file: Option<PathBuf>,
    /// What it is, if its name does not say: npm, just, make, openapi, mcpshell, mcp-this, any-script
    #[arg(long = "as", value_name = "FORMAT")]
    pub format: Option<String>,
    /// Add the commands to this file instead of printing them
    #[arg(long, value_name = "FILE")]
    pub into: Option<PathBuf>,
    /// Of OpenAPI: only operations such as `GET /pets*`, or of such an operationId; may be repeated
    #[arg(long, value_name = "OPERATION")]
    pub only: Vec<String>,
    /// Of OpenAPI: only operations with this tag; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    #[arg(hide = true)]
    pub words: Vec<String>,
}

#[derive(Debug, Args)]
pub struct CallWords {
    /// The tool
    pub name: String,
    /// Its arguments: `name=value` or `name:=JSON`
    #[arg(value_name = "ARGUMENT=VALUE")]
    pub arguments: Vec<String>,
}

#[derive(Debug, Args)]
pub struct TestWords {
    /// Only these: `COMMAND` or `COMMAND: TEST`; `*` stands for any text, `?` for a character
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Also write the verdicts to FILE, as JUnit XML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub junit: Option<PathBuf>,
    /// List the tests and run none
    #[arg(long)]
    pub list: bool,
    /// Begin no other test after the first failure
    #[arg(long)]
    pub fail_fast: bool,
    /// A test that this host cannot run counts as failed
    #[arg(long)]
    pub strict: bool,
    /// How many run at once [default: as many as there are cores]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

impl TestWords {
    pub fn jobs(&self) -> Option<usize> {
        self.jobs.map(usize::from)
    }
}

#[derive(Debug, Args)]
pub struct NewWords {
    /// The template
    #[arg(conflicts_with = "template")]
    pub name: Option<String>,
    /// The same
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
    /// Add its commands to this file instead of printing them
    #[arg(long, value_name = "FILE")]
    pub into: Option<PathBuf>,
    /// List all templates
    #[arg(long)]
    pub list: bool,
    #[arg(hide = true)]
    pub words: Vec<String>,
}

#[derive(Debug, Args)]
pub struct SetupWords {
    /// The clients; without any, all that are found
    #[arg(value_name = "CLIENT", value_parser = client_ids())]
    pub clients: Vec<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub print: bool,
    /// Take our entry out
    #[arg(long)]
    pub remove: bool,
    /// The name of the entry [default: that of the server in the file]
    #[arg(long)]
    pub name: Option<String>,
    /// The files of the project in this folder rather than those of the user
    #[arg(long)]
    pub project: bool,
}

#[derive(Debug, Args)]
pub struct TrustWords {
    /// The file [default: the one that is found]
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Agree without being asked
    #[arg(long, short)]
    pub yes: bool,
    /// List the trusted files
    #[arg(long, conflicts_with_all = ["file", "remove", "yes"])]
    pub list: bool,
    /// Trust the file no more
    #[arg(long, conflicts_with = "yes")]
    pub remove: bool,
    #[arg(hide = true)]
    pub words: Vec<String>,
}

#[derive(Debug, Args)]
pub struct BundleWords {
    /// Where to write it [default: the name of the server, with `.mcpb`]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// The version of the bundle
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    pub release: String,
    /// Who made it
    #[arg(long, default_value = "mcpfier")]
    pub author: String,
}

fn client_ids() -> PossibleValuesParser {
    PossibleValuesParser::new(CLIENTS.iter().map(|client| client.id))
}

impl Verb {
    /// The word that names this verb; a file of the original may have a command of that name.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Test(_) => "test",
            Self::List { .. } => "list",
            Self::Explain { .. } => "explain",
            Self::Init { .. } => "init",
            Self::New(_) => "new",
            Self::Add { .. } => "add",
            Self::Import(_) => "import",
            Self::Setup(_) => "setup",
            Self::Bundle(_) => "bundle",
            Self::Doctor => "doctor",
            Self::Secret { .. } => "secret",
            Self::Trust(_) => "trust",
            Self::Lock { .. } => "lock",
            Self::Completions { .. } => "completions",
            Self::Schema { .. } => "schema",
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
            Self::Explain { code } => (code.clone(), &[]),
            Self::Secret { action } => return action.as_ref().map(SecretAction::words).unwrap_or_default(),
            Self::Setup(setup) => (None, &setup.clients),
            Self::Test(test) => (None, &test.names),
            Self::Trust(trust) => (trust.file.as_deref().and_then(text_of), &trust.words),
            Self::List { .. }
            | Self::Completions { .. }
            | Self::Schema { .. }
            | Self::Doctor
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
            Self::Trust(trust) => trust.words.first(),
            _ => None,
        }
    }
}

fn text_of(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}
