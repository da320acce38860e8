//! Names and passwords. Checking one takes a tenth of a second, so who calls this chooses where.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::model::{BasicUser, PasswordHash, PasswordKind};

/// Longer ones are not looked at.
const LONGEST: usize = 1024;

/// What somebody says of themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub name: String,
    pub password: String,
}

impl Login {
    /// Out of what stands behind `Basic`.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 2 * LONGEST {
            return None;
        }
        let text = String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()?;
        let (name, password) = text.split_once(':')?;
        let is_short = name.len() <= LONGEST && password.len() <= LONGEST;
        is_short.then(|| Self { name: name.to_owned(), password: password.to_owned() })
    }

    /// The user of that name.
    pub fn user<'u>(&self, users: &'u [BasicUser]) -> Option<&'u BasicUser> {
        users.iter().find(|user| user.principal.name == self.name)
    }
}

/// Whether a password is the one that was hashed.
pub fn fits(password: &str, hash: &PasswordHash) -> bool {
    match hash.kind {
        PasswordKind::Argon2 => argon2(password, hash.as_str()),
        PasswordKind::Bcrypt => bcrypt::verify(password, hash.as_str()).unwrap_or(false),
    }
}

fn argon2(password: &str, hash: &str) -> bool {
    let verified = |hash: Phc| Argon2::default().verify_password(password.as_bytes(), &hash);
    Phc::new(hash).is_ok_and(|hash| verified(hash).is_ok())
}

/// The hash of a password for the file, with Argon2id; `None` if it is too long.
pub fn hash_password(password: &str, salt: &[u8; 16]) -> Option<String> {
    if password.len() > LONGEST {
        return None;
    }
    let hash: Phc = Argon2::default().hash_password_with_salt(password.as_bytes(), salt).ok()?;
    Some(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_that_was_hashed_fits() {
        let made = hash_password("correct horse", &[7; 16]).unwrap();
        // Of `htpasswd -nbBC 4 x "correct horse"`, as other programs make them.
        let foreign = bcrypt::hash("correct horse", 4).unwrap();
        for hash in [made, foreign] {
            let hash: PasswordHash = hash.parse().unwrap();
            assert!(fits("correct horse", &hash));
            for wrong in ["correct hors", "", "Correct horse", "correct horse\0"] {
                assert!(!fits(wrong, &hash), "{wrong}");
            }
        }
    }

    #[test]
    fn a_name_ends_at_the_first_colon() {
        let read =
            |text: &str| Login::read(&BASE64_STANDARD.encode(text)).map(|login| (login.name, login.password));
        assert_eq!(read("ann:a:b"), Some(("ann".to_owned(), "a:b".to_owned())));
        assert_eq!(read("ann:"), Some(("ann".to_owned(), String::new())));
        for wrong in ["ann", "", &format!("ann:{}", "x".repeat(2000))] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(Login::read("%%%").is_none());
    }
}
