//! What was done to the records of a log since they were written: changed, taken out, moved, cut off.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::head::{self, Head, Unknown};
use super::key::VerifyingKey;
use super::line::{self, Seals};
use super::pages::{Entry, Pages};
use super::seal::{BEGINNING, digest};

/// More than this help nobody.
const MOST: usize = 1000;

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

/// Looks through all files of a log, in their order. The head lies beside the last one.
pub fn verify(files: &[PathBuf], key: Option<&VerifyingKey>, anchor: Option<&Anchor>) -> io::Result<Report> {
    let mut walk = Walk::new(files, key, anchor);
    let mut pages = Pages::of(files.to_vec());
    while let Some(entry) = pages.next_entry()? {
        walk.take(&entry);
    }
    let head = files.last().map(|log| head_of(log, key)).transpose()?.flatten();
    Ok(walk.end(head))
}

fn head_of(log: &Path, key: Option<&VerifyingKey>) -> io::Result<Option<Result<Head, Unknown>>> {
    match std::fs::read(head::beside(log)) {
        Ok(text) => Ok(Some(Head::parse(&text, key))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A record on the way.
#[derive(Clone)]
struct Seen {
    seq: u64,
    hash: String,
    is_intact: bool,
}

struct Gap {
    from: u64,
    to: u64,
    place: (PathBuf, u64),
}

struct Walk<'a> {
    files: &'a [PathBuf],
    key: Option<&'a VerifyingKey>,
    anchor: Option<&'a Anchor>,
    is_anchored: bool,
    has_chain: bool,
    last: Option<Seen>,
    /// The number from which on records have to be there.
    oldest: u64,
    first_place: Option<(PathBuf, u64)>,
    /// The last record that a signature vouches for.
    vouched: u64,
    /// Lines since the last record that could not be read.
    unreadable: u64,
    gaps: Vec<Gap>,
    strays: BTreeMap<u64, (PathBuf, u64)>,
    report: Report,
}

impl<'a> Walk<'a> {
    fn new(files: &'a [PathBuf], key: Option<&'a VerifyingKey>, anchor: Option<&'a Anchor>) -> Self {
        Self {
            files,
            key,
            anchor,
            is_anchored: false,
            has_chain: true,
            last: None,
            oldest: 1,
            first_place: None,
            vouched: 0,
            unreadable: 0,
            gaps: Vec::new(),
            strays: BTreeMap::new(),
            report: Report::default(),
        }
    }

    fn find(&mut self, place: Option<(PathBuf, u64)>, seq: Option<u64>, what: &'static str, text: String) {
        if self.report.findings.len() < MOST {
            self.report.findings.push(Finding { place, seq, what, text });
        }
    }

    fn place(&self, entry: &Entry) -> (PathBuf, u64) {
        (self.files.get(entry.file).cloned().unwrap_or_default(), entry.line)
    }

    fn take(&mut self, entry: &Entry) {
        let place = self.place(entry);
        let Some(seq) = entry.seq() else {
            self.unreadable += 1;
            let text = "this line is no record".to_owned();
            return self.find(Some(place), None, "unreadable", text);
        };
        self.report.records += 1;
        let seals = line::seals(&entry.text);
        if self.last.is_none() {
            self.begin(entry, seq, seals);
        }
        let seen = self.sealed(entry, seq, seals, &place);
        if !self.follows(&seen, entry, place) {
            return;
        }
        if let (Some("log.rotated"), Some(oldest)) =
            (entry.text_of("event"), entry.record.as_ref().and_then(|record| record["oldest"].as_u64()))
        {
            self.oldest = self.oldest.max(oldest);
        }
        self.last = Some(seen);
        self.unreadable = 0;
    }

    fn begin(&mut self, entry: &Entry, seq: u64, seals: Option<Seals<'_>>) {
        self.report.first = Some(seq);
        self.first_place = Some(self.place(entry));
        self.has_chain = seals.is_some() || entry.text_of("prev").is_some();
        if !self.has_chain {
            self.report.notes.push("these records are no chain: changes in them are not seen".to_owned());
        } else if seq == 1 && entry.text_of("prev") != Some(BEGINNING) {
            let text = "record 1 does not stand at the beginning of a chain".to_owned();
            self.find(self.first_place.clone(), Some(1), "changed", text);
        }
    }

    /// Whether a record is what its own digest says, and its signature.
    fn sealed(&mut self, entry: &Entry, seq: u64, seals: Option<Seals<'_>>, place: &(PathBuf, u64)) -> Seen {
        let Some(seals) = seals else {
            if self.has_chain {
                let text = format!("record {seq} was changed: it has no digest");
                self.find(Some(place.clone()), Some(seq), "changed", text);
            }
            return Seen { seq, hash: String::new(), is_intact: !self.has_chain };
        };
        let is_intact = digest(seals.content.as_bytes()) == seals.hash;
        if !is_intact {
            let text = format!("record {seq} was changed: its digest is that of something else");
            self.find(Some(place.clone()), Some(seq), "changed", text);
        }
        if let Some(anchor) = self.anchor.filter(|anchor| anchor.seq == seq) {
            self.is_anchored = anchor.hash == seals.hash;
        }
        self.signature(entry, seq, seals, place);
        Seen { seq, hash: seals.hash.to_owned(), is_intact }
    }

    fn signature(&mut self, entry: &Entry, seq: u64, seals: Seals<'_>, place: &(PathBuf, u64)) {
        let Some(key) = self.key else { return };
        let is_checkpoint = entry.text_of("event") == Some("log.checkpoint");
        match seals.signature {
            Some(signature) if key.holds(seals.hash, signature) => {
                self.report.signed += 1;
                self.vouched = seq;
            }
            None if !is_checkpoint => {}
            Some(_) | None => {
                let otherwise = seals.signature.map(|(scheme, _)| scheme);
                let otherwise = otherwise.filter(|scheme| *scheme != key.scheme());
                let otherwise =
                    otherwise.map(|scheme| format!(" but by {}", scheme.title())).unwrap_or_default();
                let text = format!(
                    "checkpoint {seq} is not signed with this key{otherwise}: something from record {} on was written by somebody else",
                    self.vouched + 1
                );
                self.find(Some(place.clone()), Some(seq), "forged", text);
            }
        }
    }

    /// Whether a record stands behind the one before, with whatever is missing between.
    fn follows(&mut self, seen: &Seen, entry: &Entry, place: (PathBuf, u64)) -> bool {
        let Some(last) = self.last.clone() else { return true };
        if seen.seq <= last.seq {
            self.strays.insert(seen.seq, place);
            return false;
        }
        if seen.seq > last.seq + 1 {
            let (from, to) = (last.seq + 1, seen.seq - 1);
            if to - from + 1 != self.unreadable {
                self.gaps.push(Gap { from, to, place });
            }
            return true;
        }
        let is_bound = !self.has_chain || entry.text_of("prev") == Some(&*last.hash);
        if !is_bound && last.is_intact && seen.is_intact {
            let text = format!(
                "record {} or {} was written anew: the second does not hold the digest of the first",
                last.seq, seen.seq
            );
            self.find(Some(place), Some(last.seq), "changed", text);
        }
        true
    }

    fn end(mut self, head: Option<Result<Head, Unknown>>) -> Report {
        let head = self.head(head);
        self.beginning(head.as_ref());
        self.holes();
        self.ending(head.as_ref());
        if let Some(anchor) = self.anchor.filter(|_| !self.is_anchored) {
            let text = format!("record {} is not the one whose digest is known", anchor.seq);
            self.find(None, Some(anchor.seq), "changed", text);
        }
        self.report.last = self.last.map(|last| Anchor { seq: last.seq, hash: last.hash });
        self.report.findings.sort_by_key(|finding| finding.seq.unwrap_or_default());
        self.report
    }

    fn head(&mut self, head: Option<Result<Head, Unknown>>) -> Option<Head> {
        match head? {
            Ok(head) => Some(head),
            Err(Unknown::Absent) => None,
            Err(Unknown::Strange) => {
                self.find(None, None, "forged", "the head is none of ours".to_owned());
                None
            }
            Err(Unknown::Forged) => {
                self.find(None, None, "forged", "the head is not signed with this key".to_owned());
                None
            }
            Err(Unknown::Unsigned) => {
                self.find(None, None, "forged", "the head is not signed".to_owned());
                None
            }
        }
    }

    fn beginning(&mut self, head: Option<&Head>) {
        let oldest = head.map_or(self.oldest, |head| head.oldest.max(self.oldest));
        let Some(first) = self.report.first else { return };
        if first > oldest {
            let text = format!("{} missing at the beginning", range(oldest, first - 1));
            self.find(self.first_place.clone(), Some(oldest), "missing", text);
        } else if first > 1 {
            self.report.notes.push(format!(
                "the log begins with record {first}; older files were removed by `rotate.keep`"
            ));
        }
    }

    /// What is missing, and whether it stands elsewhere.
    fn holes(&mut self) {
        let mut strays = std::mem::take(&mut self.strays);
        for Gap { from, to, place } in std::mem::take(&mut self.gaps) {
            let mut missing = from;
            let inside: Vec<u64> = strays.range(from..=to).map(|(seq, _)| *seq).collect();
            for seq in inside {
                if seq > missing {
                    let text = format!("{} missing", range(missing, seq - 1));
                    self.find(Some(place.clone()), Some(missing), "missing", text);
                }
                let stray = strays.remove(&seq);
                self.find(stray, Some(seq), "moved", format!("record {seq} stands in another place"));
                missing = seq + 1;
            }
            if missing <= to {
                let text = format!("{} missing before this line", range(missing, to));
                self.find(Some(place), Some(missing), "missing", text);
            }
        }
        for (seq, place) in strays {
            self.find(Some(place), Some(seq), "repeated", format!("record {seq} stands here once more"));
        }
    }

    fn ending(&mut self, head: Option<&Head>) {
        let Some(head) = head else {
            if self.report.records > 0 {
                let note =
                    "there is no head beside the log: whether records are missing at its end cannot be told";
                self.report.notes.push(note.to_owned());
            }
            return;
        };
        let last = self.last.as_ref().map_or(0, |last| last.seq);
        if last < head.seq {
            let text = format!("{} missing at the end", range(last + 1, head.seq));
            self.find(None, Some(last + 1), "missing", text);
        } else if last == head.seq && self.last.as_ref().is_some_and(|last| last.hash != head.hash) {
            let text = format!("record {last} is not the one that was written last");
            self.find(None, Some(last), "changed", text);
        } else if last > head.seq {
            let count = last - head.seq;
            self.report.notes.push(format!(
                "the last {count} records are not in the head: a server is writing, or was killed while it wrote"
            ));
        }
        self.report.head = Some(last == head.seq);
    }
}

fn range(from: u64, to: u64) -> String {
    if from == to { format!("record {from} is") } else { format!("records {from} to {to} are") }
}
