//! Reads the records of a log one after the other, and finds what is not as it was written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use super::super::head::{Head, Unknown};
use super::super::line::{self, Seals};
use super::super::pages::Entry;
use super::super::seal::{BEGINNING, digest};
use super::{Anchor, Finding, Knowledge, Report, Subject, range};

/// More than this help nobody.
const MOST: usize = 1000;
/// No log has more records.
const NUMBERS: Range<u64> = 1..1 << 62;

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

pub(super) struct Walk<'a> {
    subject: &'a Subject,
    knowledge: Knowledge<'a>,
    /// As it was before anything was read.
    head: Result<Head, Unknown>,
    is_anchored: bool,
    /// Whether a record has a digest.
    is_sealed: bool,
    /// Those that have none.
    unsealed: Vec<(u64, (PathBuf, u64))>,
    last: Option<Seen>,
    /// The number from which on records have to be there.
    pub(super) oldest: u64,
    pub(super) first_place: Option<(PathBuf, u64)>,
    /// The digest of the record that the head says is the last.
    pub(super) at_head: Option<String>,
    /// The last record that a signature vouches for.
    vouched: u64,
    /// Lines since the last record that could not be read.
    unreadable: u64,
    gaps: Vec<Gap>,
    strays: BTreeMap<u64, (PathBuf, u64)>,
    pub(super) report: Report,
}

impl<'a> Walk<'a> {
    pub(super) fn new(subject: &'a Subject, knowledge: Knowledge<'a>, head: Result<Head, Unknown>) -> Self {
        Self {
            subject,
            knowledge,
            head,
            is_anchored: false,
            is_sealed: false,
            unsealed: Vec::new(),
            last: None,
            oldest: 1,
            first_place: None,
            at_head: None,
            vouched: 0,
            unreadable: 0,
            gaps: Vec::new(),
            strays: BTreeMap::new(),
            report: Report::default(),
        }
    }

    pub(super) fn has_key(&self) -> bool {
        self.knowledge.key.is_some()
    }

    pub(super) fn is_headless(&self) -> bool {
        self.knowledge.is_headless
    }

    /// Whether every record has to have its digest: taking all of them away changes nothing in that.
    pub(super) fn has_chain(&self) -> bool {
        let is_in_head = self.head.as_ref().is_ok_and(|head| head.seq > 0 && !head.hash.is_empty());
        self.has_key() || is_in_head || self.is_sealed
    }

    pub(super) fn aside(&self) -> Option<u64> {
        self.subject.aside
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.report.first
    }

    pub(super) fn last_seq(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.seq)
    }

    /// The first of the records up to this one that no checkpoint vouches for, where there is a key.
    pub(super) fn unsigned(&self, last: u64) -> Option<u64> {
        (self.has_key() && last > self.vouched).then_some(self.vouched + 1)
    }

    /// What to say of those.
    pub(super) fn signed_by_nobody(&self, last: u64) -> String {
        let unsigned = self.unsigned(last).map(|first| range(first, last));
        unsigned.map(|range| format!(", and {range} signed by nobody")).unwrap_or_default()
    }

    pub(super) fn note(&mut self, text: String) {
        if self.report.notes.len() < MOST {
            self.report.notes.push(text);
        }
    }

    pub(super) fn find(
        &mut self,
        place: Option<(PathBuf, u64)>,
        seq: Option<u64>,
        what: &'static str,
        text: String,
    ) {
        if self.report.findings.len() < MOST {
            self.report.findings.push(Finding { place, seq, what, text });
        }
    }

    fn place(&self, entry: &Entry) -> (PathBuf, u64) {
        (self.subject.files.get(entry.file).cloned().unwrap_or_default(), entry.line)
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        let place = self.place(entry);
        let Some(seq) = entry.seq().filter(|seq| NUMBERS.contains(seq)) else {
            self.unreadable += 1;
            let text = "this line is no record".to_owned();
            return self.find(Some(place), None, "unreadable", text);
        };
        self.report.records += 1;
        let seals = line::seals(&entry.text);
        if self.last.is_none() {
            self.begin(entry, seq, seals);
        }
        self.recovered(entry, seq, &place);
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
        if seals.is_some() && seq == 1 && entry.text_of("prev") != Some(BEGINNING) {
            let text = "record 1 does not stand at the beginning of a chain".to_owned();
            self.find(self.first_place.clone(), Some(1), "changed", text);
        }
    }

    /// Whether a record is what its own digest says, and its signature.
    fn sealed(&mut self, entry: &Entry, seq: u64, seals: Option<Seals<'_>>, place: &(PathBuf, u64)) -> Seen {
        let Some(seals) = seals else {
            if self.unsealed.len() < MOST {
                self.unsealed.push((seq, place.clone()));
            }
            return Seen { seq, hash: String::new(), is_intact: false };
        };
        self.is_sealed = true;
        let is_intact = digest(seals.content.as_bytes()) == seals.hash;
        if !is_intact {
            let text = format!("record {seq} was changed: its digest is that of something else");
            self.find(Some(place.clone()), Some(seq), "changed", text);
        }
        if let Some(anchor) = self.knowledge.anchor.filter(|anchor| anchor.seq == seq) {
            self.is_anchored = anchor.hash == seals.hash;
        }
        self.signature(entry, seq, seals, place);
        let hash = seals.hash.to_owned();
        if self.head.as_ref().is_ok_and(|head| head.seq == seq) {
            self.at_head.get_or_insert_with(|| hash.clone());
        }
        Seen { seq, hash, is_intact }
    }

    fn signature(&mut self, entry: &Entry, seq: u64, seals: Seals<'_>, place: &(PathBuf, u64)) {
        let Some(key) = self.knowledge.key else { return };
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
        let is_bound = entry.text_of("prev") == Some(&*last.hash);
        if !is_bound && last.is_intact && seen.is_intact {
            let text = format!(
                "record {} or {} was written anew: the second does not hold the digest of the first",
                last.seq, seen.seq
            );
            self.find(Some(place), Some(last.seq), "changed", text);
        }
        true
    }

    /// `latest` is the last record that the head knew when everything was read.
    pub(super) fn end(mut self, latest: u64) -> Report {
        let head = self.head.clone();
        self.chain();
        self.holes();
        self.ends(&head, latest);
        if let Some(anchor) = self.knowledge.anchor.filter(|_| !self.is_anchored) {
            let text = format!("record {} is not the one whose digest is known", anchor.seq);
            self.find(None, Some(anchor.seq), "changed", text);
        }
        self.report.last = self.last.map(|last| Anchor { seq: last.seq, hash: last.hash });
        self.report.findings.sort_by_key(|finding| finding.seq.unwrap_or_default());
        self.report
    }

    /// Records without a digest, where others have one or all have to.
    fn chain(&mut self) {
        let unsealed = std::mem::take(&mut self.unsealed);
        if self.has_chain() {
            for (seq, place) in unsealed {
                let text = format!("record {seq} was changed: it has no digest");
                self.find(Some(place), Some(seq), "changed", text);
            }
        } else if !unsealed.is_empty() {
            self.note("these records are no chain: changes in them are not seen".to_owned());
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
}
