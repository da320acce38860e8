//! Where a log ends, in a small file beside it: without that, nobody could say that the last records
//! are missing. Servers that write one log lock it while they write.

use std::fmt::Write;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::key::{Scheme, SigningKey, VerifyingKey};
use super::seal::{BEGINNING, is_digest};

/// So long it is, whatever it says: it is written in one piece.
const SIZE: usize = 384;
/// Nobody holds the lock for longer than a few writes take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of the end of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last record.
    pub seq: u64,
    pub hash: String,
    /// The size of the current file.
    pub bytes: u64,
    /// The number of the first record in it.
    pub first: u64,
    /// The number of the first record that is still kept.
    pub oldest: u64,
    /// The number of the last checkpoint.
    pub signed: u64,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: BEGINNING.to_owned(), bytes: 0, first: 1, oldest: 1, signed: 0 }
    }
}

/// Why the end of a log is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// There is nothing.
    Absent,
    /// There is something else.
    Strange,
    /// Another key, or somebody without one, has written it.
    Forged,
    /// It is not signed, and there is a key.
    Unsigned,
}

/// The file beside a log.
pub fn beside(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".head");
    PathBuf::from(name)
}

pub fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// The lock of a log, which ends with this.
pub struct Lock<'f>(&'f File);

impl<'f> Lock<'f> {
    pub fn take(file: &'f File) -> io::Result<Self> {
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "another program holds its lock"));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_micros(200)),
            }
        }
    }
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        // It ends with the file in any case.
        let _ = self.0.unlock();
    }
}

impl Head {
    /// What stands in the file.
    pub fn bytes(file: &File) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; SIZE];
        let mut read = 0;
        while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, read as u64)? {
                0 => break,
                count => read += count,
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }

    pub fn parse(text: &[u8], key: Option<&VerifyingKey>) -> Result<Self, Unknown> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err(Unknown::Absent);
        }
        let value: Value = serde_json::from_slice(text).map_err(|_| Unknown::Strange)?;
        let number = |name: &str| value.get(name).and_then(Value::as_u64).ok_or(Unknown::Strange);
        let hash =
            value.get("hash").and_then(Value::as_str).filter(|hash| hash.is_empty() || is_digest(hash));
        let head = Self {
            seq: number("seq")?,
            hash: hash.ok_or(Unknown::Strange)?.to_owned(),
            bytes: number("bytes")?,
            first: number("first")?,
            oldest: number("oldest")?,
            signed: number("signed")?,
        };
        let signed = |scheme: Scheme| Some((scheme, value.get(scheme.field())?.as_str()?));
        match (key, Scheme::ALL.into_iter().find_map(signed)) {
            (None, _) => Ok(head),
            (Some(_), None) => Err(Unknown::Unsigned),
            (Some(key), Some(signature)) if key.holds(&head.said(), signature) => Ok(head),
            (Some(_), Some(_)) => Err(Unknown::Forged),
        }
    }

    /// Returns what stands in the file from now on.
    pub fn write(&self, file: &File, key: Option<&SigningKey>) -> io::Result<Vec<u8>> {
        let text = self.text(key);
        file.write_all_at(&text, 0)?;
        Ok(text)
    }

    fn text(&self, key: Option<&SigningKey>) -> Vec<u8> {
        let Self { seq, hash, bytes, first, oldest, signed } = self;
        // Numbers and digits, of which nothing needs to be escaped.
        let mut text = format!(
            r#"{{"v":1,"seq":{seq},"hash":"{hash}","bytes":{bytes},"first":{first},"oldest":{oldest},"signed":{signed}"#
        );
        if let Some(key) = key {
            let (field, signature) = (key.scheme().field(), key.sign(&self.said()));
            // Writing into a text cannot fail.
            let _ = write!(text, r#","{field}":"{signature}""#);
        }
        text.push('}');
        let mut text = text.into_bytes();
        text.resize(SIZE.max(text.len() + 1) - 1, b' ');
        text.push(b'\n');
        text
    }

    /// What a signature is of.
    fn said(&self) -> String {
        let Self { seq, hash, bytes, first, oldest, signed } = self;
        format!("head {seq} {hash} {bytes} {first} {oldest} {signed}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::seal::digest;

    #[test]
    fn a_head_is_read_as_it_was_written_and_not_without_its_signature() {
        let most = u64::MAX;
        let head =
            Head { seq: most, hash: digest(b""), bytes: most, first: most, oldest: most, signed: most };
        let read = |by: Option<&SigningKey>, with: Option<&SigningKey>| {
            Head::parse(&head.text(by), with.map(SigningKey::verifying).as_ref())
        };
        let secret = SigningKey::of([1; 32]);
        let keys = [Some(secret.clone()), SigningKey::generate_pair()];
        let others =
            [Some(SigningKey::of([2; 32])), SigningKey::generate_pair(), SigningKey::generate_pair()];
        for key in keys.iter().flatten() {
            assert_eq!(head.text(Some(key)).len(), SIZE);
            assert_eq!(read(Some(key), Some(key)), Ok(head.clone()));
            assert_eq!(read(Some(key), None), Ok(head.clone()));
            for other in others.iter().flatten() {
                assert_eq!(read(Some(key), Some(other)), Err(Unknown::Forged));
            }
            assert_eq!(read(None, Some(key)), Err(Unknown::Unsigned));
        }
        assert_eq!(Head::parse(b" \n", None), Err(Unknown::Absent));
        assert_eq!(Head::parse(b"{}", None), Err(Unknown::Strange));
    }
}
