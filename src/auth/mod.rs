//! Credentials → [`Principal`](crate::model::Principal): who is it that asks over HTTP?
//!
//! Pure: headers come in as texts, the time is handed in. Knows nothing of HTTP, files or tools.

mod announce;
mod certificate;
mod credential;
mod keys;
mod memory;
mod password;
mod patience;
pub mod signature;
#[cfg(feature = "oauth")]
pub mod token;

pub use announce::{
    Document, about_issuer, about_resource, document, document_url, pointed, resource, step_up,
};
pub use certificate::{Certificate, judge_certificate};
pub use credential::{Credential, Malformed};
pub use keys::{Refused, is_own, judge, new_key};
pub use memory::{Mark, Memory};
pub use password::{Login, fits, hash_password};
pub use patience::{Patience, Penalty};
