//! The key that checkpoints are signed with, in a file of its own: one that also shows what it has
//! signed (HMAC), or a pair whose other half does only that (Ed25519).

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::model::hex;

use super::pair::{NoKey, Pair, PublicKey};
use super::seal::{bytes, hmac};

/// What stands before the digits in a file.
const MARK: &str = "mcpfier-audit-key:";
const BYTES: usize = 32;
/// Longer files are no keys.
const LONGEST: u64 = 4096;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum BadKey {
    #[error("the key `{}` cannot be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("`{}` is no key that signs checkpoints; `mcpfier audit key FILE` makes one", .path.display())]
    Strange { path: PathBuf },
    #[error("`{}` is no public key of Ed25519; `mcpfier audit key --ed25519 FILE` prints the one of a new pair", .path.display())]
    NotPublic { path: PathBuf },
    #[error("`{}` is a public key, which signs nothing; `mcpfier audit verify --public-key` takes it", .path.display())]
    Public { path: PathBuf },
    #[error("`{}` is a private key, which nobody needs who only verifies; `--key` takes it", .path.display())]
    Private { path: PathBuf },
    #[cfg(not(feature = "signatures"))]
    #[error("`{}` is a key of Ed25519, and this build knows none: it lacks the feature `signatures`", .path.display())]
    Unbuilt { path: PathBuf },
    #[error("others can read the key `{}`: `chmod 600` it", .path.display())]
    Open { path: PathBuf },
    #[error("`{}` is there already, and no key is overwritten", .path.display())]
    There { path: PathBuf },
    #[error("the key `{}` cannot be written: {source}", .path.display())]
    Unwritable { path: PathBuf, source: std::io::Error },
}

/// How something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Hmac,
    Ed25519,
}

impl Scheme {
    pub const ALL: [Self; 2] = [Self::Hmac, Self::Ed25519];

    /// What a signature is called in a record.
    pub fn field(self) -> &'static str {
        match self {
            Self::Hmac => "mac",
            Self::Ed25519 => "sig",
        }
    }

    /// How long a signature is, in hexadecimal digits.
    pub fn digits(self) -> usize {
        match self {
            Self::Hmac => 64,
            Self::Ed25519 => 128,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Hmac => "HMAC-SHA-256",
            Self::Ed25519 => "Ed25519",
        }
    }
}

/// Signs checkpoints. It prints as nothing.
#[derive(Clone)]
pub enum SigningKey {
    Secret([u8; BYTES]),
    Pair(Pair),
}

/// Shows that checkpoints are signed.
#[derive(Clone, PartialEq, Eq)]
pub enum VerifyingKey {
    Secret([u8; BYTES]),
    Public(PublicKey),
}

impl SigningKey {
    pub fn of(bytes: [u8; BYTES]) -> Self {
        Self::Secret(bytes)
    }

    /// A pair that nobody has yet; `None` if this build knows none, or the system gives no random numbers.
    pub fn generate_pair() -> Option<Self> {
        Pair::generate().map(Self::Pair)
    }

    /// Reads a key that nobody else can.
    pub fn read(path: &Path) -> Result<Self, BadKey> {
        let (text, mode) = read(path)?;
        let path = path.to_owned();
        if let Some(bytes) = secret(text.trim()) {
            return if mode & 0o077 == 0 { Ok(Self::Secret(bytes)) } else { Err(BadKey::Open { path }) };
        }
        match Pair::parse(&text) {
            Ok(_) if mode & 0o077 != 0 => Err(BadKey::Open { path }),
            Ok(pair) => Ok(Self::Pair(pair)),
            Err(NoKey::Strange) => Err(BadKey::Strange { path }),
            Err(NoKey::OtherHalf) => Err(BadKey::Public { path }),
            #[cfg(not(feature = "signatures"))]
            Err(NoKey::Unbuilt) => Err(BadKey::Unbuilt { path }),
        }
    }

    /// Writes it into a new file.
    pub fn write(&self, path: &Path) -> Result<(), BadKey> {
        let unwritable = |source| BadKey::Unwritable { path: path.to_owned(), source };
        let text = match self {
            Self::Secret(bytes) => format!("{MARK}{}\n", hex(bytes)),
            Self::Pair(pair) => pair
                .text()
                .ok_or_else(|| unwritable(std::io::Error::other("it cannot be written as PKCS #8")))?,
        };
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let mut file = opened.map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => BadKey::There { path: path.to_owned() },
            _ => unwritable(source),
        })?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unwritable)
    }

    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Secret(_) => Scheme::Hmac,
            Self::Pair(_) => Scheme::Ed25519,
        }
    }

    pub fn sign(&self, text: &str) -> String {
        match self {
            Self::Secret(key) => hmac(key, text.as_bytes()),
            Self::Pair(pair) => hex(&pair.sign(text.as_bytes())),
        }
    }

    /// What shows that it was this one that signed.
    pub fn verifying(&self) -> VerifyingKey {
        match self {
            Self::Secret(bytes) => VerifyingKey::Secret(*bytes),
            Self::Pair(pair) => VerifyingKey::Public(pair.public()),
        }
    }

    /// The half that everybody may have, for a file; `None` if there is none.
    pub fn public_text(&self) -> Option<String> {
        match self {
            Self::Secret(_) => None,
            Self::Pair(pair) => Some(pair.public().text()),
        }
    }
}

impl VerifyingKey {
    /// Reads the half of a pair that everybody may have.
    pub fn read_public(path: &Path) -> Result<Self, BadKey> {
        let (text, _) = read(path)?;
        let path = path.to_owned();
        if secret(text.trim()).is_some() {
            return Err(BadKey::Private { path });
        }
        match PublicKey::parse(&text) {
            Ok(key) => Ok(Self::Public(key)),
            Err(NoKey::Strange) => Err(BadKey::NotPublic { path }),
            Err(NoKey::OtherHalf) => Err(BadKey::Private { path }),
            #[cfg(not(feature = "signatures"))]
            Err(NoKey::Unbuilt) => Err(BadKey::Unbuilt { path }),
        }
    }

    pub fn holds(&self, text: &str, (scheme, signature): (Scheme, &str)) -> bool {
        match (self, scheme) {
            (Self::Secret(key), Scheme::Hmac) => hmac(key, text.as_bytes()) == signature,
            (Self::Public(key), Scheme::Ed25519) => key.holds(text, signature),
            _ => false,
        }
    }

    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Secret(_) => Scheme::Hmac,
            Self::Public(_) => Scheme::Ed25519,
        }
    }
}

/// What stands in a file, and who can read it.
fn read(path: &Path) -> Result<(String, u32), BadKey> {
    let unreadable = |source| BadKey::Unreadable { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.mode();
    let mut bytes = Vec::new();
    Read::take(&mut file, LONGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((String::from_utf8(bytes).unwrap_or_default(), mode))
}

fn secret(text: &str) -> Option<[u8; BYTES]> {
    bytes(text.strip_prefix(MARK)?)?.try_into().ok()
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.scheme().title())
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({})", self.scheme().title())
    }
}
