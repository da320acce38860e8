//! What a job has written so far, for those who read along.
//!
//! The beginning of it is kept, up to a limit. Whoever reads a run's output only appends here; what
//! gathers is written into a file by the store's thread, and read back from there. Until then it is the
//! very memory that holds the output for its result.

mod last_line;
mod pieces;

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use bytes::Bytes;

use last_line::LastLine;
use pieces::Pieces;

pub(super) use last_line::last_line_of;

/// A piece of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    pub bytes: Vec<u8>,
    /// Where the next piece begins.
    pub next: u64,
    /// How much has been written in all, also beyond what is kept.
    pub total: u64,
    /// Nothing will follow what is written.
    pub is_over: bool,
}

/// Output in the order in which it came.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// How much of it is kept.
    limit: u64,
    total: u64,
    /// Where the bytes are that have left memory, and how many.
    file: Option<PathBuf>,
    filed: u64,
    /// On their way into the file.
    leaving: Pieces,
    fresh: Pieces,
    line: LastLine,
}

impl Log {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, ..Self::default() }
    }

    /// One that is complete, in a file.
    pub(super) fn written(file: PathBuf, total: u64, last_line: &str) -> Self {
        let filed = file.metadata().map_or(0, |metadata| metadata.len());
        let line = LastLine::of(last_line);
        Self { file: Some(file), filed, total: total.max(filed), line, ..Self::default() }
    }

    pub(super) fn push(&mut self, bytes: &Bytes) {
        let room = usize::try_from(self.limit.saturating_sub(self.kept())).unwrap_or(usize::MAX);
        self.fresh.push(bytes.slice(..room.min(bytes.len())));
        self.total += bytes.len() as u64;
        self.line.push(bytes);
    }

    pub(super) fn len(&self) -> u64 {
        self.total
    }

    pub(super) fn last_line(&self) -> &[u8] {
        self.line.get()
    }

    /// How much of it waits in memory to be taken away.
    pub(super) fn fresh(&self) -> usize {
        self.fresh.len()
    }

    /// The same with what is on its way.
    pub(super) fn in_memory(&self) -> usize {
        self.leaving.len() + self.fresh.len()
    }

    /// Everything that waits, to be appended to a file; [`Log::took`] is to follow.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        self.leaving = self.fresh.take();
        self.leaving.shared()
    }

    /// What was taken is in the file. If it is not, it stays here for good.
    pub(super) fn took(&mut self, file: Option<PathBuf>) {
        let leaving = std::mem::take(&mut self.leaving);
        match file {
            Some(file) => {
                self.filed += leaving.len() as u64;
                self.file = Some(file);
            }
            None => {
                let fresh = std::mem::replace(&mut self.fresh, leaving);
                self.fresh.append(fresh);
                // Nothing more is taken away, and so not everything can be kept.
                self.limit = self.kept();
            }
        }
    }

    /// The file that it is in has another name now.
    pub(super) fn moved(&mut self, to: PathBuf) {
        self.file = self.file.take().map(|_| to);
    }

    /// What another process has written meanwhile.
    pub(super) fn grown(&mut self) {
        self.filed = self.file.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        self.total = self.total.max(self.filed);
    }

    pub(super) fn part(&self, offset: u64, most: usize, is_over: bool) -> LogPart {
        let offset = offset.min(self.kept());
        let mut bytes = self.part_of_file(offset, most);
        let mut begins = self.filed;
        for held in [&self.leaving, &self.fresh] {
            let reached = offset + bytes.len() as u64;
            if let Some(from) = reached.checked_sub(begins) {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                held.copy(from, most.saturating_sub(bytes.len()), &mut bytes);
            }
            begins += held.len() as u64;
        }
        LogPart { next: offset + bytes.len() as u64, bytes, total: self.total, is_over }
    }

    fn kept(&self) -> u64 {
        self.filed + (self.leaving.len() + self.fresh.len()) as u64
    }

    fn part_of_file(&self, offset: u64, most: usize) -> Vec<u8> {
        let wanted = self.filed.saturating_sub(offset).min(most as u64);
        let mut bytes = vec![0; usize::try_from(wanted).unwrap_or_default()];
        let read = self.file.as_ref().map(|path| File::open(path)?.read_exact_at(&mut bytes, offset));
        match read {
            Some(Ok(())) => bytes,
            // It was removed: it is too old.
            Some(Err(_)) | None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(log: &Log, offset: u64, most: usize) -> (String, u64) {
        let part = log.part(offset, most, false);
        (String::from_utf8(part.bytes).unwrap(), part.next)
    }

    #[test]
    fn a_piece_is_the_same_wherever_its_bytes_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::new(100);
        log.push(&Bytes::from_static(b"0123456789"));
        std::fs::write(&path, log.take().concat()).unwrap();
        log.took(Some(path));
        log.push(&Bytes::from_static(b"abcdef"));
        let leaving = log.take();
        log.push(&Bytes::from_static(b"ABCDEF"));
        assert_eq!(leaving.concat(), b"abcdef");
        let whole = "0123456789abcdefABCDEF";
        for from in 0..=whole.len() {
            for most in 0..=whole.len() {
                let expected = &whole[from..(from + most).min(whole.len())];
                assert_eq!(
                    part(&log, from as u64, most),
                    (expected.to_owned(), (from + expected.len()) as u64)
                );
            }
        }
        assert_eq!(part(&log, 1000, 5), (String::new(), 22));
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted_only() {
        let mut log = Log::new(5);
        log.push(&Bytes::from_static(b"abc"));
        log.push(&Bytes::from_static(b"defg"));
        assert_eq!(part(&log, 0, 100), ("abcde".to_owned(), 5));
        assert_eq!(log.len(), 7);
    }

    #[test]
    fn what_no_file_takes_stays_in_memory() {
        let mut log = Log::new(100);
        log.push(&Bytes::from_static(b"abc"));
        log.take();
        log.push(&Bytes::from_static(b"def"));
        log.took(None);
        log.push(&Bytes::from_static(b"ghi"));
        assert_eq!(part(&log, 1, 100), ("bcdef".to_owned(), 6));
    }
}
