//! Verbs that have verbs of their own, and what those take.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

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
        /// A role that it has; may be repeated
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// The tenant that it belongs to
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
        /// The day from which on it lets nobody in, such as 2027-01-01
        #[arg(long, value_name = "DAY")]
        expires: Option<String>,
    },
    /// Say who is let in over HTTP, and by what
    List,
    /// Put a new key in the place of one, and show it once; the file is changed
    Rotate {
        /// Whose key it is
        #[arg(value_name = "NAME")]
        name: String,
        /// The day from which on the key before lets nobody in [default: at once]
        #[arg(long, value_name = "DAY")]
        keep_until: Option<String>,
    },
    /// Take a key out of the file
    Revoke {
        /// Whose key it is
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Make the hash of a password, which is read from stdin or asked for
    HashPassword,
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

impl KeyAction {
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Self::Create { name, .. } => vec!["create".to_owned(), name.clone()],
            Self::List => vec!["list".to_owned()],
            Self::Rotate { name, .. } => vec!["rotate".to_owned(), name.clone()],
            Self::Revoke { name } => vec!["revoke".to_owned(), name.clone()],
            Self::HashPassword => vec!["hash-password".to_owned()],
            Self::Other(words) => words.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum PolicyAction {
    /// What a caller may: one call with its arguments, or every tool
    Check(Box<PolicyQuestion>),
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[derive(Debug, Args)]
pub struct PolicyQuestion {
    /// Who calls: `local`, `anonymous`, `key:NAME`, `token:NAME`, `basic:NAME`, `certificate:NAME`
    #[arg(long = "as", value_name = "CALLER", default_value = "local")]
    pub caller: String,
    /// Roles beside those that the file gives, with commas between
    #[arg(long, value_name = "ROLE,…", value_delimiter = ',')]
    pub roles: Vec<String>,
    /// Scopes of the token, with commas between
    #[arg(long, value_name = "SCOPE,…", value_delimiter = ',')]
    pub scopes: Vec<String>,
    /// Claims of the token, as a JSON object
    #[arg(long, value_name = "JSON")]
    pub claims: Option<String>,
    /// The tenant of the caller
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Where the call comes from
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<std::net::IpAddr>,
    /// When: a day or a moment in UTC, such as 2026-11-27T17:00:00Z [default: now]
    #[arg(long, value_name = "MOMENT")]
    pub at: Option<String>,
    /// The tool; without it every tool is judged
    #[arg(value_name = "TOOL")]
    pub tool: Option<String>,
    /// Its arguments
    #[arg(value_name = "ARGUMENT=VALUE")]
    pub words: Vec<String>,
}

impl PolicyAction {
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Self::Check(question) => {
                std::iter::once("check".to_owned()).chain(question.tool.clone()).collect()
            }
            Self::Other(words) => words.clone(),
        }
    }
}

impl SecretAction {
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Self::Set { name, .. } => vec!["set".to_owned(), name.clone()],
            Self::List => vec!["list".to_owned()],
            Self::Rm { name } => vec!["rm".to_owned(), name.clone()],
            Self::Other(words) => words.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum ApprovalsAction {
    /// The calls that wait, and those that were decided
    List,
    /// What exactly would run
    Show {
        /// The call, by its name in the list or the beginning of that
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Let a call run, one time
    Approve {
        /// The call, by its name in the list or the beginning of that
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Have a call refused
    Deny {
        /// The call, by its name in the list or the beginning of that
        #[arg(value_name = "ID")]
        id: String,
        /// What its caller is told
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

impl ApprovalsAction {
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Self::List => vec!["list".to_owned()],
            Self::Show { id } => vec!["show".to_owned(), id.clone()],
            Self::Approve { id } => vec!["approve".to_owned(), id.clone()],
            Self::Deny { id, .. } => vec!["deny".to_owned(), id.clone()],
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
    pub(super) fn words(&self) -> Vec<String> {
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
    pub(super) fn words(&self) -> Vec<String> {
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

#[derive(Debug, Subcommand)]
pub enum ScheduleAction {
    /// List the schedules of the file: as whom, when they are due, and when they ran last
    List,
    /// Say when something is due
    Next {
        /// The tool; without it all of them
        #[arg(value_name = "TOOL")]
        name: Option<String>,
        /// How many times
        #[arg(long, value_name = "COUNT", default_value_t = 10)]
        count: usize,
        /// From a day or a moment in UTC on, such as 2026-11-27T17:00:00Z [default: now]
        #[arg(long, value_name = "MOMENT")]
        from: Option<String>,
    },
    /// Run a tool now as its schedule would: as that caller, with those arguments
    Run {
        /// The tool
        #[arg(value_name = "TOOL")]
        name: String,
        /// Which of several schedules, from 1
        #[arg(long, value_name = "NUMBER")]
        number: Option<usize>,
    },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

impl ScheduleAction {
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Self::List => vec!["list".to_owned()],
            Self::Next { name, .. } => std::iter::once("next".to_owned()).chain(name.clone()).collect(),
            Self::Run { name, .. } => vec!["run".to_owned(), name.clone()],
            Self::Other(words) => words.clone(),
        }
    }
}
