//! The file of a log: appends batches of records, each whole or not at all, and goes on where others
//! or an earlier server left off.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::model::AuditRules;

use super::event::{Event, Loss};
use super::head::{self, Head, Lock, Unknown};
use super::key::{BadKey, SigningKey, VerifyingKey};
use super::line::{self, Place};
use super::pages;
use super::seal::{BEGINNING, digest};

/// Longer lines are none of ours.
const LONGEST: u64 = 1 << 20;

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("`{}`: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "`{}` is not what was written last ({what}); look with `mcpfier audit verify`, then move it away together with `{}`",
        .path.display(), head::beside(path).display()
    )]
    Damaged { path: PathBuf, what: String },
    #[error(transparent)]
    Key(#[from] BadKey),
}

/// A record that has no place yet.
pub struct Pending {
    pub at: SystemTime,
    pub body: String,
}

/// The lines that were written, for other places that records go to.
pub type Written = Vec<String>;

/// An open log.
pub struct Ledger {
    rules: AuditRules,
    path: PathBuf,
    process: String,
    key: Option<SigningKey>,
    verifying: Option<VerifyingKey>,
    /// The head as this process has written it, if it has: nobody has to look at its signature again.
    own: Option<(Head, Vec<u8>)>,
    head_file: Arc<File>,
    log: File,
    /// Which files these are, whatever stands in their places.
    head_id: FileId,
    log_id: FileId,
    /// The last that this process knows of, so that it is known who wrote what comes next.
    seen: u64,
}

impl Ledger {
    pub fn open(rules: &AuditRules, path: &Path, process: &str) -> Result<Self, LedgerError> {
        let key = rules.checkpoint.key.as_deref().map(SigningKey::read).transpose()?;
        let named = |path: PathBuf| move |source| LedgerError::Io { path, source };
        let head_path = head::beside(path);
        let (head_file, head_id) =
            head::open(&head_path).and_then(identified).map_err(named(head_path.clone()))?;
        let (log, log_id) = open_log(path).and_then(identified).map_err(named(path.to_owned()))?;
        let (rules, path, process) = (rules.clone(), path.to_owned(), process.to_owned());
        let verifying = key.as_ref().map(SigningKey::verifying);
        let head_file = Arc::new(head_file);
        Ok(Self { rules, path, process, key, verifying, own: None, head_file, log, head_id, log_id, seen: 0 })
    }

    /// Writes records in this order, all of them or none.
    pub fn append(&mut self, pending: &[Pending]) -> Result<Written, LedgerError> {
        let head_file = self.head().map_err(|source| self.io(source))?;
        let _lock = Lock::take(&head_file).map_err(|source| self.io(source))?;
        let (mut head, mut batch) = self.end()?;
        if head.bytes >= self.rules.rotation.size.0 && head.seq >= head.first {
            batch.extend(self.rotate(&mut head)?);
        }
        for Pending { at, body } in pending {
            batch.push(*at, body.clone());
            let count = head.seq + batch.len() - head.signed;
            if self.key.is_some() && count >= self.rules.checkpoint.every {
                batch.push_signed(Event::Checkpoint { records: count });
                head.signed = head.seq + batch.len();
            }
        }
        self.write(head, batch)
    }

    /// Signs what there is since the last checkpoint, if anything.
    pub fn conclude(&mut self) -> Result<Written, LedgerError> {
        let head_file = self.head().map_err(|source| self.io(source))?;
        let _lock = Lock::take(&head_file).map_err(|source| self.io(source))?;
        let (mut head, mut batch) = self.end()?;
        let count = head.seq - head.signed.min(head.seq);
        if self.key.is_none() || count == 0 {
            return Ok(Vec::new());
        }
        batch.push_signed(Event::Checkpoint { records: count });
        head.signed = head.seq + batch.len();
        self.write(head, batch)
    }

