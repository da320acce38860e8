//! What was done to the records of a log since they were written: changed, taken out, moved, cut off.

mod ending;
mod recovery;
mod walk;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::head::{self, Head, Lock, Unknown};
use super::key::VerifyingKey;
use super::pages::{Pages, files_of, number_of};
use walk::Walk;

/// A record that somebody knows from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    pub seq: u64,
    pub hash: String,
}

impl std::str::FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':').and_then(|(seq, hash)| Some((seq.parse().ok()?, hash)));
        match parts {
            Some((seq, hash)) if super::seal::is_digest(hash) => Ok(Self { seq, hash: hash.to_owned() }),
            _ => Err(format!("`{text}` is no record; expected its number and its digest: `12:9f86d0…`")),
        }
    }
}

/// What is looked through: files in their order, and the head of the log that they are.
#[derive(Debug, Clone)]
pub struct Subject {
    files: Vec<PathBuf>,
    head: PathBuf,
    /// The number of the first record, as its file is named, if files are all that were put aside.
    aside: Option<u64>,
}

impl Subject {
    /// A log, with what was put aside of it.
    pub fn log(log: &Path) -> Self {
        Self::new(files_of(log), log)
    }

    /// Files that somebody has put together. The head lies beside the last one.
    pub fn files(files: Vec<PathBuf>) -> Self {
        let last = files.last().cloned().unwrap_or_default();
        Self::new(files, &last)
    }

    fn new(files: Vec<PathBuf>, log: &Path) -> Self {
        let is_aside = number_of(log).is_some();
        let aside = files.first().filter(|_| is_aside).and_then(|first| number_of(first));
        Self { files, head: head::beside(log), aside }
    }
}

/// What somebody knows of a log who looks through it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Knowledge<'a> {
    pub key: Option<&'a VerifyingKey>,
    pub anchor: Option<&'a Anchor>,
    /// That its head was left behind.
    pub is_headless: bool,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: a file and a line in it; `None` if it is about what is not there.
    pub place: Option<(PathBuf, u64)>,
    /// The first record that it is about.
    pub seq: Option<u64>,
    pub what: &'static str,
    pub text: String,
}

/// What there is in a log, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub records: u64,
    pub first: Option<u64>,
    /// The last record and its digest.
    pub last: Option<Anchor>,
    /// Checkpoints whose signature is right.
    pub signed: u64,
    /// Whether the head beside the log is there, and says what the log says.
    pub head: Option<bool>,
    pub findings: Vec<Finding>,
    pub notes: Vec<String>,
}

/// Looks through all files of a log.
pub fn verify(subject: &Subject, knowledge: Knowledge<'_>) -> io::Result<Report> {
    let before = head_of(&subject.head, knowledge.key)?;
    let mut walk = Walk::new(subject, knowledge, before);
    let mut pages = Pages::of(subject.files.clone());
    while let Some(entry) = pages.next_entry()? {
        walk.take(&entry);
    }
    // A server may have written meanwhile, and no record that it has written is behind this head.
    let after = head_of(&subject.head, knowledge.key)?;
    Ok(walk.end(after.map_or(0, |head| head.seq)))
}

/// The head while nobody writes.
fn head_of(path: &Path, key: Option<&VerifyingKey>) -> io::Result<Result<Head, Unknown>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(Unknown::Absent)),
        Err(error) => return Err(error),
    };
    // A copy may lie where there are no locks; nobody writes there.
    let _lock = Lock::take(&file);
    Ok(Head::parse(&Head::bytes(&file)?, key))
}

/// `record 3 is` or `records 3 to 5 are`.
fn range(from: u64, to: u64) -> String {
    if from == to { format!("record {from} is") } else { format!("records {from} to {to} are") }
}
