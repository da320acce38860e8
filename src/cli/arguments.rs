//! The command line as clap reads it.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
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
    /// Say what a code of --validate means, with an example; without a code, list them
    Explain {
        /// As `E0012`
        code: Option<String>,
    },
    /// Put this server into the files of the clients that are found, or of these
    Setup(SetupWords),
    /// Look for what usually goes wrong, and say the cure
    Doctor,
    /// Pack this program and the file into one `.mcpb` that desktop clients install
    Bundle(BundleWords),
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the JSON Schema of a document that mcpfier prints
    Schema {
        #[arg(value_parser = ["plan", "result", "validation"])]
        document: String,
    },
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
            Self::List { .. } => "list",
            Self::Explain { .. } => "explain",
            Self::Setup(_) => "setup",
            Self::Bundle(_) => "bundle",
            Self::Doctor => "doctor",
            Self::Completions { .. } => "completions",
            Self::Schema { .. } => "schema",
        }
    }
}