    fn write(&mut self, mut head: Head, batch: Batch) -> Result<Written, LedgerError> {
        let before = head.bytes;
        let mut lines = Vec::with_capacity(batch.0.len());
        let mut bytes = Vec::new();
        for (at, body, is_signed) in batch.0 {
            head.seq += 1;
            let prev = self.rules.chain.then_some(if head.hash.is_empty() { BEGINNING } else { &*head.hash });
            let place = Place { seq: head.seq, prev, process: &self.process };
            let (text, hash) = line::line(place, at, &body, self.key.as_ref().filter(|_| is_signed));
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(b'\n');
            lines.push(text);
            head.hash = hash;
        }
        head.bytes += bytes.len() as u64;
        let written = self.put(&bytes).and_then(|()| head.write(&self.head_file, self.key.as_ref()));
        match written {
            Ok(written) => {
                self.seen = head.seq;
                self.own = Some((head, written));
            }
            Err(source) => {
                // What was begun is taken back, or the next one finds it.
                let _ = self.log.set_len(before);
                return Err(self.io(source));
            }
        }
        Ok(lines)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.log.write_all(bytes)?;
        if self.rules.sync { self.log.sync_data() } else { Ok(()) }
    }

    /// Where the log ends, and what has to be said first. Needs the lock.
    fn end(&mut self) -> Result<(Head, Batch), LedgerError> {
        let mut batch = Batch::default();
        let (replaced, size) = self.reopened().map_err(|source| self.io(source))?;
        let own = self.own.as_ref().filter(|(head, _)| replaced == Replaced::No && size == head.bytes);
        if let Some((head, _)) = own {
            // Nobody has written since.
            return Ok((head.clone(), batch));
        }
        let mut head = match self.read_head()? {
            Ok(head) => head,
            Err(Unknown::Absent) if size == 0 => {
                let head = self.resumed()?;
                if head.seq > 0 {
                    batch.push_now(self.adopted(Loss::NoHead, head.seq, 0));
                }
                return Ok((head, batch));
            }
            Err(Unknown::Forged) => return Err(self.damaged("its head is signed with another key")),
            Err(lost) => {
                let what = match lost {
                    Unknown::Unsigned => Loss::Unsigned,
                    _ => Loss::NoHead,
                };
                let head = self.found(Head::default(), 0)?;
                let cut = self.cut(&head, size)?;
                batch.push_now(self.adopted(what, head.seq, cut));
                return Ok((head, batch));
            }
        };
        if size == 0 && replaced != Replaced::No && head.bytes > 0 {
            // Somebody has moved the file; the chain goes on in the new one.
            let before = head.seq;
            (head.bytes, head.first) = (0, head.seq + 1);
            batch.push_now(Event::Recovered { what: Loss::Moved, records: before, bytes: 0 });
            return Ok((head, batch));
        }
        if size < head.bytes {
            return Err(self.damaged(&format!("it has {size} bytes, and had {}", head.bytes)));
        }
        if self.seen == 0 || replaced != Replaced::No {
            self.check_last(&head)?;
        }
        if size > head.bytes {
            let (known, from) = (head.seq, head.bytes);
            head = self.found(head, from)?;
            let cut = self.cut(&head, size)?;
            let records = head.seq - known;
            batch.push_now(Event::Recovered { what: Loss::Killed, records, bytes: cut });
        }
        Ok((head, batch))
    }

    /// Nobody knows whether there was more, so the server says that, too, and goes on.
    fn adopted(&self, what: Loss, records: u64, bytes: u64) -> Event {
        tracing::warn!(
            "`{}` goes on behind record {records}, and {}: whether there was more cannot be told",
            self.path.display(),
            what.text()
        );
        Event::Recovered { what, records, bytes }
    }

    /// Takes the beginning of a record away that nobody has ended. Whole lines stay.
    fn cut(&self, head: &Head, size: u64) -> Result<u64, LedgerError> {
        let cut = size.saturating_sub(head.bytes);
        if cut == 0 {
            return Ok(0);
        }
        let rest = self.read(head.bytes, cut).map_err(|source| self.io(source))?;
        if rest.contains(&b'\n') {
            return Err(self.damaged(&format!("what stands behind record {} does not follow it", head.seq)));
        }
        self.log.set_len(head.bytes).map_err(|source| self.io(source))?;
        Ok(cut)
    }

