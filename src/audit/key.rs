//! The key that checkpoints are signed with, in a file of its own.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::seal::{hex, hmac};

/// What stands before the digits in a file.
const MARK: &str = "mcpfier-audit-key:";
const BYTES: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum BadKey {
    #[error("the key `{}` cannot be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("`{}` is no key of ours; `mcpfier audit key FILE` makes one", .path.display())]
    Strange { path: PathBuf },
    #[error("others can read the key `{}`: `chmod 600` it", .path.display())]
    Open { path: PathBuf },
    #[error("`{}` is there already, and no key is overwritten", .path.display())]
    There { path: PathBuf },
    #[error("the key `{}` cannot be written: {source}", .path.display())]
    Unwritable { path: PathBuf, source: std::io::Error },
}

/// Signs checkpoints, and shows that they are signed. It prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey([u8; BYTES]);

impl SigningKey {
    pub fn of(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads a key that nobody else can.
    pub fn read(path: &Path) -> Result<Self, BadKey> {
        let unreadable = |source| BadKey::Unreadable { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.mode() & 0o077 != 0 {
            return Err(BadKey::Open { path: path.to_owned() });
        }
        let mut text = String::new();
        Read::take(&mut file, 4096).read_to_string(&mut text).map_err(unreadable)?;
        Self::parse(text.trim()).ok_or_else(|| BadKey::Strange { path: path.to_owned() })
    }

    /// Writes it into a new file.
    pub fn write(&self, path: &Path) -> Result<(), BadKey> {
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = opened.map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => BadKey::There { path: path.to_owned() },
            _ => BadKey::Unwritable { path: path.to_owned(), source },
        })?;
        let text = format!("{MARK}{}\n", hex(&self.0));
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|source| BadKey::Unwritable { path: path.to_owned(), source })
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(MARK)?.as_bytes();
        let mut bytes = [0; BYTES];
        if digits.len() != 2 * BYTES {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }

    pub fn sign(&self, text: &str) -> String {
        hmac(&self.0, text.as_bytes())
    }

    /// Tells keys apart without saying anything of them.
    pub fn name(&self) -> String {
        self.sign("mcpfier audit key").chars().take(12).collect()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.name())
    }
}
