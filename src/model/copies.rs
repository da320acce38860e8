//! What copies of a server share, and how their sessions are told apart.

use std::fmt;

/// `server.http.sessions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// Where sessions are that every copy knows; `None`: each knows its own.
    pub store: Option<Store>,
    /// What names of this copy's sessions begin with, for a balancer that reads them.
    pub copy: Option<String>,
}

/// The address of a Redis, which may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Store(String);

impl Store {
    /// `None` if it is no address of a Redis.
    pub fn of(address: &str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        let is_known = matches!(scheme, "redis" | "rediss");
        let is_plain = !rest.chars().any(|character| character.is_whitespace() || character.is_control());
        (is_known && is_plain && !rest.is_empty()).then(|| Self(address.to_owned()))
    }

    /// With its password.
    pub fn address(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        write!(f, "{scheme}://{place}")
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, shown) in [
            ("redis://10.0.0.5:6379/2", "redis://10.0.0.5:6379/2"),
            ("rediss://ann:se@cret@store.example.com", "rediss://store.example.com"),
            ("redis://:secret@[::1]:6379", "redis://[::1]:6379"),
        ] {
            let store = Store::of(address).unwrap();
            assert_eq!((store.to_string().as_str(), store.address()), (shown, address));
            assert_eq!(format!("{store:?}"), shown);
        }
        for wrong in ["", "localhost:6379", "http://localhost", "redis://", "redis://a b"] {
            assert_eq!(Store::of(wrong), None, "{wrong}");
        }
    }
}
