//! The last line of an output, which says how far it is.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::engine::Sanitizer;

/// A line is shown up to this length.
const LINE: usize = 1024;

/// The last line that is not empty, finished or not.
#[derive(Debug, Default)]
pub struct LastLine {
    finished: Vec<u8>,
    begun: Vec<u8>,
}

impl LastLine {
    pub fn of(line: &str) -> Self {
        Self { finished: line.as_bytes().to_vec(), begun: Vec::new() }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
        let last = lines.next_back().unwrap_or_default();
        let Some(first) = lines.next() else { return begin(&mut self.begun, last) };
        begin(&mut self.begun, first);
        let is_said = |line: &&[u8]| !line.trim_ascii().is_empty();
        match lines.rfind(is_said) {
            Some(line) => {
                self.finished.clear();
                begin(&mut self.finished, line);
            }
            None if is_said(&self.begun.as_slice()) => std::mem::swap(&mut self.finished, &mut self.begun),
            None => {}
        }
        self.begun.clear();
        begin(&mut self.begun, last);
    }

    pub fn get(&self) -> &[u8] {
        if self.begun.trim_ascii().is_empty() { &self.finished } else { &self.begun }
    }
}

fn begin(line: &mut Vec<u8>, bytes: &[u8]) {
    let room = LINE.saturating_sub(line.len());
    line.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}

/// The last line in a file, clean; nothing if there is no such file.
pub fn last_line_of(path: &Path) -> String {
    let read = || {
        let file = File::open(path)?;
        let begin = file.metadata()?.len().saturating_sub(LINE as u64 * 4);
        let mut end = vec![0; LINE * 4];
        let read = file.read_at(&mut end, begin)?;
        end.truncate(read);
        io::Result::Ok(end)
    };
    let mut line = LastLine::default();
    line.push(&read().unwrap_or_default());
    Sanitizer::clean(line.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_one_that_says_something() {
        for (chunks, expected) in [
            (&["one\ntwo\n"][..], "two"),
            (&["one\ntw", "o"], "two"),
            (&["one\n", "\n\n", "  \n"], "one"),
            (&["10%\r20%\r"], "20%"),
            (&["on", "e\n"], "one"),
            (&["one\n", "two\n", "three"], "three"),
            (&[], ""),
        ] {
            let mut line = LastLine::default();
            chunks.iter().for_each(|chunk| line.push(chunk.as_bytes()));
            assert_eq!(String::from_utf8_lossy(line.get()), expected, "{chunks:?}");
        }
    }
}
