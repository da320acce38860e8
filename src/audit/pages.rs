//! The files of one log in their order: those put aside, and the current one.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Longer lines are not read.
const LONGEST: u64 = 1 << 20;
/// Of the number of its first record, in the name of a file that was put aside.
const DIGITS: usize = 12;

/// The name of a file that is put aside, by the number of its first record.
pub fn aside(log: &Path, first: u64) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(format!(".{first:0DIGITS$}"));
    PathBuf::from(name)
}

/// Those that were put aside, the oldest first, by the numbers of their first records.
pub fn put_aside(log: &Path) -> Vec<(u64, PathBuf)> {
    let folder = log.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let Some(name) = log.file_name().map(|name| format!("{}.", name.to_string_lossy())) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let entry_name = entry.file_name();
            let digits = entry_name.to_str()?.strip_prefix(&name)?;
            Some((number(digits)?, log.with_file_name(&entry_name)))
        })
        .collect();
    found.sort();
    found
}

/// The number of the first record in a file that was put aside, by its name.
pub fn number_of(file: &Path) -> Option<u64> {
    number(file.file_name()?.to_str()?.rsplit_once('.')?.1)
}

fn number(digits: &str) -> Option<u64> {
    let is_number = digits.len() >= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// All files of a log, the current one last.
pub fn files_of(log: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = put_aside(log).into_iter().map(|(_, path)| path).collect();
    if log.exists() || files.is_empty() {
        files.push(log.to_owned());
    }
    files
}

/// A line of a file, and what it holds.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which of the files.
    pub file: usize,
    /// Counted from 1.
    pub line: u64,
    pub text: String,
    /// `None` if it is no JSON.
    pub record: Option<Value>,
}

impl Entry {
    pub fn seq(&self) -> Option<u64> {
        self.record.as_ref()?.get("seq")?.as_u64()
    }

    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.record.as_ref()?.get(name)?.as_str()
    }

    /// None counts as 0.
    pub fn number_of(&self, name: &str) -> u64 {
        self.record.as_ref().and_then(|record| record.get(name)?.as_u64()).unwrap_or_default()
    }
}

/// Reads files line by line.
pub struct Pages {
    files: Vec<PathBuf>,
    at: usize,
    reader: Option<BufReader<File>>,
    line: u64,
    /// Whether somebody comes back for more: then a line without its end is waited for.
    waits: bool,
    /// Whether the last file was put aside, so that nothing comes to it any more.
    is_over: bool,
    /// The last record that was read.
    seq: u64,
    unfinished: Vec<u8>,
}

impl Pages {
    pub fn of(files: Vec<PathBuf>) -> Self {
        let (waits, is_over, unfinished) = (false, false, Vec::new());
        Self { files, at: 0, reader: None, line: 0, waits, is_over, seq: 0, unfinished }
    }

    /// The same, for whoever comes back for more.
    pub fn waiting(self) -> Self {
        Self { waits: true, ..self }
    }

    /// Goes on with what came after the last file, if that was put aside, when it is read to its end.
    pub fn renew(&mut self) {
        let there = self.files.get(self.at).and_then(|path| fs::metadata(path).ok());
        let ours = self.reader.as_ref().and_then(|reader| reader.get_ref().metadata().ok());
        if let (Some(there), Some(ours)) = (there, ours)
            && (there.dev(), there.ino()) != (ours.dev(), ours.ino())
        {
            self.is_over = true;
        }
    }

    /// Opens the file whose turn it is. More than one may have been put aside since somebody looked, and
    /// what comes first is read first. `None` if there is no file for a moment.
    fn open(&mut self) -> io::Result<Option<File>> {
        loop {
            let Some(path) = self.files.get(self.at).cloned() else { return Ok(None) };
            let is_awaited = self.waits && self.at + 1 >= self.files.len();
            let file = match File::open(&path) {
                Err(error) if is_awaited && self.seq > 0 && error.kind() == io::ErrorKind::NotFound => {
                    return Ok(None);
                }
                opened => opened.map_err(|error| {
                    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
                })?,
            };
            if !is_awaited {
                return Ok(Some(file));
            }
            // What was put aside before this file was opened has its name by now.
            let later = put_aside(&path).into_iter().filter(|(first, _)| *first > self.seq);
            let later = later.map(|(_, path)| path).filter(|path| !self.files.contains(path));
            let between: Vec<PathBuf> = later.collect();
            if between.is_empty() {
                return Ok(Some(file));
            }
            self.files.splice(self.at..self.at, between);
        }
    }

    /// The next line; `None` at the end, where more may come later.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        loop {
            if self.reader.is_none() {
                let Some(file) = self.open()? else { return Ok(None) };
                (self.reader, self.line) = (Some(BufReader::new(file)), 0);
            }
            let Some(reader) = &mut self.reader else { return Ok(None) };
            let mut bytes = std::mem::take(&mut self.unfinished);
            reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
            if bytes.is_empty() {
                if std::mem::take(&mut self.is_over) {
                    self.reader = None;
                    continue;
                }
                if self.at + 1 >= self.files.len() {
                    return Ok(None);
                }
                (self.at, self.reader) = (self.at + 1, None);
                continue;
            }
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            } else if self.waits && !self.is_over && self.at + 1 >= self.files.len() {
                self.unfinished = bytes;
                return Ok(None);
            }
            self.line += 1;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let record = serde_json::from_str(&text).ok().filter(Value::is_object);
            let entry = Entry { file: self.at, line: self.line, text, record };
            self.seq = entry.seq().unwrap_or(self.seq);
            return Ok(Some(entry));
        }
    }
}
