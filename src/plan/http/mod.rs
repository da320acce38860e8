//! Planning a call of an HTTP interface: the final URL, headers and body, all known or named.

mod body;
mod print;
mod url;

use std::time::Duration;

use crate::call::Invocation;
use crate::model::{ByteSize, HttpAction, HttpAuth, Method, Reference, StatusCodes, Template};

use super::expand::Expansion;
use super::{Facts, PlanError, Word};

pub use print::{curl_line, text_lines, to_json};

/// A request with nothing left to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpStep {
    pub method: Method,
    pub url: Word,
    pub headers: Vec<(String, Word)>,
    pub auth: Option<PlannedAuth>,
    pub body: Option<Word>,
    /// Which answers are success.
    pub success: StatusCodes,
    /// How many redirects are followed.
    pub redirects: u32,
    /// Whether the URL's own host may have an address that is not of the internet.
    pub allow_private: bool,
    pub timeout: Duration,
    /// Bytes of the answer that are read.
    pub output: ByteSize,
}

/// Who the caller says it is; printed apart from what the request says.
#[derive(Debug, Clone, PartialEq)]
pub enum PlannedAuth {
    Bearer(Word),
    Basic { username: Word, password: Word },
    Header { name: String, value: Word },
}

impl HttpStep {
    /// Every word that may have holes.
    pub fn words(&self) -> Vec<&Word> {
        let mut words = vec![&self.url];
        words.extend(self.headers.iter().map(|(_, word)| word));
        match &self.auth {
            Some(PlannedAuth::Bearer(word) | PlannedAuth::Header { value: word, .. }) => words.push(word),
            Some(PlannedAuth::Basic { username, password }) => words.extend([username, password]),
            None => {}
        }
        words.extend(&self.body);
        words
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
    let auth = auth(&mut expansion, action.auth.as_ref());
    let (body, content_type) = body::body(&mut expansion, &action.body);
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

/// `None` inside: there is none. `None` outside: a value of it is refused or absent.
fn auth(expansion: &mut Expansion<'_>, auth: Option<&HttpAuth>) -> Option<Option<PlannedAuth>> {
    let Some(auth) = auth else { return Some(None) };
    let mut needed = |name: &str, template: &Template| {
        let word = header(expansion, name, template);
        if word.is_none() {
            expansion.refuse(&subject(template), format!("is absent, and the {name} needs it"));
        }
        word
    };
    Some(Some(match auth {
        HttpAuth::Bearer(token) => PlannedAuth::Bearer(needed("bearer token", token)?),
        HttpAuth::Basic { username, password } => PlannedAuth::Basic {
            username: needed("user name", username)?,
            password: needed("password", password)?,
        },
        HttpAuth::Header { name, value } => {
            PlannedAuth::Header { name: name.clone(), value: needed("API key", value)? }
        }
    }))
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

/// The parameter that a problem with a template is about.
fn subject(template: &Template) -> String {
    let param = template.references().find_map(|reference| match reference {
        Reference::Param { name, .. } => Some(name.to_string()),
        _ => None,
    });
    param.unwrap_or_else(|| "webhook".to_owned())
}
