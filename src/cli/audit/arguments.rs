//! The words of `mcpfier audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

#[derive(Debug, Subcommand)]
pub enum AuditAction {
    /// Say whether records were changed, taken out, moved or cut off, and where
    Verify(VerifyWords),
    /// Print the records that fit, oldest first
    Query {
        #[command(flatten)]
        question: QuestionWords,
        /// Only so many, the last ones
        #[arg(long, value_name = "COUNT")]
        last: Option<usize>,
    },
    /// Print the last records
    Tail {
        #[command(flatten)]
        question: QuestionWords,
        /// So many
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
        last: usize,
        /// Go on with those that come, until interrupted
        #[arg(short, long)]
        follow: bool,
    },
    /// Print the records that fit as a table or as lines of JSON
    Export {
        #[command(flatten)]
        question: QuestionWords,
        /// As what
        #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
        format: ExportFormat,
    },
    /// Make a key for checkpoints
    Key {
        /// Make a pair: the file signs, and the public key, which is printed, only verifies
        #[arg(long)]
        ed25519: bool,
        /// The file to write
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Words that only a command can have.
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// As they are
    Jsonl,
    /// For a spreadsheet
    Csv,
}

#[derive(Debug, Args)]
pub struct VerifyWords {
    /// The log; several are read as one, in this order
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// The key that checkpoints are signed with [default: that of the configuration]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// The public key of the pair that checkpoints are signed with
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "key")]
    pub public_key: Option<PathBuf>,
    /// A record that is known from elsewhere: its number and its digest
    #[arg(long, value_name = "NUMBER:DIGEST")]
    pub anchor: Option<String>,
    /// The log came without its head, as a copy can: say what that leaves open, and find no fault with it
    #[arg(long)]
    pub no_head: bool,
}

#[derive(Debug, Args)]
pub struct QuestionWords {
    /// The log
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// From this moment on, UTC: `2026-11-21` or `2026-11-21T10:30`
    #[arg(long, value_name = "MOMENT")]
    pub since: Option<String>,
    /// Before this moment
    #[arg(long, value_name = "MOMENT")]
    pub until: Option<String>,
    /// A caller, such as `key:ci`; `*` stands for any text
    #[arg(long, value_name = "CALLER")]
    pub caller: Option<String>,
    /// A tool; `*` stands for any text
    #[arg(long, value_name = "TOOL")]
    pub tool: Option<String>,
    /// What happened, such as `call.began` or `*.refused`
    #[arg(long, value_name = "EVENT")]
    pub event: Option<String>,
    /// What was decided, such as `allowed` or `denied`
    #[arg(long, value_name = "DECISION")]
    pub decision: Option<String>,
    /// How it ended, such as `success` or `timed_out`
    #[arg(long, value_name = "VERDICT")]
    pub verdict: Option<String>,
    /// A trace
    #[arg(long, value_name = "TRACE")]
    pub trace: Option<String>,
    /// A call and what it ran
    #[arg(long, value_name = "CALL")]
    pub call: Option<String>,
    /// Only what was refused or did not succeed
    #[arg(long)]
    pub failed: bool,
}

impl AuditAction {
    pub fn words(&self) -> Vec<String> {
        let file_of = |question: &QuestionWords| question.file.clone();
        let (verb, files): (&str, Vec<PathBuf>) = match self {
            Self::Verify(words) => ("verify", words.files.clone()),
            Self::Query { question, .. } => ("query", file_of(question).into_iter().collect()),
            Self::Tail { question, .. } => ("tail", file_of(question).into_iter().collect()),
            Self::Export { question, .. } => ("export", file_of(question).into_iter().collect()),
            Self::Key { file, .. } => ("key", vec![file.clone()]),
            Self::Other(words) => return words.clone(),
        };
        let files = files.iter().filter_map(|file| file.to_str().map(str::to_owned));
        std::iter::once(verb.to_owned()).chain(files).collect()
    }
}