    /// Where files end that were put aside before the current one was lost.
    fn resumed(&self) -> Result<Head, LedgerError> {
        let aside = pages::put_aside(&self.path);
        let (Some((oldest, _)), Some((_, newest))) = (aside.first(), aside.last()) else {
            return Ok(Head::default());
        };
        let mut pages = pages::Pages::of(vec![newest.clone()]);
        let mut last = None;
        while let Some(entry) = pages.next_entry().map_err(|source| self.io(source))? {
            last = entry.seq().map(|seq| (seq, line::seals(&entry.text).map(|seals| seals.hash.to_owned())));
        }
        let Some((seq, hash)) = last else {
            return Err(self.damaged("the file before it does not end with a record"));
        };
        let hash = hash.unwrap_or_default();
        Ok(Head { seq, hash, bytes: 0, first: seq + 1, oldest: *oldest, signed: 0 })
    }

    fn read_head(&self) -> Result<Result<Head, Unknown>, LedgerError> {
        let bytes = Head::bytes(&self.head_file).map_err(|source| self.io(source))?;
        let is_own = self.own.as_ref().is_some_and(|(_, own)| *own == bytes);
        let verifying = self.verifying.as_ref().filter(|_| !is_own);
        Ok(Head::parse(&bytes, verifying))
    }

    /// The head that lies there, whoever has put it there.
    fn head(&mut self) -> io::Result<Arc<File>> {
        let path = head::beside(&self.path);
        if !fs::metadata(&path).is_ok_and(|there| id_of(&there) == self.head_id) {
            let (file, id) = identified(head::open(&path)?)?;
            (self.head_file, self.head_id, self.seen) = (Arc::new(file), id, 0);
        }
        Ok(Arc::clone(&self.head_file))
    }

    /// Opens the file anew if another one stands in its place; says how long it is.
    fn reopened(&mut self) -> io::Result<(Replaced, u64)> {
        if let Ok(there) = fs::metadata(&self.path)
            && id_of(&there) == self.log_id
        {
            return Ok((if self.seen == 0 { Replaced::Perhaps } else { Replaced::No }, there.len()));
        }
        self.renew()?;
        Ok((Replaced::Perhaps, self.log.metadata()?.len()))
    }

    fn renew(&mut self) -> io::Result<()> {
        (self.log, self.log_id) = identified(open_log(&self.path)?)?;
        Ok(())
    }

    /// The last record has to be the one that was written last.
    fn check_last(&self, head: &Head) -> Result<(), LedgerError> {
        if !self.rules.chain || head.bytes == 0 || head.hash.is_empty() {
            return Ok(());
        }
        let from = head.bytes.saturating_sub(LONGEST);
        let text = self.read(from, head.bytes - from).map_err(|source| self.io(source))?;
        let text = String::from_utf8_lossy(&text);
        let last = text.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
        match line::seals(last) {
            Some(seals) if seals.hash == head.hash && digest(seals.content.as_bytes()) == head.hash => Ok(()),
            _ => Err(self.damaged("its last record is another one")),
        }
    }

    /// What stands behind a known place, as far as it goes on from there.
    fn found(&self, mut head: Head, from: u64) -> Result<Head, LedgerError> {
        let mut file = File::open(&self.path).map_err(|source| self.io(source))?;
        file.seek(SeekFrom::Start(from)).map_err(|source| self.io(source))?;
        let mut lines = BufReader::new(file);
        let mut is_first = from == 0;
        loop {
            let mut text = String::new();
            let read = io::Read::take(&mut lines, LONGEST).read_line(&mut text);
            let Some(whole) = read.ok().filter(|read| *read > 0).and_then(|_| text.strip_suffix('\n')) else {
                return Ok(head);
            };
            let Some(next) = follows(&head, whole, is_first, self.rules.chain) else {
                return match is_first {
                    true => Err(self.damaged("it holds something else than records")),
                    false => Ok(head),
                };
            };
            if is_first {
                head.first = next.seq;
                head.oldest = pages::put_aside(&self.path).first().map_or(next.seq, |(first, _)| *first);
            }
            is_first = false;
            (head.seq, head.hash) = (next.seq, next.hash);
            head.bytes += text.len() as u64;
        }
    }

