//! What a job has written so far, for those who read along.
//!
//! The beginning of it is kept, up to a limit. Whoever reads a run's output only appends here; what
//! gathers is written into a file by the store's thread, and read back from there.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::engine::Sanitizer;

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

/// A line is shown up to this length.
const LINE: usize = 1024;

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
    leaving: Bytes,
    fresh: Vec<u8>,
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

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.limit.saturating_sub(self.kept())).unwrap_or(usize::MAX);
        self.fresh.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
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

    /// Everything that waits, to be appended to a file; [`Log::took`] is to follow.
    pub(super) fn take(&mut self) -> Bytes {
        self.leaving = std::mem::take(&mut self.fresh).into();
        self.leaving.clone()
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
                let fresh = std::mem::replace(&mut self.fresh, leaving.into());
                self.fresh.extend_from_slice(&fresh);
                // Nothing more is taken away, and so not everything can be kept.
                self.limit = self.kept();
            }
        }
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
        for held in [&self.leaving[..], &self.fresh[..]] {
            let from = (offset + bytes.len() as u64).saturating_sub(begins);
            let from = usize::try_from(from).unwrap_or(usize::MAX).min(held.len());
            if offset + bytes.len() as u64 >= begins {
                bytes.extend(held.iter().skip(from).take(most.saturating_sub(bytes.len())));
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

/// The last line in a file, clean; nothing if there is no such file.
pub(super) fn last_line_of(path: &Path) -> String {
    let read = || {
        let file = File::open(path)?;
        let begin = file.metadata()?.len().saturating_sub(LINE as u64 * 4);
        let mut end = vec![0; LINE * 4];
        let read = file.read_at(&mut end, begin)?;
        end.truncate(read);
        std::io::Result::Ok(end)
    };
    let mut line = LastLine::default();
    line.push(&read().unwrap_or_default());
    Sanitizer::clean(line.get())
}

/// The last line that is not empty, finished or not.
#[derive(Debug, Default)]
struct LastLine {
    finished: Vec<u8>,
    begun: Vec<u8>,
}

impl LastLine {
    fn of(line: &str) -> Self {
        Self { finished: line.as_bytes().to_vec(), begun: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) {
        let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
        let last = lines.next_back().unwrap_or_default();
        let Some(first) = lines.next() else { return begin(&mut self.begun, last) };
        begin(&mut self.begun, first);
        let is_said = |line: &&[u8]| !line.trim_ascii().is_empty();
        match lines.rfind(is_said) {
            Some(line) => self.finished = line.get(..line.len().min(LINE)).unwrap_or_default().to_vec(),
            None if is_said(&self.begun.as_slice()) => self.finished = std::mem::take(&mut self.begun),
            None => {}
        }
        self.begun.clear();
        begin(&mut self.begun, last);
    }

    fn get(&self) -> &[u8] {
        if self.begun.trim_ascii().is_empty() { &self.finished } else { &self.begun }
    }
}

fn begin(line: &mut Vec<u8>, bytes: &[u8]) {
    line.extend(bytes.iter().take(LINE.saturating_sub(line.len())));
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
        log.push(b"0123456789");
        std::fs::write(&path, log.take()).unwrap();
        log.took(Some(path));
        log.push(b"abcdef");
        let leaving = log.take();
        log.push(b"ABCDEF");
        assert_eq!(&leaving[..], b"abcdef");
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
        log.push(b"abc");
        log.push(b"defg");
        assert_eq!(part(&log, 0, 100), ("abcde".to_owned(), 5));
        assert_eq!(log.len(), 7);
    }

    #[test]
    fn what_no_file_takes_stays_in_memory() {
        let mut log = Log::new(100);
        log.push(b"abc");
        log.take();
        log.push(b"def");
        log.took(None);
        log.push(b"ghi");
        assert_eq!(part(&log, 1, 100), ("bcdef".to_owned(), 6));
    }

    #[test]
    fn the_last_line_is_one_that_says_something() {
        for (chunks, expected) in [
            (&["one\ntwo\n"][..], "two"),
            (&["one\ntw", "o"], "two"),
            (&["one\n", "\n\n", "  \n"], "one"),
            (&["10%\r20%\r"], "20%"),
            (&["on", "e\n"], "one"),
            (&[], ""),
        ] {
            let mut log = Log::new(100);
            chunks.iter().for_each(|chunk| log.push(chunk.as_bytes()));
            assert_eq!(String::from_utf8_lossy(log.last_line()), expected, "{chunks:?}");
        }
    }
}
