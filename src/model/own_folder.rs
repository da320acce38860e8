//! The names of folders of which each caller has one: no two callers share one, whatever they are called, and
//! no name leads out of the folder above.

use sha2::{Digest, Sha256};

use super::hex::hex;
use super::principal::{AuthMethod, Principal};

/// Longer names are cut, and told apart by a digest.
const LONGEST: usize = 80;

impl Principal {
    /// The name of their own folder. `None` where callers are not told apart.
    ///
    /// What is no small letter, digit, `-`, `_` or `.` is written as `%` and two digits, so that it is another
    /// name also where capitals do not count. A cut name has a `~`, which no other has, and one with an issuer `=`.
    pub fn folder_name(&self) -> Option<String> {
        if self.method == AuthMethod::Anonymous {
            return None;
        }
        let (whole, mut name) = match &self.issuer {
            Some(issuer) => (
                self.id().to_string(),
                format!("{}={}={}", self.method, escaped(issuer), escaped(&self.name)),
            ),
            None => (self.name.clone(), format!("{}-{}", self.method, escaped(&self.name))),
        };
        if name.len() > LONGEST {
            let digest = Sha256::digest(whole.as_bytes());
            let digits = hex(&digest);
            // All of it is ASCII.
            name.truncate(LONGEST - 1 - digits.len());
            name = format!("{name}~{digits}");
        }
        Some(name)
    }
}

fn escaped(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => name.push(char::from(byte)),
            byte => name.push_str(&format!("%{byte:02x}")),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Permissions;

    fn folder(method: AuthMethod, name: &str) -> Option<String> {
        Principal::of(method, name.to_owned(), Permissions::All).folder_name()
    }

    #[test]
    fn each_caller_has_a_name_that_leads_nowhere_else() {
        for (method, name, expected) in [
            (AuthMethod::Key, "ci", "key-ci"),
            (AuthMethod::Token, "ci", "token-ci"),
            (AuthMethod::Token, "Ann@example.com", "token-%41nn%40example.com"),
            (AuthMethod::Key, "../../etc", "key-..%2f..%2fetc"),
            (AuthMethod::Key, "", "key-"),
            (AuthMethod::Key, "a%2fb", "key-a%252fb"),
            (AuthMethod::Key, "ü\0", "key-%c3%bc%00"),
        ] {
            assert_eq!(folder(method, name).as_deref(), Some(expected));
        }
        assert_eq!(folder(AuthMethod::Anonymous, "anonymous"), None);
        let long = |end: &str| folder(AuthMethod::Token, &format!("{}{end}", "x".repeat(300))).unwrap();
        assert_eq!((long("a").len(), long("a") == long("b")), (LONGEST, false));
        assert!(long("a").starts_with("token-xxxxxxxxx~"), "{}", long("a"));
    }
}
