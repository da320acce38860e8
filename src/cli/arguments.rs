//! The command line as clap reads it.

use std::path::{Path, PathBuf};

use clap::builder::{FalseyValueParser, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::clients::CLIENTS;

use super::examples;

const ABOUT: &str = "Any command becomes a safe tool: one YAML file, many MCP tools";

const LONG_ABOUT: &str = "\
mcpfier turns the commands that you declare in one YAML file into tools for AI assistants.

Every call is checked against its parameters, previewed on request, run within its limits, \
streamed while it runs, and killed with all of its children when it is cancelled or times out.";

const USAGE: &str = "\
mcpfier [OPTIONS]                            serve the file's tools over stdio
       mcpfier [OPTIONS] TOOL [ARGUMENT=VALUE]...   run one tool here and now
       mcpfier [OPTIONS] COMMAND";

/// Headings of the help; what stands below this one, but for `--validate`, needs that.
pub const CHECKING: &str = "Checking the file";
const SERVING: &str = "Serving and clients";

/// Where `mcpfier init` writes, since it is looked for there.
const INIT_FILE: &str = "config.yaml";

#[derive(Debug, Parser)]
#[command(
    name = "mcpfier",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_help = examples::ROOT,
    after_long_help = format!("{}\n\n{}", examples::ROOT, examples::ROOT_DETAILS),
    override_usage = USAGE,
    disable_help_subcommand = true,
    subcommand_negates_reqs = true,
    max_term_width = 100,
)]
pub struct Arguments {
    /// The file that declares the commands
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Show what would be done, and do nothing
    #[arg(long, global = true)]
    pub dry_run: bool,

    /// Lay a profile of the file over it; may be repeated [env: MCPFIER_PROFILE]
    #[arg(long, value_name = "NAME", global = true)]
    pub profile: Vec<String>,

    /// Lay one value over the file, such as `commands.build.timeout=5s`; may be repeated
    #[arg(long, value_name = "PATH=VALUE", global = true)]
    pub set: Vec<String>,

    /// Only the commands that have one of these tags
    #[arg(long, value_name = "TAG,…", global = true)]
    pub tags: Vec<String>,

    /// Refuse tools that are not exactly what `mcpfier.lock` says
    #[arg(long, global = true, env = "MCPFIER_LOCKED", hide_env = true, value_parser = FalseyValueParser::new())]
    pub locked: bool,

    /// Run the tool even if its result is remembered, and remember the new one
    #[arg(long)]
    pub no_cache: bool,

    /// Print JSON for programs
    #[arg(long, global = true)]
    pub json: bool,

    /// Serve over stdio; what happens without any other word
    #[arg(long, help_heading = SERVING)]
    pub mcp: bool,

    /// Print what to paste into a client's configuration
    #[arg(long, conflicts_with_all = ["mcp", "validate", "dry_run"], help_heading = SERVING)]
    pub setup: bool,

    /// Serve over HTTP, for many clients
    #[arg(long, conflicts_with_all = ["mcp", "validate", "dry_run"], help_heading = SERVING)]
    pub server: bool,

    /// With --server: the name or address to listen on
    #[arg(long, requires = "server", value_name = "HOST", help_heading = SERVING)]
    pub host: Option<String>,

    /// With --server: the port to listen on [env: PORT]
    #[arg(long, requires = "server", value_name = "PORT", help_heading = SERVING)]
    pub port: Option<u16>,

    /// Show the calls of the last days (not supported yet)
    #[arg(long, hide_short_help = true, help_heading = SERVING)]
    pub analytics: bool,

    /// Say everything that is wrong with the file, or with these files and folders
    #[arg(long, conflicts_with_all = ["mcp", "dry_run"], help_heading = CHECKING)]
    pub validate: bool,

    /// With --validate: warnings count as errors
    #[arg(long, requires = "validate", help_heading = CHECKING)]
    pub strict: bool,

    /// With --validate: what only this host lacks is a note
    #[arg(long, requires = "validate", help_heading = CHECKING)]
    pub offline: bool,

