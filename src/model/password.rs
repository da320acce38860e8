//! Passwords of people, as hashes that are slow on purpose. Whether one fits is judged in `auth`.

use std::fmt;
use std::str::FromStr;

/// What checking one may cost: more of it, and a few requests would take the server down.
const MOST_BCRYPT: u32 = 15;
const MOST_MEMORY_KIB: u32 = 256 << 10;
const MOST_ROUNDS: u32 = 32;
const MOST_LANES: u32 = 16;
/// Below these, guessing is cheap.
const LEAST_BCRYPT: u32 = 8;
const LEAST_MEMORY_KIB: u32 = 7 << 10;

/// A hash as `mcpfier key hash-password`, `htpasswd -B` and others write it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PasswordHash {
    text: String,
    pub kind: PasswordKind,
    /// Whoever has the file guesses the password soon.
    pub is_weak: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasswordKind {
    Bcrypt,
    Argon2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPasswordHash {
    #[error("expected a hash of bcrypt (`$2b$…`) or of Argon2 (`$argon2id$…`)")]
    Unknown,
    #[error("it is not complete")]
    Incomplete,
    #[error("checking a password against it would cost too much")]
    Costly,
}

impl PasswordHash {
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl FromStr for PasswordHash {
    type Err = BadPasswordHash;

    fn from_str(text: &str) -> Result<Self, BadPasswordHash> {
        let mut parts = text.split('$');
        let ("", Some(name)) = (parts.next().unwrap_or_default(), parts.next()) else {
            return Err(BadPasswordHash::Unknown);
        };
        let parts: Vec<&str> = parts.collect();
        let (kind, is_weak) = match name {
            "2a" | "2b" | "2x" | "2y" => (PasswordKind::Bcrypt, bcrypt(&parts)?),
            "argon2id" | "argon2i" | "argon2d" => (PasswordKind::Argon2, argon2(&parts)?),
            _ => return Err(BadPasswordHash::Unknown),
        };
        Ok(Self { text: text.to_owned(), kind, is_weak })
    }
}

/// Whether it is weak.
fn bcrypt(parts: &[&str]) -> Result<bool, BadPasswordHash> {
    let [cost, rest] = parts else { return Err(BadPasswordHash::Incomplete) };
    let is_radix = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    let cost: u32 = cost.parse().map_err(|_| BadPasswordHash::Incomplete)?;
    if rest.len() != 53 || !rest.bytes().all(is_radix) || cost < 4 {
        return Err(BadPasswordHash::Incomplete);
    }
    if cost > MOST_BCRYPT {
        return Err(BadPasswordHash::Costly);
    }
    Ok(cost < LEAST_BCRYPT)
}

/// Whether it is weak.
fn argon2(parts: &[&str]) -> Result<bool, BadPasswordHash> {
    let parts = parts.strip_prefix(&["v=19"]).unwrap_or(parts);
    let [costs, salt, hash] = parts else { return Err(BadPasswordHash::Incomplete) };
    let cost = |name: &str| {
        let found = costs.split(',').find_map(|cost| cost.strip_prefix(name)?.strip_prefix('='));
        found.and_then(|cost| cost.parse::<u32>().ok()).ok_or(BadPasswordHash::Incomplete)
    };
    let (memory, rounds, lanes) = (cost("m")?, cost("t")?, cost("p")?);
    if memory > MOST_MEMORY_KIB || rounds > MOST_ROUNDS || lanes > MOST_LANES {
        return Err(BadPasswordHash::Costly);
    }
    if salt.len() < 11 || hash.len() < 22 || rounds == 0 || lanes == 0 || memory < lanes * 8 {
        return Err(BadPasswordHash::Incomplete);
    }
    Ok(memory < LEAST_MEMORY_KIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_known_by_how_they_begin_and_have_to_be_whole_and_bearable() {
        let bcrypt = |cost: &str| format!("$2y${cost}${}", "a".repeat(53));
        let argon2 =
            |costs: &str| format!("$argon2id$v=19${costs}$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g");
        for (text, expected) in [
            (bcrypt("10"), Ok((PasswordKind::Bcrypt, false))),
            (bcrypt("05"), Ok((PasswordKind::Bcrypt, true))),
            (bcrypt("16"), Err(BadPasswordHash::Costly)),
            (bcrypt("x"), Err(BadPasswordHash::Incomplete)),
            ("$2a$10$...".to_owned(), Err(BadPasswordHash::Incomplete)),
            (argon2("m=19456,t=2,p=1"), Ok((PasswordKind::Argon2, false))),
            (argon2("m=64,t=2,p=1"), Ok((PasswordKind::Argon2, true))),
            (argon2("m=4000000,t=2,p=1"), Err(BadPasswordHash::Costly)),
            (argon2("m=19456"), Err(BadPasswordHash::Incomplete)),
            ("secret".to_owned(), Err(BadPasswordHash::Unknown)),
            ("$6$rounds=1$x".to_owned(), Err(BadPasswordHash::Unknown)),
            (String::new(), Err(BadPasswordHash::Unknown)),
        ] {
            let read = text.parse::<PasswordHash>().map(|hash| (hash.kind, hash.is_weak));
            assert_eq!(read, expected, "{text}");
        }
    }
}
