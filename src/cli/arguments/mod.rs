//! The command line as clap reads it.

mod actions;
mod jobs;
mod verb;
mod words;

use std::path::PathBuf;

use clap::Parser;
use clap::builder::FalseyValueParser;

pub use super::audit::arguments::AuditAction;
use super::examples;

pub use actions::{
    ApprovalsAction, CacheAction, ConfigVerb, ImageNames, ImagesAction, KeyAction, PolicyAction,
    PolicyQuestion, ScheduleAction, SecretAction,
};
pub use jobs::JobsAction;
pub use verb::Verb;
pub use words::{
    BundleWords, CallWords, GraphFormat, GraphWords, ImportWords, MigrateWords, NewWords, SetupWords,
    TestWords, TrustWords,
};

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

    /// Agree in advance to what the tool asks before it runs
    #[arg(long, short = 'y')]
    pub yes: bool,

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

impl Arguments {
    /// Whether whoever calls has agreed to what is asked.
    pub fn agrees(&self) -> bool {
        self.yes || matches!(&self.verb, Some(Verb::Call(call)) if call.yes)
    }

    /// Whether a result that is remembered is not wanted.
    pub fn wants_anew(&self) -> bool {
        self.no_cache || matches!(&self.verb, Some(Verb::Call(call)) if call.no_cache)
    }
}
