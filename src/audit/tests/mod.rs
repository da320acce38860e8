//! A log is written, something is done to it, and that is found; or it is gone on with.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

mod verifying;
mod writing;

use super::event::Event;
use super::head::beside;
use super::ledger::{Ledger, LedgerError, Pending};
use super::line;
use super::pages::files_of;
use super::*;
use crate::model::{AuditKind, AuditRules, ByteSize, Checkpoint, OnUnrecorded, Rotation};

struct Log {
    _folder: TempDir,
    rules: AuditRules,
    path: PathBuf,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let rules = AuditRules {
            file: Some(path.clone()),
            stdout: false,
            syslog: None,
            chain: true,
            on_failure: OnUnrecorded::Refuse,
            sync: false,
            rotation: Rotation::default(),
            include: AuditKind::ALL.to_vec(),
            mask: Vec::new(),
            checkpoint: Checkpoint::default(),
        };
        Self { _folder: folder, rules, path }
    }

    fn signed(every: u64) -> Self {
        Self::signed_with(&SigningKey::of([9; 32]), every)
    }

    fn signed_with(signing: &SigningKey, every: u64) -> Self {
        let mut log = Self::new();
        let key = log.path.with_extension("key");
        signing.write(&key).unwrap();
        log.rules.checkpoint = Checkpoint { every, key: Some(key) };
        log
    }

    fn key(&self) -> Option<VerifyingKey> {
        self.rules.checkpoint.key.as_deref().map(|key| SigningKey::read(key).unwrap().verifying())
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.rules, &self.path, "test").unwrap()
    }

    fn write(&self, count: u64) -> &Self {
        let mut ledger = self.open();
        (0..count).for_each(|number| drop(append(&mut ledger, number).unwrap()));
        self
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(&self.path).unwrap().lines().map(str::to_owned).collect()
    }

    fn rewrite(&self, change: impl FnOnce(&mut Vec<String>)) {
        let mut lines = self.lines();
        change(&mut lines);
        fs::write(&self.path, lines.join("\n") + "\n").unwrap();
    }

    fn report(&self) -> Report {
        self.verified(Knowledge { key: self.key().as_ref(), ..Knowledge::default() })
    }

    fn verified(&self, knowledge: Knowledge<'_>) -> Report {
        verify(&Subject::log(&self.path), knowledge).unwrap()
    }

    fn with_key(&self, key: &VerifyingKey) -> Report {
        self.verified(Knowledge { key: Some(key), ..Knowledge::default() })
    }

    /// What was found, and of which record.
    fn found(&self) -> Vec<(&'static str, Option<u64>)> {
        self.report().findings.iter().map(|finding| (finding.what, finding.seq)).collect()
    }
}

fn append(ledger: &mut Ledger, number: u64) -> Result<Vec<String>, LedgerError> {
    let body = line::body(&Event::Gap { lost: number });
    ledger.append(&[Pending { at: SystemTime::now(), body }])
}

/// A line with other content and digests that fit it.
fn forged(line: &str, prev: Option<&str>, change: (&str, &str)) -> (String, String) {
    let content = line::seals(line).unwrap().content.replace(change.0, change.1);
    let content = match prev {
        Some(prev) => {
            let (before, _) = content.rsplit_once(r#","prev":""#).unwrap();
            format!(r#"{before},"prev":"{prev}""#)
        }
        None => content,
    };
    let hash = super::seal::digest(content.as_bytes());
    (format!(r#"{content},"hash":"{hash}"}}"#), hash)
}