    /// Puts the file aside and begins another one; what is too old is removed.
    fn rotate(&mut self, head: &mut Head) -> Result<Batch, LedgerError> {
        if self.key.is_some() && head.seq > head.signed {
            let mut last = Batch::default();
            last.push_signed(Event::Checkpoint { records: head.seq - head.signed });
            let mut signed = head.clone();
            signed.signed = head.seq + 1;
            self.write(signed, last)?;
            *head = self.read_head()?.map_err(|_| self.damaged("its head is gone"))?;
        }
        let aside = pages::aside(&self.path, head.first);
        fs::rename(&self.path, &aside).map_err(|source| self.io(source))?;
        self.renew().map_err(|source| self.io(source))?;
        let kept = pages::put_aside(&self.path);
        let gone = kept.len().saturating_sub(self.rules.rotation.keep);
        for (_, path) in kept.iter().take(gone) {
            // What cannot be removed stays, and nothing of it is said to be gone.
            let _ = fs::remove_file(path);
        }
        let oldest = pages::put_aside(&self.path).first().map_or(head.seq + 1, |(first, _)| *first);
        (head.bytes, head.first, head.oldest) = (0, head.seq + 1, oldest);
        let before = aside.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut batch = Batch::default();
        batch.push_now(Event::Rotated { before, oldest });
        Ok(batch)
    }

    fn read(&self, from: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(file, length), &mut bytes)?;
        Ok(bytes)
    }

    fn io(&self, source: io::Error) -> LedgerError {
        LedgerError::Io { path: self.path.clone(), source }
    }

    fn damaged(&self, what: &str) -> LedgerError {
        LedgerError::Damaged { path: self.path.clone(), what: what.to_owned() }
    }
}

/// Whether the file is one that this process has not looked at yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replaced {
    No,
    Perhaps,
}

/// Bodies on their way to become lines, and which of them are signed.
#[derive(Default)]
struct Batch(Vec<(SystemTime, String, bool)>);

impl Batch {
    fn push(&mut self, at: SystemTime, body: String) {
        self.0.push((at, body, false));
    }

    fn push_now(&mut self, event: Event) {
        self.push(SystemTime::now(), line::body(&event));
    }

    fn push_signed(&mut self, event: Event) {
        self.0.push((SystemTime::now(), line::body(&event), true));
    }

    fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

struct Next {
    seq: u64,
    hash: String,
}

/// A line, if it is the one after.
fn follows(head: &Head, text: &str, is_first: bool, has_chain: bool) -> Option<Next> {
    let record: serde_json::Value = serde_json::from_str(text).ok()?;
    let seq = record.get("seq")?.as_u64()?;
    if !is_first && seq != head.seq + 1 {
        return None;
    }
    if !has_chain {
        return Some(Next { seq, hash: String::new() });
    }
    let seals = line::seals(text)?;
    let prev = record.get("prev")?.as_str()?;
    let fits = digest(seals.content.as_bytes()) == seals.hash && (is_first || prev == head.hash);
    fits.then(|| Next { seq, hash: seals.hash.to_owned() })
}

/// A file by its device and its number there.
type FileId = (u64, u64);

fn id_of(file: &fs::Metadata) -> FileId {
    (file.dev(), file.ino())
}

fn identified(file: File) -> io::Result<(File, FileId)> {
    let id = id_of(&file.metadata()?);
    Ok((file, id))
}

fn open_log(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected a file"));
    }
    Ok(file)
}
