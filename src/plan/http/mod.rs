//! Planning a call of an HTTP interface: the final URL, headers and body, all known or named.

mod auth;
mod body;
mod curl;
mod multipart;
mod print;
mod url;

use std::time::Duration;

use crate::call::Invocation;
use crate::model::{
    ByteSize, HttpAction, HttpBody, HttpStream, HttpTimes, HttpTls, Method, Origin, StatusCodes, Template,
};

use super::expand::Expansion;
use super::{Facts, Fill, PlanError, Word};

pub use auth::{PlannedAuth, PlannedToken};
pub use curl::curl_line;
pub use multipart::{PlannedPart, PlannedPartContent};
pub use print::{text_lines, to_json};

/// A request with nothing left to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpStep {
    pub method: Method,
    pub url: Word,
    pub headers: Vec<(String, Word)>,
    pub auth: Option<PlannedAuth>,
    pub body: Option<PlannedBody>,
    /// Which answers are success.
    pub success: StatusCodes,
    /// How many redirects are followed.
    pub redirects: u32,
    /// Whether the URL's own host may have an address that is not of the internet.
    pub allow_private: bool,
    pub tls: Option<HttpTls>,
    pub proxy: Option<Origin>,
    pub times: HttpTimes,
    pub stream: HttpStream,
    /// What its body is signed with.
    pub signed: Option<Word>,
    pub timeout: Duration,
    /// Bytes of the answer that are read.
    pub output: ByteSize,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq)]
pub enum PlannedBody {
    Text(Word),
    /// `multipart/form-data`: its files are read when the call is made.
    Parts(Vec<PlannedPart>),
}

impl HttpStep {
    /// Every word that may have holes.
    pub fn words(&self) -> Vec<&Word> {
        let mut words = vec![&self.url];
        words.extend(self.headers.iter().map(|(_, word)| word));
        words.extend(&self.signed);
        words.extend(self.auth.iter().flat_map(PlannedAuth::words));
        match &self.body {
            Some(PlannedBody::Text(word)) => words.push(word),
            Some(PlannedBody::Parts(parts)) => words.extend(parts.iter().flat_map(PlannedPart::words)),
            None => {}
        }
        words
    }

    /// How long one try may take.
    pub fn limit(&self) -> Duration {
        self.times.attempt.map_or(self.timeout, |attempt| attempt.min(self.timeout))
    }
}

/// What a server is told we are, unless the file says otherwise.
const USER_AGENT: &str = concat!("mcpfier/", env!("CARGO_PKG_VERSION"));

pub fn http(
    invocation: &Invocation,
    action: &HttpAction,
    facts: &Facts,
    problems: &mut Vec<PlanError>,
) -> Option<HttpStep> {
    let tool = invocation.tool();
    let mut expansion = Expansion::new(invocation, facts, problems);
    let url = url::url(&mut expansion, action);
    let mut headers: Vec<(String, Word)> = Vec::with_capacity(action.headers.len() + 2);
    for (name, template) in &action.headers {
        headers.extend(header(&mut expansion, name, template).map(|word| (name.clone(), word)));
    }
    let auth = auth::auth(&mut expansion, action.auth.as_ref());
    let (body, content_type) = match &action.body {
        HttpBody::Multipart(parts) => {
            (Some(PlannedBody::Parts(multipart::parts(&mut expansion, parts))), None)
        }
        body => {
            let (word, content_type) = body::body(&mut expansion, body);
            (word.map(PlannedBody::Text), content_type)
        }
    };
    let content_type = content_type.filter(|_| body.is_some());
    add_missing(&mut headers, "Content-Type", content_type);
    add_missing(&mut headers, "User-Agent", Some(USER_AGENT));
    Some(HttpStep {
        method: action.method,
        url: url?,
        headers,
        auth: auth?,
        body,
        success: action.success.clone(),
        redirects: action.redirects,
        allow_private: action.allow_private,
        tls: action.tls.clone(),
        proxy: action.proxy.clone(),
        times: action.times,
        stream: action.stream.clone(),
        signed: action.signed.clone().map(|secret| Word::of(vec![Fill::Secret(secret)])),
        timeout: tool.timeout,
        output: tool.limits.output,
    })
}

fn add_missing(headers: &mut Vec<(String, Word)>, name: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    if !headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
        headers.push((name.to_owned(), Word::Known(value.to_owned())));
    }
}

/// The value of a header. A line break in it would begin a header of the caller's.
fn header(expansion: &mut Expansion<'_>, name: &str, template: &Template) -> Option<Word> {
    for reference in template.references() {
        let Some(found) = expansion.find(reference) else { continue };
        if super::expand::value_text(&found.value).chars().any(|c| c.is_control() && c != '\t') {
            let problem = format!("holds a line break, which cannot stand in the header `{name}`");
            let name = found.param.name();
            expansion.refuse(&name, problem);
            return None;
        }
    }
    expansion.text(template)
}
