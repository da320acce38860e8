//! Passwords that were right a moment ago, so that a call does not cost what a login costs.
//!
//! Kept is a digest with a key that only this process has, and nothing of the password itself.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::model::BasicUser;

use super::password::Login;

/// Seconds for which a password counts as checked.
const FRESH: u64 = 300;
const MOST: usize = 1024;

/// What has been checked lately.
#[derive(Default)]
pub struct Memory {
    key: [u8; 32],
    checked: HashMap<[u8; 32], u64>,
}

/// What stands for a login and the hash that it was checked against.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark([u8; 32]);

impl Memory {
    /// With a key of random bytes.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, checked: HashMap::new() }
    }

    pub fn mark(&self, login: &Login, user: &BasicUser) -> Mark {
        let mut digest = Sha256::new_with_prefix(self.key);
        for part in [login.name.as_str(), user.hash.as_str(), login.password.as_str()] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        Mark(digest.finalize().into())
    }

    /// Whose hash a password is checked against whose name nobody has, so that the time it takes is that of a name
    /// which somebody has. It is the same one whenever that name comes, and nobody else can tell which.
    pub fn stand_in<'u>(&self, login: &Login, users: &'u [BasicUser]) -> Option<&'u BasicUser> {
        let digest = Sha256::new_with_prefix(self.key).chain_update("nobody").chain_update(&login.name);
        let number = digest.finalize().iter().fold(0_u64, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
        let at = number.checked_rem(u64::try_from(users.len()).ok()?)?;
        users.get(usize::try_from(at).ok()?)
    }

    /// Whether it was right less than a few minutes ago, at a time in seconds.
    pub fn knows(&self, mark: Mark, now: u64) -> bool {
        self.checked.get(&mark.0).is_some_and(|until| now < *until)
    }

    pub fn remember(&mut self, mark: Mark, now: u64) {
        if self.checked.len() >= MOST {
            self.checked.retain(|_, until| now < *until);
        }
        if self.checked.len() >= MOST {
            self.checked.clear();
        }
        self.checked.insert(mark.0, now.saturating_add(FRESH));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AuthMethod, Permissions, Principal};

    fn user(cost: &str) -> BasicUser {
        let hash = format!("$2y${cost}${}", "a".repeat(53)).parse().unwrap();
        BasicUser { principal: Principal::of(AuthMethod::Basic, "ann".to_owned(), Permissions::All), hash }
    }

    #[test]
    fn a_name_that_nobody_has_is_checked_like_one_of_the_file_and_always_the_same_one() {
        let memory = Memory::new([1; 32]);
        let users = ["04", "10", "12"].map(user);
        let chosen = |memory: &Memory, name: usize| {
            let login = Login { name: format!("nobody {name}"), password: "x".to_owned() };
            memory.stand_in(&login, &users).map(|user| user.hash.as_str().to_owned())
        };
        let all: Vec<_> = (0..100).map(|name| chosen(&memory, name)).collect();
        for user in &users {
            assert!(all.contains(&Some(user.hash.as_str().to_owned())), "{all:?}");
        }
        assert_eq!(all, (0..100).map(|name| chosen(&memory, name)).collect::<Vec<_>>());
        let other = Memory::new([2; 32]);
        assert_ne!(all, (0..100).map(|name| chosen(&other, name)).collect::<Vec<_>>(), "it can be foreseen");
        assert!(memory.stand_in(&Login { name: String::new(), password: String::new() }, &[]).is_none());
    }

    #[test]
    fn what_was_right_is_known_for_a_while_and_only_against_the_same_hash() {
        let mut memory = Memory::new([1; 32]);
        let login = |password: &str| Login { name: "ann".to_owned(), password: password.to_owned() };
        let right = memory.mark(&login("right"), &user("10"));
        assert!(!memory.knows(right, 0));
        memory.remember(right, 0);
        assert!(memory.knows(right, FRESH - 1) && !memory.knows(right, FRESH));
        assert!(!memory.knows(memory.mark(&login("wrong"), &user("10")), 0));
        assert!(!memory.knows(memory.mark(&login("right"), &user("11")), 0), "the password was changed");
        for number in 0..5000 {
            let mark = memory.mark(&login(&number.to_string()), &user("10"));
            memory.remember(mark, 0);
        }
        assert!(memory.checked.len() <= MOST);
    }
}
