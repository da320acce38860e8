//! The key of the store: where it is, how it is written, and how the first one is made.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Generate, Key as AeadKey};
use zeroize::Zeroizing;

use crate::model::{KEY_FILE_VARIABLE, KEY_VARIABLE, key_file};

use super::{BadSafe, private_file};

const PREFIX: &str = "mcpfier-key-1-";
const LARGEST_FILE: usize = 4 << 10;

pub type Key = Zeroizing<[u8; 32]>;

/// Where the key comes from. Its `Debug` shows no key.
pub enum KeyPlace {
    /// The text itself, from the environment.
    Variable(Zeroizing<String>),
    /// A file that somebody named.
    Named(PathBuf),
    /// The file that is made when there is none.
    Usual(PathBuf),
}

impl KeyPlace {
    pub fn of(environment: &BTreeMap<String, String>) -> Result<Self, BadSafe> {
        let set = |name| environment.get(name).filter(|value| !value.is_empty());
        if let Some(text) = set(KEY_VARIABLE) {
            return Ok(Self::Variable(Zeroizing::new(text.clone())));
        }
        match set(KEY_FILE_VARIABLE) {
            Some(path) => Ok(Self::Named(PathBuf::from(path))),
            None => Ok(Self::Usual(key_file(environment).ok_or(BadSafe::NoHome)?)),
        }
    }

    pub fn read(&self) -> Result<Key, BadSafe> {
        let path = match self {
            Self::Variable(text) => return self.parse(text),
            Self::Named(path) | Self::Usual(path) => path,
        };
        let shown = || path.display().to_string();
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => BadSafe::NoKey { path: shown() },
            _ => BadSafe::file(path, &error),
        };
        if !private_file::is_private(path).map_err(unreadable)? {
            return Err(BadSafe::OpenKey { path: shown() });
        }
        let bytes = Zeroizing::new(private_file::read(path, LARGEST_FILE).map_err(unreadable)?);
        self.parse(std::str::from_utf8(&bytes).unwrap_or_default())
    }

    /// Only at its usual place: a key that somebody named is theirs to make.
    pub fn may_be_made(&self) -> bool {
        matches!(self, Self::Usual(_))
    }

    /// Makes the key; `None` if somebody else has made one in this moment.
    pub fn make(&self) -> Result<Option<Key>, BadSafe> {
        let Self::Usual(path) = self else { return Ok(None) };
        let key = AeadKey::<XChaCha20Poly1305>::try_generate().map_err(|_| BadSafe::NoRandomness)?;
        let key = Zeroizing::new(key.0);
        let text = Zeroizing::new(format!(
            "# The key of the secrets that mcpfier stores. Whoever has it and them can read them.\n{PREFIX}{}\n",
            URL_SAFE_NO_PAD.encode(*key)
        ));
        let made = match path.parent() {
            Some(folder) => private_file::make_folder(folder),
            None => Ok(()),
        };
        let made = made.and_then(|()| private_file::create(path, text.as_bytes()));
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(BadSafe::file(path, &error)),
            Ok(()) => Ok(Some(key)),
        }
    }

    /// One line with the key; `#` begins a comment.
    fn parse(&self, text: &str) -> Result<Key, BadSafe> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let line = lines.next().filter(|_| lines.next().is_none());
        let bytes = line.and_then(|line| URL_SAFE_NO_PAD.decode(line.strip_prefix(PREFIX)?).ok());
        let bytes = Zeroizing::new(bytes.unwrap_or_default());
        let key = <[u8; 32]>::try_from(bytes.as_slice());
        key.map(Zeroizing::new).map_err(|_| BadSafe::BadKey { place: self.to_string() })
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(_) => f.write_str(KEY_VARIABLE),
            Self::Named(path) | Self::Usual(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Debug for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPlace({self})")
    }
}
