//! OAuth 2 by client credentials: a token that is fetched with a name and a secret of the file's.

use super::url::UrlTemplate;
use crate::model::template::Template;

#[derive(Debug, Clone, PartialEq)]
pub struct OAuth2 {
    /// Without holes.
    pub token_url: UrlTemplate,
    pub client_id: Template,
    pub client_secret: Template,
    pub scopes: Vec<String>,
    /// Whom the token is for, where the server asks.
    pub audience: Option<String>,
    pub style: ClientStyle,
}

/// How the client proves to the token endpoint who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientStyle {
    /// As user name and password of basic authentication.
    Header,
    /// As fields of the form.
    Body,
}

impl ClientStyle {
    pub const ALL: [(&str, Self); 2] = [("header", Self::Header), ("body", Self::Body)];

    pub fn word(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Body => "body",
        }
    }
}
