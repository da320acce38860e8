//! A token of an issuer → who shows it. Pure: keys and the time are handed in.
//!
//! What a token says is looked at only when its signature has been found to be that of a key of its
//! issuer, by an algorithm that the file allows and the key is made for.

mod claims;
mod compact;
mod keys;
mod members;
mod signature;

pub use claims::{judge_claims, judge_found};
pub use compact::Compact;
pub use keys::{Key, Keys};
pub use members::members;
pub use signature::verify;

/// Longer ones are not looked at.
pub const LONGEST_TOKEN: usize = 16 << 10;

/// Why a token lets nobody in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedToken {
    /// It is none, is forged, or is for somebody else. The reason is for the log, and never says
    /// what stands in the token.
    #[error("{0}")]
    Invalid(&'static str),
    #[error("the token has expired")]
    Expired,
    /// It is good, and not for this. All scopes that are needed.
    #[error("the token is not good for `{}`", .0.join(" "))]
    Scopes(Vec<String>),
    /// Nobody can say now.
    #[error("{0}")]
    Unjudged(String),
}

/// What callers are told of a token that is none; the log knows more.
pub const NOT_VALID: &str = "the token is not valid";
