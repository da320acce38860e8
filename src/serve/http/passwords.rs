//! Logins by name and password: checked aside, a few at once, and remembered for a while.
//!
//! A check is slow on purpose. So it is never done where others are served, nobody has many of them
//! under way, and whoever comes when too many wait is told to come again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::auth::{Login, Mark, Memory, fits};
use crate::model::{BasicUser, PasswordHash, Principal};

/// Checks at once; one takes a core, and Argon2 takes 19 MiB.
const AT_ONCE: usize = 2;
/// Checks under way and waiting, of one address and of all.
const OF_ONE: usize = 4;
const OF_ALL: usize = 64;

/// Why a password lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unchecked {
    #[error("the name or the password is wrong")]
    Wrong,
    #[error("too many passwords are being checked")]
    Busy,
}

/// What is known of a login before its password is checked.
pub enum Recalled<'u> {
    /// It was right a moment ago.
    Right(&'u Principal),
    /// It is none, whatever its password is.
    Wrong,
    /// Nobody knows yet.
    Open(Question<'u>),
}

/// A password that has to be checked.
pub struct Question<'u> {
    password: String,
    /// For a name that nobody has, the hash of somebody else, which takes as long.
    hash: &'u PasswordHash,
    user: Option<(&'u BasicUser, Mark)>,
}

/// Checks passwords, and remembers those that were right.
pub struct Passwords {
    memory: Mutex<Memory>,
    /// None is remembered if there is no key for that.
    has_key: bool,
    turns: Arc<Semaphore>,
    waiting: Arc<Waiting>,
}

/// How many checks are under way and waiting, of each address.
type Waiting = Mutex<HashMap<Option<IpAddr>, usize>>;

impl Default for Passwords {
    fn default() -> Self {
        let mut key = [0; 32];
        let has_key = getrandom::fill(&mut key).is_ok();
        let memory = Mutex::new(Memory::new(key));
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self { memory, has_key, turns, waiting: Arc::default() }
    }
}

impl Passwords {
    /// What is remembered of who that is, by what stands behind `Basic`.
    pub fn recall<'u>(&self, users: &'u [BasicUser], text: &str, now: u64) -> Recalled<'u> {
        let Some(login) = Login::read(text) else { return Recalled::Wrong };
        let memory = lock(&self.memory);
        let user = login.user(users).map(|user| (user, memory.mark(&login, user)));
        let checked = match user {
            Some((user, mark)) if self.has_key && memory.knows(mark, now) => {
                return Recalled::Right(&user.principal);
            }
            Some((user, _)) => Some(user),
            None => memory.stand_in(&login, users),
        };
        match checked {
            Some(checked) => Recalled::Open(Question { password: login.password, hash: &checked.hash, user }),
            None => Recalled::Wrong,
        }
    }

    pub async fn check(
        &self,
        question: Question<'_>,
        peer: Option<IpAddr>,
        now: u64,
    ) -> Result<Principal, Unchecked> {
        let Question { password, hash, user } = question;
        let place = self.queue_up(peer)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Unchecked::Busy)?;
        let hash = hash.clone();
        let checked = tokio::task::spawn_blocking(move || {
            // Held as long as it is checked, also for somebody who is gone by then.
            let _held = (place, turn);
            fits(&password, &hash)
        });
        let is_right = checked.await.unwrap_or(false);
        match user {
            Some((user, mark)) if is_right => {
                lock(&self.memory).remember(mark, now);
                Ok(user.principal.clone())
            }
            _ => Err(Unchecked::Wrong),
        }
    }

    fn queue_up(&self, peer: Option<IpAddr>) -> Result<Place, Unchecked> {
        let mut waiting = lock(&self.waiting);
        let all: usize = waiting.values().sum();
        let own = waiting.entry(peer).or_default();
        if *own >= OF_ONE || all >= OF_ALL {
            if *own == 0 {
                waiting.remove(&peer);
            }
            return Err(Unchecked::Busy);
        }
        *own += 1;
        Ok(Place { waiting: Arc::clone(&self.waiting), peer })
    }
}

/// A check that is waited for; over when dropped.
struct Place {
    waiting: Arc<Waiting>,
    peer: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        if let Some(own) = waiting.get_mut(&self.peer) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                waiting.remove(&self.peer);
            }
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::auth::hash_password;
    use crate::model::{AuthMethod, Permissions};

    #[tokio::test]
    async fn a_password_is_checked_once_and_nobody_has_many_checks_under_way() {
        let hash = hash_password("right", &[1; 16]).unwrap().parse().unwrap();
        let principal = Principal::of(AuthMethod::Basic, "ann".to_owned(), Permissions::All);
        let users = [BasicUser { principal, hash }];
        let passwords = Passwords::default();
        let judge = |login: &'static str| {
            let (passwords, users) = (&passwords, &users);
            async move {
                match passwords.recall(users, &BASE64_STANDARD.encode(login), 0) {
                    Recalled::Right(principal) => Ok(principal.name.clone()),
                    Recalled::Wrong => Err(Unchecked::Wrong),
                    Recalled::Open(question) => {
                        passwords.check(question, None, 0).await.map(|principal| principal.name)
                    }
                }
            }
        };
        for wrong in ["ann:wrong", "ben:right", "ann"] {
            assert_eq!(judge(wrong).await, Err(Unchecked::Wrong), "{wrong}");
        }
        assert_eq!(judge("ann:right").await, Ok("ann".to_owned()));
        let places: Vec<_> = (0..OF_ONE).map(|_| passwords.queue_up(None).unwrap()).collect();
        assert_eq!(judge("ann:wrong").await, Err(Unchecked::Busy));
        assert_eq!(judge("ann:right").await, Ok("ann".to_owned()), "what is remembered waits for nothing");
        assert!(matches!(passwords.recall(&[], "YTpi", 0), Recalled::Wrong));
        drop(places);
        assert!(lock(&passwords.waiting).is_empty());
    }

    #[tokio::test]
    async fn a_name_that_nobody_has_is_checked_against_a_hash_of_the_file_and_is_wrong_whatever_comes_of_it()
    {
        let hash: PasswordHash = bcrypt::hash("right", 4).unwrap().parse().unwrap();
        let principal = Principal::of(AuthMethod::Basic, "ann".to_owned(), Permissions::All);
        let users = [BasicUser { principal, hash: hash.clone() }];
        let passwords = Passwords::default();
        for name in ["ben", "", "Ann"] {
            let text = BASE64_STANDARD.encode(format!("{name}:right"));
            let Recalled::Open(question) = passwords.recall(&users, &text, 0) else { panic!("{name}") };
            assert_eq!(*question.hash, hash, "{name}");
            assert!(fits(&question.password, question.hash), "it is the password of somebody else");
            assert_eq!(passwords.check(question, None, 0).await, Err(Unchecked::Wrong), "{name}");
        }
    }
}
