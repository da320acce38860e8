//! What `mcpfier jobs` takes.

use std::time::Duration;

use clap::Subcommand;

use crate::model::parse_duration;

#[derive(Debug, Subcommand)]
pub enum JobsAction {
    /// List them, the newest first
    List {
        /// Only those that still run
        #[arg(long)]
        running: bool,
    },
    /// How one stands, and what it came to
    Show {
        /// Its name, or how that begins
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// What one has written
    Logs {
        /// Its name, or how that begins
        #[arg(value_name = "JOB")]
        job: String,
        /// Go on until it is over
        #[arg(short, long)]
        follow: bool,
    },
    /// End one that still runs, with all of its processes
    Cancel {
        /// Its name, or how that begins
        #[arg(value_name = "JOB")]
        job: String,
    },
    /// Forget those that are over
    Prune {
        /// Only those that have been over for so long, such as `1h` or `7d`
        #[arg(long, value_name = "TIME", value_parser = duration)]
        older: Option<Duration>,
    },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|problem| problem.to_string())
}

impl JobsAction {
    pub(super) fn words(&self) -> Vec<String> {
        let (verb, job) = match self {
            Self::List { .. } => ("list", None),
            Self::Show { job } => ("show", Some(job)),
            Self::Logs { job, .. } => ("logs", Some(job)),
            Self::Cancel { job } => ("cancel", Some(job)),
            Self::Prune { .. } => ("prune", None),
            Self::Other(words) => return words.clone(),
        };
        std::iter::once(verb.to_owned()).chain(job.cloned()).collect()
    }
}
