//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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

    /// With --validate: look variables up in FILE, as on another host, and not in the environment
    #[arg(long, requires = "validate", value_name = "FILE")]
    pub env_file: Option<PathBuf>,

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

impl Verb {
    /// The word that names this verb; a file of the original may have a command of that name.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::List { .. } => "list",
            Self::Completions { .. } => "completions",
            Self::Schema { .. } => "schema",
        }
    }
}
