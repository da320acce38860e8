//! What a job has written so far, for those who read along.

/// A piece of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    pub bytes: Vec<u8>,
    /// Where the next piece begins.
    pub next: u64,
    /// How much has been written in all.
    pub total: u64,
    /// Nothing will follow what is written.
    pub is_over: bool,
}

/// Output in the order in which it came.
#[derive(Debug, Default)]
pub(super) struct Log {
    bytes: Vec<u8>,
    last_line: Vec<u8>,
}

impl Log {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let mut lines = self.bytes.rsplit(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        self.last_line = lines.next().unwrap_or_default().to_vec();
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn last_line(&self) -> &[u8] {
        &self.last_line
    }

    pub(super) fn part(&self, offset: u64, most: usize, is_over: bool) -> LogPart {
        let total = self.len();
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        let bytes: Vec<u8> = self.bytes.iter().skip(from).take(most).copied().collect();
        LogPart { next: (from + bytes.len()) as u64, bytes, total, is_over }
    }
}