    /// With --validate: print SARIF 2.1.0, which code hosts show beside the lines of a change
    #[arg(long, requires = "validate", conflicts_with = "json", help_heading = CHECKING)]
    pub sarif: bool,

    /// With --validate: look variables up in FILE, as on another host, and not in the environment
    #[arg(long, requires = "validate", value_name = "FILE", help_heading = CHECKING)]
    pub env_file: Option<PathBuf>,

    /// A tool and its arguments
    #[arg(hide = true)]
    pub words: Vec<String>,

    #[command(subcommand)]
    pub verb: Option<Verb>,
}

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
    /// Show or forget what is remembered on disk
    #[command(after_help = examples::CACHE)]
    Cache {
        #[command(subcommand)]
        action: Option<CacheAction>,
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
        #[arg(value_name = "DOCUMENT", value_parser = ["config", "plan", "result", "validation"], default_value = "config")]
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

#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Print it as YAML, put together from all files, profiles and flags; secrets are masked
    Show {
        /// With `${…}`, `vars` and `defaults` filled in
        #[arg(long)]
        resolved: bool,
        /// With where each value was written
        #[arg(long)]
        origin: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum SecretAction {
    /// Store a secret; its value is read from stdin, or asked for without showing it
    Set {
        /// Its name, as `secrets` of a file has it
        #[arg(value_name = "SECRET")]
        name: String,
        /// Read the value from this file
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        from_file: Option<PathBuf>,
    },
    /// List what is stored: names, never values
    List,
    /// Remove a secret
    Rm {
        /// Its name
        #[arg(value_name = "SECRET")]
        name: String,
    },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// Make a key, show it once, and print the line for the file
    Create {
        /// Who will call with it
        #[arg(value_name = "NAME")]
        name: String,
        /// A tool that it may see and call; `*` stands for any text; may be repeated [default: *]
        #[arg(long = "allow", value_name = "TOOL")]
        permissions: Vec<String>,
        /// The day from which on it lets nobody in, such as 2027-01-01
        #[arg(long, value_name = "DAY")]
        expires: Option<String>,
    },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

impl KeyAction {
    fn words(&self) -> Vec<String> {
        match self {
            Self::Create { name, .. } => vec!["create".to_owned(), name.clone()],
            Self::Other(words) => words.clone(),
        }
    }
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

#[derive(Debug, Subcommand)]
pub enum CacheAction {
    /// How much is remembered of each tool
    Stats,
    /// Forget all results, or those of one tool
    Clear {
        /// The tool
        #[arg(value_name = "TOOL")]
        name: Option<String>,
    },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

impl CacheAction {
    fn words(&self) -> Vec<String> {
        match self {
            Self::Stats => vec!["stats".to_owned()],
            Self::Clear { name } => std::iter::once("clear".to_owned()).chain(name.clone()).collect(),
            Self::Other(words) => words.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum ImagesAction {
    /// List them: which tools use each, and what the engine has
    List,
    /// Fetch them, or only these
    Pull(ImageNames),
    /// Build those that are built here, or only these
    Build(ImageNames),
    /// Write the digests that the engine has into the file: `NAME:TAG@sha256:…`
    Pin(ImageNames),
    /// Look through them for known vulnerabilities, with `trivy` or `grype` of this host
    Scan {
        #[command(flatten)]
        names: ImageNames,
        /// Fail if one is as severe as this
        #[arg(long, value_name = "SEVERITY", default_value = "critical", value_parser = ["low", "medium", "high", "critical"])]
        block_on: String,
    },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[derive(Debug, Args)]
pub struct ImageNames {
    /// Images, or tools that use them
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

impl ImagesAction {
    fn words(&self) -> Vec<String> {
        let (verb, names) = match self {
            Self::List => ("list", &Vec::new()),
            Self::Pull(ImageNames { names }) => ("pull", names),
            Self::Build(ImageNames { names }) => ("build", names),
            Self::Pin(ImageNames { names }) => ("pin", names),
            Self::Scan { names: ImageNames { names }, .. } => ("scan", names),
            Self::Other(words) => return words.clone(),
        };
        std::iter::once(verb.to_owned()).chain(names.iter().cloned()).collect()
    }
}

#[derive(Debug, Args)]
pub struct ImportWords {
    /// The file to read
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// What it is, if its name does not say
    #[arg(long = "as", value_name = "FORMAT")]
    pub format: Option<String>,
    /// Add the commands to this file instead of printing them
    #[arg(long, value_name = "FILE")]
    pub into: Option<PathBuf>,
    /// Of OpenAPI: only operations such as `GET /pets*`, or of such an operationId; may be repeated
    #[arg(long, value_name = "OPERATION")]
    pub only: Vec<String>,
    /// Of OpenAPI: only operations with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    #[arg(hide = true)]
    pub words: Vec<String>,
}

#[derive(Debug, Args)]
pub struct CallWords {
    /// The tool
    #[arg(value_name = "TOOL")]
    pub name: String,
    /// Its arguments; `name:=JSON` passes any value
    #[arg(value_name = "ARGUMENT=VALUE")]
    pub arguments: Vec<String>,
    /// Run it even if its result is remembered, and remember the new one
    #[arg(long)]
    pub no_cache: bool,
}

#[derive(Debug, Args)]
pub struct TestWords {
    /// Only these: `COMMAND` or `COMMAND: TEST`; `*` stands for any text, `?` for a character
    #[arg(value_name = "TOOL")]
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
    #[arg(value_name = "TEMPLATE", conflicts_with = "template")]
    pub name: Option<String>,
    /// The same
    #[arg(long, value_name = "TEMPLATE", hide = true)]
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
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The files of the project in this folder rather than those of the user
    #[arg(long)]
    pub project: bool,
}

#[derive(Debug, Args)]
pub struct MigrateWords {
    /// The file of the original
    #[arg(value_hint = ValueHint::FilePath, default_value = INIT_FILE)]
    pub file: PathBuf,
    /// Write the new file here, where none is yet, instead of printing it
    #[arg(short, long, value_name = "OUT", conflicts_with = "in_place", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Replace the file; as it was it is kept beside
    #[arg(long)]
    pub in_place: bool,
    /// Only say what would change; ends with 1 if the file has no version
    #[arg(long, conflicts_with_all = ["output", "in_place"])]
    pub check: bool,
    #[arg(hide = true)]
    pub words: Vec<String>,
}

#[derive(Debug, Args)]
pub struct TrustWords {
    /// The file [default: the one that is found]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
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
    #[arg(long, value_name = "NAME", default_value = "mcpfier")]
    pub author: String,
    /// Also print the `server.json` with which the MCP registry lists the bundle under this name
    #[arg(long, value_name = "NAMESPACE/NAME", requires = "url")]
    pub server_json: Option<String>,
    /// With --server-json: where the bundle will be fetched
    #[arg(long, value_name = "URL", requires = "server_json")]
    pub url: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct GraphWords {
    /// A command of the file; without it all of them are drawn
    #[arg(value_name = "TOOL")]
    pub name: Option<String>,
    /// How it is drawn
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub format: GraphFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum GraphFormat {
    /// Lists and trees for a terminal
    #[default]
    Text,
    /// For Markdown that is shown with pictures
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture of its own
    Svg,
}

fn client_ids() -> PossibleValuesParser {
    PossibleValuesParser::new(CLIENTS.iter().map(|client| client.id))
}

impl Arguments {
    /// Whether a result that is remembered is not wanted.
    pub fn wants_anew(&self) -> bool {
        self.no_cache || matches!(&self.verb, Some(Verb::Call(call)) if call.no_cache)
    }
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
            Self::Cache { .. } => "cache",
            Self::Clean => "clean",
            Self::Doctor => "doctor",
            Self::Migrate(_) => "migrate",
            Self::Secret { .. } => "secret",
            Self::Key { .. } => "key",
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
            Self::Key { action } => return action.as_ref().map(KeyAction::words).unwrap_or_default(),
            Self::Cache { action } => return action.as_ref().map(CacheAction::words).unwrap_or_default(),
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
            Self::Cache { action: Some(CacheAction::Other(words)) } => words.first(),
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
