//! A caller as somebody imagines one, to see what they could do: nobody has proved anything.

use core::net::IpAddr;

use serde_json::{Map, Value};

/// Who is imagined, by method and name, and what is imagined of them beside what the file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StandIn {
    /// `key:ci`, `token:ann@example.com`, `local`.
    pub id: String,
    pub roles: Vec<String>,
    pub scopes: Vec<String>,
    pub claims: Map<String, Value>,
    pub tenant: Option<String>,
    pub address: Option<IpAddr>,
}
