//! Streams that callers hold open: no caller has so many that no connection is left for others.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{AuthMethod, CallerId, Principal, host_network};

use super::account::because;
use super::answer::{Answer, refusal, set};
use super::stream::Source;

#[derive(Clone, Default)]
pub struct Held(Arc<Mutex<HashMap<Holder, usize>>>);

/// Whose streams are counted together: where nobody is asked who they are, those of an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Holder {
    Caller(CallerId),
    Address(IpAddr),
}

impl Holder {
    fn of(caller: &Principal) -> Self {
        match (caller.method, caller.address) {
            (AuthMethod::Anonymous, Some(address)) => Self::Address(host_network(address)),
            _ => Self::Caller(caller.id()),
        }
    }
}

/// One open stream, until it is dropped.
pub struct Holding {
    held: Held,
    holder: Holder,
}

impl Held {
    /// The answer for who has as many as they may, before anything is begun that could become one more.
    pub fn refused(&self, caller: &Principal, most: usize) -> Option<Answer> {
        let held = self.lock();
        // Mostly nobody holds any, and nobody has to be named.
        let is_full = !held.is_empty() && held.get(&Holder::of(caller)).is_some_and(|own| *own >= most);
        is_full.then(|| TooMany { most, caller: caller.id() }.answer())
    }

    /// Counts one that is about to begin, unless they have as many as they may.
    pub fn begin(&self, caller: &Principal, most: usize) -> Result<Holding, TooMany> {
        let holder = Holder::of(caller);
        let mut held = self.lock();
        let own = held.entry(holder.clone()).or_default();
        if *own >= most {
            return Err(TooMany { most, caller: caller.id() });
        }
        *own += 1;
        Ok(Holding { held: self.clone(), holder })
    }

    /// Counts one that has become one, however many they have: what it belongs to has begun.
    pub fn hold(&self, caller: &Principal) -> Holding {
        let holder = Holder::of(caller);
        *self.lock().entry(holder.clone()).or_default() += 1;
        Holding { held: self.clone(), holder }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Holder, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many are held as may be.
#[derive(Debug)]
pub struct TooMany {
    most: usize,
    caller: CallerId,
}

impl TooMany {
    pub fn answer(&self) -> Answer {
        let Self { most, caller } = self;
        let mut answer = refusal(429, &format!("you hold {most} streams open, which is as many as you may"));
        set(&mut answer, http::header::RETRY_AFTER, "1");
        let reason = format!("{most} streams are open, which is as many as may");
        because(answer, reason, Some(caller.as_str().to_owned()))
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        if let Some(own) = held.get_mut(&self.holder) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.holder);
            }
        }
    }
}

/// A source that is counted as long as it is sent.
impl<S: Source> Source for (S, Holding) {
    fn next(&mut self) -> impl Future<Output = Option<Vec<u8>>> + Send {
        self.0.next()
    }

    fn is_within(&self) -> bool {
        self.0.is_within()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Permissions;

    #[test]
    fn each_caller_has_their_own_streams() {
        let held = Held::default();
        let caller = |name: &str| Principal::of(AuthMethod::Key, name.to_owned(), Permissions::All);
        let at = |address: &str| Principal { address: address.parse().ok(), ..Principal::anonymous() };
        let status = |caller: &Principal, most: usize| {
            held.refused(caller, most).map(|answer| answer.status().as_u16())
        };
        assert_eq!(status(&caller("ann"), 2), None);
        let (one, _two) = (held.hold(&caller("ann")), held.hold(&caller("ann")));
        assert_eq!((status(&caller("ann"), 2), status(&caller("ben"), 2)), (Some(429), None));
        assert!(held.begin(&caller("ann"), 2).is_err());
        drop(one);
        assert_eq!(status(&caller("ann"), 2), None);
        let last = held.begin(&caller("ann"), 2);
        assert!(last.is_ok() && held.begin(&caller("ann"), 2).is_err());
        drop(last);
        let _first = held.hold(&at("2001:db8::1"));
        assert_eq!((status(&at("2001:db8::2"), 1), status(&at("192.0.2.1"), 1)), (Some(429), None));
        assert_eq!(held.lock().len(), 2, "who holds nothing is forgotten");
    }
}
