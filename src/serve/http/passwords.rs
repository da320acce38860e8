//! Logins by name and password: checked aside, a few at once, and remembered for a while.
//!
//! A check is slow on purpose. So it is never done where others are served, nobody has many of them
//! under way, and whoever comes when too many wait is told to come again.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::auth::{Login, Memory, fits};
use crate::model::{BasicUser, Principal};

/// Checks at once; one takes a core, and Argon2 takes 19 MiB.
const AT_ONCE: usize = 2;
/// Checks under way and waiting, of one address and of all.
const OF_ONE: usize = 4;
const OF_ALL: usize = 64;

/// Why nobody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotIn {
    #[error("the name or the password is wrong")]
    Wrong,
    #[error("too many passwords are being checked")]
    Busy,
}

/// Checks passwords, and remembers those that were right.
pub struct Passwords {
    memory: Mutex<Memory>,
    /// None is remembered if there is no key for that.
    has_key: bool,
    turns: Semaphore,
    waiting: Mutex<HashMap<Option<IpAddr>, usize>>,
}

impl Default for Passwords {
    fn default() -> Self {
        let mut key = [0; 32];
        let has_key = getrandom::fill(&mut key).is_ok();
        let memory = Mutex::new(Memory::new(key));
        Self { memory, has_key, turns: Semaphore::new(AT_ONCE), waiting: Mutex::default() }
    }
}

impl Passwords {
    /// Who that is, by what stands behind `Basic`.
    pub async fn judge(
        &self,
        users: &[BasicUser],
        text: &str,
        peer: Option<IpAddr>,
        now: u64,
    ) -> Result<Principal, NotIn> {
        let login = Login::read(text).ok_or(NotIn::Wrong)?;
        if users.is_empty() {
            return Err(NotIn::Wrong);
        }
        let user = login.user(users);
        let mark = user.map(|user| lock(&self.memory).mark(&login, user));
        if let (Some(user), Some(mark)) = (user, mark)
            && self.has_key
            && lock(&self.memory).knows(mark, now)
        {
            return Ok(user.principal.clone());
        }
        let is_right = self.check(login.password, user, peer).await?;
        match (user, mark) {
            (Some(user), Some(mark)) if is_right => {
                lock(&self.memory).remember(mark, now);
                Ok(user.principal.clone())
            }
            _ => Err(NotIn::Wrong),
        }
    }

    async fn check(
        &self,
        password: String,
        user: Option<&BasicUser>,
        peer: Option<IpAddr>,
    ) -> Result<bool, NotIn> {
        let _place = self.queue_up(peer)?;
        let _turn = self.turns.acquire().await.map_err(|_| NotIn::Busy)?;
        let hash = user.map(|user| user.hash.clone());
        let checked = tokio::task::spawn_blocking(move || fits(&password, hash.as_ref())).await;
        Ok(checked.unwrap_or(false))
    }

    fn queue_up(&self, peer: Option<IpAddr>) -> Result<Place<'_>, NotIn> {
        let mut waiting = lock(&self.waiting);
        let all: usize = waiting.values().sum();
        let own = waiting.entry(peer).or_default();
        if *own >= OF_ONE || all >= OF_ALL {
            if *own == 0 {
                waiting.remove(&peer);
            }
            return Err(NotIn::Busy);
        }
        *own += 1;
        Ok(Place { passwords: self, peer })
    }
}

/// A check that is waited for; over when dropped.
struct Place<'p> {
    passwords: &'p Passwords,
    peer: Option<IpAddr>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.passwords.waiting);
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
                let name = passwords.judge(users, &BASE64_STANDARD.encode(login), None, 0).await;
                name.map(|principal| principal.name)
            }
        };
        for wrong in ["ann:wrong", "ben:right", "ann"] {
            assert_eq!(judge(wrong).await, Err(NotIn::Wrong), "{wrong}");
        }
        assert_eq!(judge("ann:right").await, Ok("ann".to_owned()));
        let places: Vec<_> = (0..OF_ONE).map(|_| passwords.queue_up(None).unwrap()).collect();
        assert_eq!(judge("ann:wrong").await, Err(NotIn::Busy));
        assert_eq!(judge("ann:right").await, Ok("ann".to_owned()), "what is remembered waits for nothing");
        assert_eq!(passwords.judge(&[], "YTpi", None, 0).await, Err(NotIn::Wrong));
        drop(places);
        assert!(lock(&passwords.waiting).is_empty());
    }
}
