//! What single verbs take.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};

use crate::clients::CLIENTS;

/// Where `mcpfier init` writes, since it is looked for there.
pub(super) const INIT_FILE: &str = "config.yaml";

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
    /// Agree in advance to what it asks before it runs
    #[arg(long, short = 'y')]
    pub yes: bool,
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
