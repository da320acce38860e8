//! A call of an HTTP interface as a command declares it: where it goes, what it carries, which
//! answers are success. Values of parameters are encoded for the place where they stand.

mod address;
mod host;
mod method;
mod multipart;
mod oauth;
mod status;
mod times;
mod tls;
mod url;

use std::path::PathBuf;

use serde_json::Value;

use super::name::SecretName;
use super::template::Template;

pub use address::{Realm, is_loopback, is_metadata, is_public, realm};
pub(super) use host::origin;
pub use host::{HostName, Origin};
pub use method::Method;
pub use multipart::{HttpPart, PartContent};
pub use oauth::{ClientStyle, OAuth2};
pub use status::StatusCodes;
pub use times::HttpTimes;
pub use tls::{HttpTls, TlsVersion};
pub use url::{BadUrl, UrlTemplate, is_dots, percent_encoded};

/// What one command calls.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpAction {
    pub method: Method,
    pub url: UrlTemplate,
    /// In the order of the file; a pair whose parameter is absent is dropped.
    pub query: Vec<(String, Vec<Template>)>,
    pub headers: Vec<(String, Template)>,
    pub auth: Option<HttpAuth>,
    pub body: HttpBody,
    pub success: StatusCodes,
    /// How many redirects are followed; 0 makes of a redirect the answer.
    pub redirects: u32,
    /// The URL's own host may have an address that only this host or its network reaches.
    pub allow_private: bool,
    /// Of the URL's own host; others are believed as the system believes them.
    pub tls: Option<HttpTls>,
    /// Whom all of it is sent through.
    pub proxy: Option<Origin>,
    pub times: HttpTimes,
    pub stream: HttpStream,
    /// Its body is signed with this, as Standard Webhooks has it.
    pub signed: Option<SecretName>,
    /// What relative paths of callers are in.
    pub folder: PathBuf,
}

/// What becomes of an answer while it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpStream {
    /// Its bytes, whatever they are.
    Bytes,
    /// Of `text/event-stream` the data of each event, a line each; of anything else the bytes. An
    /// event with exactly this data ends the call.
    Events { until: Option<String> },
}

/// How the caller proves who it is.
#[derive(Debug, Clone, PartialEq)]
pub enum HttpAuth {
    Bearer(Template),
    Basic { username: Template, password: Template },
    Header { name: String, value: Template },
    OAuth2(Box<OAuth2>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum HttpBody {
    Empty,
    /// Sent as written.
    Text {
        text: Template,
        content_type: &'static str,
    },
    Json(JsonTemplate),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, Vec<Template>)>),
    /// `multipart/form-data`.
    Multipart(Vec<HttpPart>),
}

/// A JSON document with holes. A value that is exactly one template keeps its type.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonTemplate {
    Value(Value),
    Text(Template),
    List(Vec<JsonTemplate>),
    Map(Vec<(String, JsonTemplate)>),
}
